"""From which warehouses an order is served: pure, the same answer for the same question, whatever the order of its lines.

Each merchant's lines are served from that merchant's warehouses, by its strategy (`allocation.py`). Between equals the
nearer warehouses win, then the smaller warehouse id.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import asin, cos, radians, sin, sqrt

from models.inventory.allocation import AllocationStrategy, spread
from models.inventory.errors import SoldOut
from models.inventory.types import Allocation, Destination, Place, SkuQuantity
from models.shared.ids import MerchantId, SkuId, WarehouseId

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
    strategy: AllocationStrategy = AllocationStrategy.NEAREST
    """Of the merchant; the same on each of its shelves."""


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


def _allocate_merchant(
    merchant: MerchantId, asked: Mapping[SkuId, int], shelves: Sequence[Shelf], destination: Destination
) -> list[Allocation]:
    stock: dict[WarehouseId, dict[SkuId, int]] = defaultdict(dict)
    for shelf in shelves:
        stock[shelf.warehouse_id][shelf.sku_id] = shelf.available
    near = {shelf.warehouse_id: (nearness(shelf.place, destination), shelf.warehouse_id) for shelf in shelves}
    wanted = {sku: n for sku, n in asked.items() if any(sku in has for has in stock.values())}
    return [
        Allocation.of_valid({"warehouse_id": warehouse, "merchant_id": merchant, "sku_id": sku, "quantity": units})
        for sku, warehouse, units in spread(shelves[0].strategy, wanted, stock, sorted(stock, key=near.__getitem__))
    ]
