"""What one process remembers about hot levels. None of it decides whether stock is sold: the statements look again.

`Heat` says when a level became hot. `Board` knows for about a second where a hot SKU lies, so that a crowd needs no reading
before it takes; a choice of warehouse may be that old.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models.inventory.errors import SoldOut
from models.inventory.hot import CROWD, HOT_ORDERS, HOT_WINDOW
from models.inventory.rules import Shelf, allocate
from models.inventory.types import Allocation, Destination, Reservation
from models.shared.ids import SkuId
from stores.inventory.buckets import Level
from stores.inventory.holding import Wish

_BELIEVED = 1.0
"""Seconds until one order reads again where a hot SKU lies."""
_PLANS_KEPT = 4_096


class Heat:
    """Counts the orders that met others."""

    def __init__(self) -> None:
        self._met: dict[Level, tuple[datetime, int]] = {}

    def met(self, held: Iterable[Reservation], now: datetime) -> list[Level]:
        """The levels that became hot by these orders of one turn."""
        crowds: dict[Level, int] = defaultdict(int)
        for reservation in held:
            for part in reservation.allocations:
                crowds[part.warehouse_id, part.sku_id] += 1
        return [level for level, orders in crowds.items() if orders >= CROWD and self._add(level, orders, now)]

    def _add(self, level: Level, orders: int, now: datetime) -> bool:
        begun, before = self._met.get(level, (now, 0))
        if now - begun > HOT_WINDOW:
            begun, before = now, 0
        if before + orders >= HOT_ORDERS:
            self._met.pop(level, None)
            return True
        if len(self._met) > _PLANS_KEPT:
            self._met.clear()
        self._met[level] = (begun, before + orders)
        return False


@dataclass
class _Hot:
    shelves: Sequence[Shelf]
    read_at: float
    plans: dict[tuple[Destination, int], Shelf | None] = field(default_factory=dict)


class Board:
    """Where hot SKUs lie, as this process saw it last."""

    def __init__(self) -> None:
        self._hot: dict[SkuId, _Hot] = {}

    def learn(self, seen: Mapping[SkuId, Sequence[Shelf]], at: float) -> None:
        """What was just read; a SKU that is split nowhere is forgotten."""
        for sku_id, shelves in seen.items():
            if any(shelf.split_over for shelf in shelves):
                self._hot[sku_id] = _Hot(shelves, at)
            else:
                self._hot.pop(sku_id, None)

    def split_shelves(self, level: Level) -> Sequence[Shelf]:
        """The shelf of this level, if it is remembered as split."""
        hot = self._hot.get(level[1])
        return [s for s in hot.shelves if s.split_over and s.warehouse_id == level[0]] if hot else []

    def shelf_for(self, wish: Wish, at: float) -> Shelf | None:
        """The split shelf that serves this wish; None if it must be read afresh, wants several SKUs or is served elsewhere."""
        if not self._hot or len(wish.by_sku) > 1:
            return None
        ((sku_id, quantity),) = wish.by_sku.items()
        hot = self._hot.get(sku_id)
        if hot is None:
            return None
        if at - hot.read_at > _BELIEVED:
            hot.read_at = at  # this order reads again; the others need not wait for it
            return None
        name = (wish.destination, quantity)
        if name not in hot.plans:
            if len(hot.plans) >= _PLANS_KEPT:
                hot.plans.clear()
            hot.plans[name] = _split_shelf(wish, hot.shelves)
        return hot.plans[name]


def _split_shelf(wish: Wish, shelves: Sequence[Shelf]) -> Shelf | None:
    try:
        plan: tuple[Allocation, ...] = allocate(wish.lines, shelves, wish.destination)
    except SoldOut:
        return None  # nobody is told so from memory
    chosen = [s for s in shelves if s.split_over and s.warehouse_id == plan[0].warehouse_id]
    return chosen[0] if chosen and len(plan) == 1 else None
