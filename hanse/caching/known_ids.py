"""A Bloom filter of the ids that were given out, so that made-up ones cost neither Redis nor a reading of their own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection

from rbloom import Bloom

WalkIds = Callable[[], AsyncIterator[Collection[str]]]
"""Every id there is, page by page."""
WhichExist = Callable[[Collection[str]], Awaitable[Collection[str]]]
"""Which of these ids the database has, in one statement."""

_FALSE_ALARMS = 0.001
_LEAST = 10_000
_ROOM = 2
"""Built for twice as many as there are."""
_GATHER_SECONDS = 0.02
_BELIEVED_FOR = 3600.0
_MOST_AT_ONCE = 1_000


class KnownIds:
    """Knows surely which ids are in no database, whoever made them: another process, an import, a restored backup.

    An id that the filter has not is no verdict by itself, for the filter may be older than the id. It is asked for: all such ids
    of `_GATHER_SECONDS` together in one statement that begins after they were asked for, so a flood of made-up ids costs at most
    fifty small statements a second, and "unknown" is always what the database says. One that turns out to exist goes in.
    The filter builds itself at the first question and again when it is full or an hour old.
    """

    def __init__(self, walk: WalkIds, which_exist: WhichExist) -> None:
        self._walk = walk
        self._which_exist = which_exist
        self._filter: Bloom | None = None
        self._room = 0
        self._built_at = 0.0
        self._building: asyncio.Task[None] | None = None
        self._asked: dict[str, asyncio.Future[bool]] = {}
        self._answering: asyncio.Task[None] | None = None

    async def build(self) -> None:
        """Read every id. Nobody waits for it but who called: until it is there, every id may exist."""
        ids: list[str] = []
        async for page in self._walk():
            ids.extend(page)
        room = max(_LEAST, len(ids) * _ROOM)
        fresh = Bloom(room, _FALSE_ALARMS)
        fresh.update(ids)
        self._filter, self._room = fresh, room - len(ids)
        self._built_at = asyncio.get_running_loop().time()

    async def exists(self, ident: str) -> bool:
        """False: at some moment of this call the database had no such id. True: it may have."""
        self._build_if_due()
        if self._filter is None or ident in self._filter:
            return True
        asked = self._asked.get(ident)
        if asked is None:
            asked = self._asked[ident] = asyncio.get_running_loop().create_future()
            if self._answering is None or self._answering.done():
                self._answering = asyncio.create_task(self._answer())
        return await asyncio.shield(asked)

    def _build_if_due(self) -> None:
        due = self._filter is None or self._room <= 0
        due = due or asyncio.get_running_loop().time() - self._built_at > _BELIEVED_FOR
        if due and (self._building is None or self._building.done()):
            self._building = asyncio.create_task(self.build())
            self._building.add_done_callback(_heard)

    async def _answer(self) -> None:
        while self._asked:
            await asyncio.sleep(_GATHER_SECONDS)
            batch = dict(list(self._asked.items())[:_MOST_AT_ONCE])
            for ident in batch:
                del self._asked[ident]
            try:
                there = set(await self._which_exist(list(batch)))
            except Exception:  # nobody knows: whoever asked goes on to the database and hears its fault there
                there = set(batch)
            else:
                self._take_in(there)
            for ident, asked in batch.items():
                if not asked.done():
                    asked.set_result(ident in there)

    def _take_in(self, ids: Collection[str]) -> None:
        if self._filter is not None:
            self._filter.update(ids)
            self._room -= len(ids)


def _heard(building: "asyncio.Task[None]") -> None:
    """A build that failed is tried again at the next question; until then every id may exist."""
    if not building.cancelled():
        building.exception()
