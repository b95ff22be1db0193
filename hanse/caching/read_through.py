"""Reads through Redis: a copy if there is one, else the database, asked by one reader for all."""

import asyncio
import logging
import random
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import Counter
from redis.asyncio import Redis

from hanse.caching.breaker import Breaker, Resting
from hanse.caching.scripts import CHANGES, FORGET, KEEP, READ

_log = logging.getLogger(__name__)
reads = Counter("hanse_cache_reads", "Reads of cached things by how they were answered", ["kind", "outcome"])
"""Outcomes: `near` (this process), `hit`, `stale` (while another reads), `miss` (read from the database), `negative`, `waited`
(joined a reading that went on), `unknown` (the Bloom filter), `bypassed` (Redis away)."""

_LEASE = timedelta(seconds=3)
"""Longer than a reading takes; a reader that died holds the others up for no longer."""
_FIRST_LOOK, _LONGEST_LOOK = 0.01, 0.1
"""Seconds between two looks for a copy that another process reads."""
_SPREAD = 0.25
"""A copy's time is shortened by up to this part, by chance, so that copies made together do not end together."""
_MOST_OWED = 1_000
_LOG = "cache:changes"
_MOST_LOGGED = 1_000
"""Changes that a process may miss between two looks; beyond that it takes everything for changed."""


@dataclass(frozen=True)
class Kind:
    """Things that are cached alike."""

    name: str
    epoch: str
    """Kinds with one epoch are forgotten together."""
    fresh: timedelta
    """So long a copy is shown without a question, at most."""
    stale: timedelta = timedelta(0)
    """So much longer it is shown while one reader asks the database."""


@dataclass(frozen=True)
class Loaded:
    """What the database says; `body` None: there is no such thing. `holds_for`: it is known to change then."""

    body: bytes | None
    holds_for: timedelta | None = None


@dataclass(frozen=True)
class Copy:
    """What is known of one thing. `fresh_for` seconds it may be shown again without asking: 0 when it is stale."""

    body: bytes | None
    fresh_for: float


Load = Callable[[Collection[str]], Awaitable[Mapping[str, Loaded]]]
"""Reads these ids from the database, all at once; one that is absent from the answer is unknown."""


class ReadThrough:
    """Copies of one Redis. Never wrong, only old: a fault of Redis means asking the database."""

    def __init__(self, redis: Redis, breaker: Breaker | None = None) -> None:
        self._read, self._keep = redis.register_script(READ), redis.register_script(KEEP)
        self._delete, self._changes = redis.register_script(FORGET), redis.register_script(CHANGES)
        self._breaker = breaker or Breaker()
        self._flights: dict[str, asyncio.Task[dict[str, Copy]]] = {}
        self._owed: set[str] = set()
        """Keys that were to be forgotten while Redis was silent: nothing of it is believed before they are."""

    async def one(self, kind: Kind, ident: str, load: Load) -> Copy:
        """One thing; see `many`."""
        return (await self.many(kind, [ident], load))[ident]

    async def many(self, kind: Kind, idents: Collection[str], load: Load, *, ahead: float = 0.0) -> dict[str, Copy]:
        """These things; what is fresh for less than `ahead` seconds is read anew already.

        Of all readers in all processes that miss a thing at once, one loads it; the others show the stale copy if there is one,
        else wait for it.

        Faults of `load` are everybody's who waits for it in this process. Somebody who goes away takes nobody else down.
        """
        joined = {ident: flight for ident in idents if (flight := self._flights.get(_key(kind, ident))) is not None}
        own = [ident for ident in idents if ident not in joined]
        if joined:
            reads.labels(kind.name, "waited").inc(len(joined))
        if own:
            flight = asyncio.create_task(self._fetch(kind, own, load, ahead))
            keys = [_key(kind, ident) for ident in own]
            self._flights.update(dict.fromkeys(keys, flight))
            flight.add_done_callback(self._landed(keys))
            joined.update(dict.fromkeys(own, flight))
        await asyncio.wait(set(joined.values()))
        return {ident: joined[ident].result()[ident] for ident in idents}

    async def forget(
        self, kinds: Iterable[Kind] = (), idents: Collection[str] = (), *, epochs: Iterable[str] = ()
    ) -> bool:
        """From now on nobody finds the copies of these things, of each of these kinds, nor any copy of the kinds with these
        epochs, nor what is being read for them now.

        False when Redis was silent: this process then believes nothing of Redis before it has caught up; that others do not show
        the old copy until its time is over, the caller makes sure by calling again.
        """
        keys = [key for kind in kinds for ident in idents for key in _pair(kind, ident)] + [
            _epoch(epoch) for epoch in epochs
        ]
        self._flights.clear()  # what began before may have read what was; nobody joins it any more
        self._owed.update(keys)
        return await self._settle()

    async def changes(self, kind: Kind, known_to: int) -> tuple[int, Collection[str] | None]:
        """Of which things of this kind a copy was forgotten, by anybody, after what this answered last (0 at first); and up to when
        that is known now. None: of any of them, for all that is known. Then this process knows nothing (0) if Redis is silent."""
        try:
            if self._owed and not await self._settle():
                return 0, None
            async with self._breaker.ask():
                answer = await self._changes(keys=[_LOG], args=[known_to])
        except Resting:
            return 0, None
        now_known, complete = int(answer[0]), bool(answer[1])
        keys = {key.decode() for key in answer[2]} if complete else set()
        if not complete or _epoch(kind.epoch) in keys:
            return now_known, None
        start = _key(kind, "")
        return now_known, [key[len(start) :] for key in keys if key.startswith(start)]

    async def _forget(self, keys: list[str]) -> None:
        await self._delete(keys=[_LOG, *keys], args=[_MOST_LOGGED])

    def _landed(self, keys: list[str]) -> Callable[["asyncio.Task[dict[str, Copy]]"], None]:
        def landed(flight: "asyncio.Task[dict[str, Copy]]") -> None:
            for key in keys:
                if self._flights.get(key) is flight:
                    del self._flights[key]
            if not flight.cancelled():
                flight.exception()  # told to whoever waits; perhaps everybody went away

        return landed

    async def _settle(self) -> bool:
        owed = list(self._owed)
        if not owed:
            return True
        try:
            async with self._breaker.ask():
                await self._forget(keys=owed)
        except Resting:
            if len(owed) > _MOST_OWED:
                _log.warning("Redis is silent and %s copies are to be forgotten", len(owed))
            return False
        self._owed.difference_update(owed)
        return True

    async def _fetch(self, kind: Kind, idents: list[str], load: Load, ahead: float) -> dict[str, Copy]:
        """From Redis what is there; from the database what we have the lease for; the rest is waited for."""
        found: dict[str, Copy] = {}
        wanted, pause = idents, _FIRST_LOOK
        patience = asyncio.get_running_loop().time() + _LEASE.total_seconds()
        token = secrets.token_hex(8)
        while wanted:
            try:
                epoch, copies, leased = await self._look(kind, wanted, token, ahead)
            except Resting:
                return found | await self._from_database(kind, wanted, load, "bypassed")
            found |= copies
            if leased:
                found |= await self._load_and_keep(kind, leased, load, token, epoch)
            wanted = [ident for ident in wanted if ident not in found]
            if wanted and asyncio.get_running_loop().time() > patience:
                return found | await self._from_database(kind, wanted, load, "miss")
            if wanted:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_LOOK)
        return found

    async def _look(
        self, kind: Kind, idents: list[str], token: str, ahead: float
    ) -> tuple[bytes, dict[str, Copy], list[str]]:
        """The epoch, the copies that may be shown, and what is ours to read."""
        if self._owed and not await self._settle():
            raise Resting
        keys = [_epoch(kind.epoch), *(key for ident in idents for key in _pair(kind, ident))]
        async with self._breaker.ask():
            answer = await self._read(keys=keys, args=[token, int(_LEASE.total_seconds() * 1000), int(ahead * 1000)])
        copies: dict[str, Copy] = {}
        leased = []
        outcomes = dict.fromkeys(("hit", "stale", "negative"), 0)
        for ident, told in zip(idents, answer[1:], strict=True):
            ours, left, copy = told.split(b" ", 2)
            if ours == b"1":
                leased.append(ident)
            elif copy:
                body = copy.split(b" ", 2)[2] or None
                copies[ident] = Copy(body, int(left) / 1000)
                outcomes["stale" if left == b"0" else "negative" if body is None else "hit"] += 1
        for outcome, times in outcomes.items():
            if times:
                reads.labels(kind.name, outcome).inc(times)
        return answer[0], copies, leased

    async def _load_and_keep(
        self, kind: Kind, idents: list[str], load: Load, token: str, epoch: bytes
    ) -> dict[str, Copy]:
        try:
            loaded = await load(idents)
        except BaseException:
            with suppress(Resting):
                async with self._breaker.ask():
                    await self._forget(keys=[_pair(kind, ident)[1] for ident in idents])
            raise
        reads.labels(kind.name, "miss").inc(len(idents))
        keys: list[str] = []
        args: list[str | bytes | int] = [token, epoch]
        copies = {}
        for ident in idents:
            one = loaded.get(ident, Loaded(None))
            fresh, usable = _times(kind, one)
            copies[ident] = Copy(one.body, fresh)
            if usable >= 0.001:
                keys += _pair(kind, ident)
                args += [int(fresh * 1000), int(usable * 1000), one.body or b""]
        try:
            if keys:
                async with self._breaker.ask():
                    await self._keep(keys=keys, args=args)
        except Resting:
            _log.info("Redis fell silent; %s are not kept", kind.name)
        return copies

    async def _from_database(self, kind: Kind, idents: list[str], load: Load, outcome: str) -> dict[str, Copy]:
        loaded = await load(idents)
        reads.labels(kind.name, outcome).inc(len(idents))
        return {
            ident: Copy(one.body, _times(kind, one)[0]) for ident in idents for one in [loaded.get(ident, Loaded(None))]
        }


def _times(kind: Kind, loaded: Loaded) -> tuple[float, float]:
    """How many seconds it is fresh, and how many it may be used at all: never beyond a change that is known to come."""
    fresh = kind.fresh.total_seconds() * (1 - random.random() * _SPREAD)
    usable = fresh + kind.stale.total_seconds()
    if loaded.holds_for is None:
        return fresh, usable
    most = max(0.0, loaded.holds_for.total_seconds())
    return min(fresh, most), min(usable, most)


def _key(kind: Kind, ident: str) -> str:
    return f"cache:{kind.name}:{ident}"


def _pair(kind: Kind, ident: str) -> tuple[str, str]:
    return _key(kind, ident), f"lease:{kind.name}:{ident}"


def _epoch(name: str) -> str:
    return f"cache:epoch:{name}"
