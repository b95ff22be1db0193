"""How one merchant's part of an order is spread over its warehouses: pure, one function for each strategy.

All of them serve everything that is wanted, never more than a warehouse has, and answer the same for the same question. Of
equals the nearer warehouses win. Which one a merchant uses is an operator's choice; `nearest` unless someone chose.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from itertools import combinations
from math import comb

from models.shared import Frozen, Instant
from models.shared.ids import MerchantId, SkuId, WarehouseId

MAX_COMBINATIONS = 2_000
"""How many sets of warehouses are looked at for the fewest parcels before the fullest are taken one by one instead: a set
cover grows exponentially, and a shop with so many half-empty warehouses is better served by a quick answer."""

Wanted = Mapping[SkuId, int]
Stock = Mapping[WarehouseId, Mapping[SkuId, int]]
Part = tuple[SkuId, WarehouseId, int]


class AllocationStrategy(StrEnum):
    """How a merchant's lines are spread over its warehouses.

    `nearest`: by the nearest warehouse that has all of them; where none has, by the fewest parcels, the nearest of those
    sets. `fewest_parcels`: by the fewest parcels, and of those sets by the one that splits lines least; only then by
    nearness. `split_by_nearest`: each line from the nearest warehouse that has any of it, then from the next.
    """

    NEAREST = "nearest"
    FEWEST_PARCELS = "fewest_parcels"
    SPLIT_BY_NEAREST = "split_by_nearest"


class MerchantAllocation(Frozen):
    """The strategy of one merchant. Version 0 means that nobody chose yet."""

    merchant_id: MerchantId
    strategy: AllocationStrategy = AllocationStrategy.NEAREST
    version: int = 0
    changed_at: Instant | None = None
    changed_by: str | None = None


def spread(
    strategy: AllocationStrategy, wanted: Wanted, stock: Stock, nearest_first: Sequence[WarehouseId]
) -> list[Part]:
    """Which warehouse serves how much of what; the stock together must have everything that is wanted."""
    return _STRATEGIES[strategy](wanted, stock, nearest_first)


def _nearest(wanted: Wanted, stock: Stock, nearest_first: Sequence[WarehouseId]) -> list[Part]:
    return _from(_smallest_sets(wanted, stock, nearest_first)[0], wanted, stock)


def _fewest_parcels(wanted: Wanted, stock: Stock, nearest_first: Sequence[WarehouseId]) -> list[Part]:
    sets = [_from(chosen, wanted, stock) for chosen in _smallest_sets(wanted, stock, nearest_first)]
    return min(sets, key=len)  # the first of equals: sets come nearest first, and a part more is a line split


def _split_by_nearest(wanted: Wanted, stock: Stock, nearest_first: Sequence[WarehouseId]) -> list[Part]:
    return [part for sku, units in wanted.items() for part in _outwards(sku, units, stock, nearest_first)]


_STRATEGIES: dict[AllocationStrategy, Callable[[Wanted, Stock, Sequence[WarehouseId]], list[Part]]] = {
    AllocationStrategy.NEAREST: _nearest,
    AllocationStrategy.FEWEST_PARCELS: _fewest_parcels,
    AllocationStrategy.SPLIT_BY_NEAREST: _split_by_nearest,
}


def _smallest_sets(wanted: Wanted, stock: Stock, nearest_first: Sequence[WarehouseId]) -> list[tuple[WarehouseId, ...]]:
    """Every smallest set of warehouses that together has everything wanted, nearest first; at least one."""
    looked_at = 0
    for parcels in range(1, len(nearest_first) + 1):
        looked_at += comb(len(nearest_first), parcels)
        if looked_at > MAX_COMBINATIONS and parcels > 1:
            break
        enough = [
            chosen
            for chosen in combinations(nearest_first, parcels)
            if all(sum(stock[w].get(sku, 0) for w in chosen) >= n for sku, n in wanted.items())
        ]
        if enough:
            return enough
    return [_fullest_first(wanted, stock, nearest_first)]


def _fullest_first(wanted: Wanted, stock: Stock, nearest_first: Sequence[WarehouseId]) -> tuple[WarehouseId, ...]:
    """Take the warehouse that adds most, again and again; the nearest of equals. Few parcels, not always the fewest."""
    open_units = dict(wanted)
    waiting, chosen = list(nearest_first), []
    while any(open_units.values()):
        best = max(waiting, key=lambda w: sum(min(stock[w].get(sku, 0), n) for sku, n in open_units.items()))
        waiting.remove(best)
        chosen.append(best)
        open_units = {sku: n - min(stock[best].get(sku, 0), n) for sku, n in open_units.items()}
    return tuple(sorted(chosen, key=nearest_first.index))


def _from(chosen: Sequence[WarehouseId], wanted: Wanted, stock: Stock) -> list[Part]:
    """Each line whole from the nearest of the chosen warehouses that has it all, else spread over them, nearest first."""
    parts: list[Part] = []
    for sku, units in wanted.items():
        whole = next((warehouse for warehouse in chosen if stock[warehouse].get(sku, 0) >= units), None)
        parts += [(sku, whole, units)] if whole is not None else _outwards(sku, units, stock, chosen)
    return parts


def _outwards(sku: SkuId, units: int, stock: Stock, nearest_first: Sequence[WarehouseId]) -> list[Part]:
    """One line from the nearest warehouse that has any of it, then from the next."""
    parts = []
    for warehouse in nearest_first:
        taken = min(stock[warehouse].get(sku, 0), units)
        if taken:
            parts.append((sku, warehouse, taken))
            units -= taken
    return parts
