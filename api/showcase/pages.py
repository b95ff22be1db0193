"""The pages of single products, at hand in this process and kept in step with what changes elsewhere.

A page that was looked at lately stays: its stock is read anew before it is too old, together with that of all others that are due,
and whether the rest of it changed is one question about all of them. So a read of a product at hand costs no server anything, and a
thousand products that are looked at cost about ten small statements a second, however often they are looked at.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from api.showcase.shown import ShownPage, copy_of, stock_of
from hanse.caching import Loaded, ReadThrough
from models.products.showing import ShownProduct
from models.shared.ids import SpuId
from models.shared.time import Clock
from stores.inventory import InventoryStore
from stores.products import ProductStore
from stores.products.copies import PRODUCT

_log = logging.getLogger(__name__)
NEAR_SECONDS: Final = 1.5
"""So long an answer is shown from this process: another process's change is seen, and stock is old, no longer."""
_EVERY: Final = 1.0
"""Seconds between two goes in which all that was looked at lately is brought in step: a while before its time is over, and all
together, for a statement costs more than the stock of a product more."""
_SOON: Final = 0.5
"""Seconds before its time is over that a copy is made anew, so that nobody waits for it."""
_LATELY: Final = 30.0
"""Seconds after somebody looked at it that a page is brought in step before the next one looks. After that the next waits until its stock
is read, which costs about as much as thirty such goes."""
_MOST: Final = 2_000
_TOGETHER: Final = 100
"""So many are read at once when nobody waits for others: some milliseconds, in which nobody else is answered."""


class ProductPages:
    """Built once per process. One reading goes on at a time; who asks meanwhile is read with the next, all together: the busier
    the shop, the less one costs."""

    def __init__(self, products: ProductStore, inventory: InventoryStore, through: ReadThrough, clock: Clock) -> None:
        self._products, self._inventory = products, inventory
        self._through = through
        self._clock = clock
        self._pages: dict[str, ShownPage] = {}
        self._wanted: dict[SpuId, asyncio.Future[ShownPage | None]] = {}
        self._reading: asyncio.Task[None] | None = None
        self._all_in_step_at = 0.0
        self._known_to = 0
        """Changes elsewhere are followed up to here."""
        self._turn = 0
        """Changes made here. What was begun before one is not kept after it."""

    def held(self, spu_id: str) -> ShownPage | None:
        """The page, if this process has it, however old it is; None for any other text, too."""
        return self._pages.get(spu_id)

    def note(self, page: ShownPage) -> None:
        """It was looked at."""
        page.asked_at = asyncio.get_running_loop().time()
        if page.asked_at - self._all_in_step_at > _EVERY:
            self._begin()

    async def page(self, spu_id: SpuId) -> ShownPage | None:
        """The page of a published product; None if there is none."""
        wanted = self._wanted.get(spu_id)
        if wanted is None:
            wanted = self._wanted[spu_id] = asyncio.get_running_loop().create_future()
            self._begin()
        return await asyncio.shield(wanted)

    async def read(self, spu_ids: Collection[SpuId]) -> None:
        """Have these at hand."""
        await asyncio.gather(*map(self.page, spu_ids))

    def forget(self) -> None:
        """Something changed in this process: the next answers are read after it."""
        self._turn += 1
        self._pages.clear()

    def _begin(self) -> None:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        due = self._due()
        while self._wanted or due:
            wanted, self._wanted = self._wanted, {}
            room = max(0, _TOGETHER - len(wanted))
            ahead, due = due[:room], due[room:]
            try:
                pages = await self._in_step({*wanted, *ahead})
            except Exception as fault:
                due.clear()  # who asks for one of them next hears of it
                _log.info("products could not be read: %r", fault)
                for asked in wanted.values():
                    asked.set_exception(fault)
                    asked.exception()  # told to whoever waits; perhaps everybody went away
                continue
            moment = asyncio.get_running_loop().time()
            for spu_id, asked in wanted.items():
                page = pages.get(spu_id)
                if page is not None:
                    page.asked_at = moment
                asked.set_result(page)

    def _due(self) -> list[SpuId]:
        """The pages that were looked at lately, if it is time."""
        moment = asyncio.get_running_loop().time()
        if moment - self._all_in_step_at < _EVERY:
            return []
        self._all_in_step_at = moment
        return [page.spu_id for page in self._pages.values() if moment - page.asked_at < _LATELY]

    async def _in_step(self, spu_ids: Collection[SpuId]) -> dict[SpuId, ShownPage]:
        """These products' pages as they are now; unknown ones are absent."""
        turn, moment = self._turn, asyncio.get_running_loop().time()
        asked = {name: page.asked_at for name in spu_ids if (page := self._pages.get(name))}
        await self._follow_changes()
        held = {name: page for name in spu_ids if (page := self._pages.get(name)) and page.holds_until > moment}
        pages = held | await self._from_copies([name for name in spu_ids if name not in held])
        sellable = await self._inventory.sellable(
            [sku for page in pages.values() for sku in page.sku_ids], self._clock()
        )
        for name, page in pages.items():
            anew = pages[name] = page.with_stock([stock_of(sellable[sku]) for sku in page.sku_ids])
            anew.until, anew.asked_at = (
                min(moment + NEAR_SECONDS, anew.holds_until),
                max(page.asked_at, asked.get(name, 0.0)),
            )
        if turn == self._turn:
            self._keep(spu_ids, pages)
        return pages

    def _keep(self, asked: Collection[SpuId], pages: Mapping[SpuId, ShownPage]) -> None:
        for spu_id in asked:
            self._pages.pop(spu_id, None)
            if spu_id in pages:
                self._pages[spu_id] = pages[spu_id]
        while len(self._pages) > _MOST:
            del self._pages[next(iter(self._pages))]

    async def _follow_changes(self) -> None:
        """Drop what was changed by anybody since this was asked last."""
        self._known_to, changed = await self._through.changes(PRODUCT, self._known_to)
        if changed is None:
            self._pages.clear()
        for spu_id in changed or ():
            self._pages.pop(spu_id, None)

    async def _from_copies(self, spu_ids: Sequence[SpuId]) -> dict[SpuId, ShownPage]:
        if not spu_ids:
            return {}
        copies = await self._through.many(PRODUCT, spu_ids, self._load, ahead=_SOON)
        moment = asyncio.get_running_loop().time()
        pages = {}
        for name, copy in copies.items():
            if copy.body is not None:
                page = pages[SpuId(name)] = ShownPage.of(SpuId(name), copy.body)
                # Of a stale one there will be a new one in a moment.
                page.holds_until = moment + (copy.fresh_for or 0.05)
        return pages

    async def _load(self, wanted: Collection[str]) -> Mapping[str, Loaded]:
        now: datetime = self._clock()
        found = await self._products.showing([SpuId(spu_id) for spu_id in wanted], now)
        return {
            spu_id: Loaded(
                copy_of(ShownProduct.of(showing.product, {})) if showing.product else None,
                showing.until - now if showing.until else None,
            )
            for spu_id, showing in found.items()
        }
