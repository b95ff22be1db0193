"""Orders for one hot level: turns of their own, each one statement on one bucket.

A process learns that a level is split when it reads it for any order, splits one itself when crowds come for it (`heat.py`)
and merges it when an order comes alone long after the last crowd. What no bucket can serve is served from all of them together.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from prometheus_client import Counter

from hanse.database import Database
from models.inventory.hot import CALM_AFTER, CROWD, MIN_SHARE, ROWS
from models.inventory.rules import Shelf
from models.inventory.types import Reservation
from models.shared.ids import MerchantId, OrderId
from stores.inventory.buckets import Level
from stores.inventory.crowd_holding import take_from_bucket
from stores.inventory.heat import Board, Heat
from stores.inventory.holding import Tried, Wish, hold_locked
from stores.inventory.splitting import Splitting
from stores.inventory.turns import Turns

_AT_ONCE = 2
"""Turns of one level at a time: each has a bucket to itself, so that one works while the other waits for the disk."""
_BUSY_NOTED = timedelta(seconds=20)

_served = Counter("hanse_hot_orders", "Orders for split stock by the rows that served them", ["served_from"])


class HotReserving(Splitting):
    """The hot side of reserving; `Reserving` decides what comes here."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._heat = Heat()
        self._board = Board()
        self._hot_turns: dict[Level, Turns] = {}
        self._noted: dict[Level, datetime] = {}

    async def _hot_turn(self, wish: Wish) -> Reservation | None:
        """None for an order that no split level serves, or that must be served by itself."""
        shelf = self._board.shelf_for(wish, _moment())
        if shelf is None:
            return None
        level = shelf.warehouse_id, shelf.sku_id
        if level not in self._hot_turns:
            self._hot_turns[level] = Turns(partial(self._serve_hot, level, shelf.merchant_id), _AT_ONCE)
        return await self._hot_turns[level].ask(wish)

    async def _serve_hot(
        self, level: Level, merchant_id: MerchantId, crowd: Sequence[Wish]
    ) -> Mapping[OrderId, Reservation]:
        held: dict[OrderId, Reservation] = {}
        waiting = crowd
        async with self._db.reader() as connection:
            while waiting:
                taken = await take_from_bucket(connection, level, merchant_id, waiting)
                if not taken.held and not taken.known:
                    break
                held |= taken.held
                waiting = [w for w in waiting if w.order_id not in taken.held and w.order_id not in taken.known]
        _served.labels("bucket").inc(len(held))
        if waiting:
            held |= await self._serve_gathered(waiting)
        await self._keep_or_merge(self._board.split_shelves(level), len(crowd), crowd[0].now)
        return held

    async def _serve_gathered(self, crowd: Sequence[Wish]) -> Mapping[OrderId, Reservation]:
        """Nothing is stranded in a bucket: no single one had enough, all together may."""
        async with self._db.transaction() as connection:
            tried = await hold_locked(connection, crowd)
        self._learn(tried)
        _served.labels("all_rows").inc(len(tried.held))
        return tried.held

    async def _notice(self, tried: Tried, orders: int, now: datetime) -> None:
        """After a turn of all levels: remember what is split, split what became hot, merge what cooled."""
        self._learn(tried)
        seen = {(shelf.warehouse_id, shelf.sku_id): shelf for shelves in tried.seen.values() for shelf in shelves}
        for level in self._heat.met(tried.held.values(), now):
            if seen[level].available >= MIN_SHARE * (ROWS + 1):
                await self._split_if_hot(*level, now)
        if orders == 1:
            await self._keep_or_merge(seen.values(), orders, now)

    async def _keep_or_merge(self, shelves: Iterable[Shelf], orders: int, now: datetime) -> None:
        for shelf in shelves:
            if shelf.busy_at is None:
                continue
            level = shelf.warehouse_id, shelf.sku_id
            quiet = now - max(shelf.busy_at, self._noted.get(level, shelf.busy_at))
            if orders >= CROWD and quiet > _BUSY_NOTED:
                self._noted[level] = now
                await self._note_busy(*level, now)
            elif orders == 1 and quiet > CALM_AFTER:
                await self._merge_if_calm(*level, now)

    def _learn(self, tried: Tried) -> None:
        self._board.learn(tried.seen, _moment())


def _moment() -> float:
    return asyncio.get_running_loop().time()
