"""From which warehouses an order is served: pure, the same answer for the same question, whatever the order of its lines.

Each merchant's lines are served from that merchant's warehouses: by the nearest one that has all of them, else by the
fewest parcels, and a single line is spread over warehouses only where that saves a parcel or nothing else is possible.
Between equals the nearer warehouses win, then the smaller warehouse id.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from math import asin, comb, cos, radians, sin, sqrt

from models.inventory.errors import SoldOut
from models.inventory.types import Allocation, Destination, Place, SkuQuantity
from models.shared.ids import MerchantId, SkuId, WarehouseId

MAX_COMBINATIONS = 2_000
"""How many sets of warehouses are looked at for the fewest parcels before the fullest are taken one by one instead: a set
cover grows exponentially, and a shop with so many half-empty warehouses is better served by a quick answer."""

_EARTH_KM = 6371.0
_UNKNOWN_KM = 1e6


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one warehouse can still sell of one SKU."""

    warehouse_id: WarehouseId
    merchant_id: MerchantId
    sku_id: SkuId
    available: int
    place: Place
    split_over: int = 0
    """Over how many rows it is split; 0 for nearly every shelf."""
    busy_at: datetime | None = None
    """When a crowd was last seen there, if it split by itself."""


Nearness = tuple[int, float]
"""Smaller is nearer: first same city, same region, same country, abroad; then kilometres where both are known."""


def nearness(place: Place, destination: Place) -> Nearness:
    """How near a place is to a destination. A city counts as the same only in the same region and country."""
    same = [
        bool(here) and here.strip().casefold() == there.strip().casefold()
        for here, there in (
            (place.country, destination.country),
            (place.region, destination.region),
            (place.city, destination.city),
        )
    ]
    return 3 - (same.index(False) if False in same else 3), _kilometres(place, destination)


def _kilometres(here: Place, there: Place) -> float:
    """Great-circle distance (haversine); very far if a coordinate is missing."""
    if None in (here.latitude, here.longitude, there.latitude, there.longitude):
        return _UNKNOWN_KM
    phi1, phi2, lambda1, lambda2 = (
        radians(float(degrees or 0)) for degrees in (here.latitude, there.latitude, here.longitude, there.longitude)
    )
    chord = sin((phi2 - phi1) / 2) ** 2 + cos(phi1) * cos(phi2) * sin((lambda2 - lambda1) / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(chord)))


def crosses_low(before: int, after: int, low_at: int) -> bool:
    """Whether a change of what is available goes from above the threshold to it or below: one alert a crossing."""
    return before > low_at >= after


def total_by_sku(lines: Iterable[SkuQuantity]) -> dict[SkuId, int]:
    """How much is asked of each SKU, in the order of SKU ids; lines of one SKU are added up."""
    totals: dict[SkuId, int] = defaultdict(int)
    for line in lines:
        totals[line.sku_id] += line.quantity
    return dict(sorted(totals.items()))


def allocate(
    lines: Sequence[SkuQuantity], shelves: Sequence[Shelf], destination: Destination
) -> tuple[Allocation, ...]:
    """Serve all lines from the shelves, in lock order (warehouse, SKU); `SoldOut` names each line that does not fit."""
    asked = total_by_sku(lines)
    left: dict[SkuId, int] = dict.fromkeys(asked, 0)
    shelves_of: dict[MerchantId, list[Shelf]] = defaultdict(list)
    for shelf in shelves:
        if shelf.sku_id in asked and shelf.available > 0:
            left[shelf.sku_id] += shelf.available
            shelves_of[shelf.merchant_id].append(shelf)
    short = [(sku, n, left[sku]) for sku, n in asked.items() if left[sku] < n]
    if short:
        raise SoldOut.short(short)
    served = [
        allocation
        for merchant, theirs in sorted(shelves_of.items())
        for allocation in _allocate_merchant(merchant, asked, theirs, destination)
    ]
    return tuple(sorted(served, key=lambda a: (a.warehouse_id, a.sku_id)))


_Stock = dict[WarehouseId, dict[SkuId, int]]


def _allocate_merchant(
    merchant: MerchantId, asked: Mapping[SkuId, int], shelves: Sequence[Shelf], destination: Destination
) -> list[Allocation]:
    stock: _Stock = defaultdict(dict)
    for shelf in shelves:
        stock[shelf.warehouse_id][shelf.sku_id] = shelf.available
    near = {shelf.warehouse_id: (nearness(shelf.place, destination), shelf.warehouse_id) for shelf in shelves}
    nearest_first = sorted(stock, key=near.__getitem__)
    wanted = {sku: n for sku, n in asked.items() if any(sku in has for has in stock.values())}
    chosen = _fewest_parcels(wanted, stock, nearest_first)
    return [
        Allocation(warehouse_id=warehouse, merchant_id=merchant, sku_id=sku, quantity=units)
        for sku, quantity in wanted.items()
        for warehouse, units in _spread(sku, quantity, stock, chosen)
    ]


def _fewest_parcels(
    wanted: Mapping[SkuId, int], stock: _Stock, nearest_first: Sequence[WarehouseId]
) -> list[WarehouseId]:
    """The smallest, then nearest, set of warehouses that together has everything wanted."""
    looked_at = 0
    for parcels in range(1, len(nearest_first) + 1):
        looked_at += comb(len(nearest_first), parcels)
        if looked_at > MAX_COMBINATIONS and parcels > 1:
            break
        for chosen in combinations(nearest_first, parcels):
            if all(sum(stock[w].get(sku, 0) for w in chosen) >= n for sku, n in wanted.items()):
                return list(chosen)
    return _fullest_first(wanted, stock, nearest_first)


def _fullest_first(
    wanted: Mapping[SkuId, int], stock: _Stock, nearest_first: Sequence[WarehouseId]
) -> list[WarehouseId]:
    """Take the warehouse that adds most, again and again; the nearest of equals. Few parcels, not always the fewest."""
    open_units = dict(wanted)
    waiting, chosen = list(nearest_first), []
    while any(open_units.values()):
        best = max(waiting, key=lambda w: sum(min(stock[w].get(sku, 0), n) for sku, n in open_units.items()))
        waiting.remove(best)
        chosen.append(best)
        open_units = {sku: n - min(stock[best].get(sku, 0), n) for sku, n in open_units.items()}
    return sorted(chosen, key=nearest_first.index)


def _spread(
    sku: SkuId, quantity: int, stock: _Stock, nearest_first: Sequence[WarehouseId]
) -> list[tuple[WarehouseId, int]]:
    """One line over the chosen warehouses: whole from the nearest that has it all, else spread, nearest first."""
    for warehouse in nearest_first:
        if stock[warehouse].get(sku, 0) >= quantity:
            return [(warehouse, quantity)]
    parts = []
    for warehouse in nearest_first:
        units = min(stock[warehouse].get(sku, 0), quantity)
        if units:
            parts.append((warehouse, units))
            quantity -= units
    return parts
