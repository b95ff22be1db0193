"""An import of many products that index and listeners follow, in bounded memory and whatever dies on the way."""

import asyncio
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from activities.following import Following
from models.products.types import CatalogueChange
from models.search.messages import MAX_PRODUCTS, Scope
from models.shared.ids import SpuId

_PATIENCE = timedelta(seconds=60)
"""How long a batch may take. An import that says nothing for longer counts as dead, and all that it touched is followed."""


class FollowedImport:
    """One import, announced before its first batch; each batch is followed while the next one is read and written.

        async with FollowedImport(following, now) as followed:
            async for done in bulk.import_lines(lines, now=now, …):
                await followed.batch(done.changes)

    `waits` says whether it holds the import back until the batch before is followed, so that nothing piles up.
    """

    def __init__(self, following: Following, at: datetime, *, waits: bool = True) -> None:
        self._following = following
        self._scope = Scope(touched_since=at)
        self._key = secrets.token_hex(8)
        self._waits = waits
        self._before: asyncio.Task[None] | None = None
        self.products = 0
        """How many products were given to be followed."""

    async def __aenter__(self) -> Self:
        await self._announce()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is not None:  # what was done is followed by the process that was announced
            if self._before is not None:
                self._before.cancel()
            return
        await self._one_before()
        await self._following.ended(self._scope, self._key, changed=False)

    async def batch(self, changes: Iterable[CatalogueChange]) -> None:
        """These changes are in the database."""
        await self._one_before()
        touched = sorted({change.spu_id for change in changes})
        self.products += len(touched)
        await self._announce()
        if touched:
            self._before = asyncio.create_task(self._follow(touched))

    async def _announce(self) -> None:
        await self._following.announce(self._scope, self._key, patience=_PATIENCE)

    async def _follow(self, touched: list[SpuId]) -> None:
        for start in range(0, len(touched), MAX_PRODUCTS):
            scope = Scope(products=tuple(touched[start : start + MAX_PRODUCTS]))
            await (self._following.follow_and_wait(scope) if self._waits else self._following.follow(scope))

    async def _one_before(self) -> None:
        if self._before is not None:
            await self._before
            self._before = None
