"""Hears every step of every saga from the tests' worker, and holds the one that a target names until its fault is done.

Which story a step belongs to is learnt from ids: a story begins with marks (its buyer's id, a warehouse of its own), and what
is named together with one of them belongs to it, too. Only ids of things that no two stories share are learnt so; people are not,
since the operator has a word in every story.
"""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.plan import Target
from tests.chaos.steps import Step

_OWN = ("ord_", "pay_", "att_", "shp_", "rfd_", "afs_", "trf_", "clm_", "rev_")
_HELD_AT_MOST = 150.0
"""Seconds; a conductor that forgets a step must not stop the shop for good."""


@dataclass
class Actor:
    """One story being told: what belongs to it, where it is to be held, and what it has done."""

    story: str
    target: Target | None = None
    marks: set[str] = field(default_factory=set)
    reached: bool = False
    taken: dict[Step, int] = field(default_factory=dict)
    """Each step with how often one run of its saga took it, at most."""


class Conductor:
    """Listens at a socket of its own; `let_go` lets every held step go on."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self._cast: list[Actor] = []
        self._released = asyncio.Event()
        self._news = asyncio.Event()
        self._times: dict[tuple[str, Step], list[str]] = defaultdict(list)
        self._pending: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Conductor"]:
        """As long as the block lasts; afterwards the worker goes on as if nobody had ever listened."""
        server = await asyncio.start_unix_server(self._heard, str(self.socket))
        try:
            yield self
        finally:
            self.socket.unlink(missing_ok=True)
            self.let_go()
            server.close()

    def begin(self, cast: Iterable[Actor]) -> None:
        """A new round: these stories, none of them held yet."""
        self._cast = list(cast)
        self._released = asyncio.Event()
        self._times.clear()

    def let_go(self) -> None:
        """Whatever is held goes on, and nothing is held any more in this round."""
        self._released.set()

    async def all_held(self, done: Iterable[asyncio.Task[Any]], within: float) -> None:
        """Wait until every story is held at its step or over, at most so many seconds."""
        tasks = list(done)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not all(actor.reached or task.done() for actor, task in zip(self._cast, tasks, strict=True)):
                    self._news.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._news.wait(), 0.5)

    async def _heard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if line := await reader.readline():
                await self._answered(json.loads(line))
                writer.write(b"go on\n")
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):  # the worker that told it has died
            return
        finally:
            writer.close()

    async def _answered(self, told: dict[str, Any]) -> None:
        step = Step(told["saga"], told["step"])
        times = self._times[told["workflow_id"], step]
        if told["activity_id"] not in times:
            times.append(told["activity_id"])
        actor = self._whose(told["workflow_id"], told["ids"])
        if actor is None:
            return
        actor.taken[step] = max(actor.taken.get(step, 0), len(times))
        target = actor.target
        if target is None or self._released.is_set() or (target.step, target.position) != (step, told["at"]):
            return
        if times.index(told["activity_id"]) + 1 >= target.nth:
            actor.reached = True
            self._news.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._released.wait(), _HELD_AT_MOST)

    def _whose(self, workflow_id: str, ids: Iterable[str]) -> Actor | None:
        """Who owns the run; for a new one, the first who owns anything that it names."""
        named = set(ids)
        for actor in sorted(self._cast, key=lambda actor: workflow_id not in actor.marks):
            if not actor.marks.isdisjoint(named):
                actor.marks.update(one for one in named if one.startswith(_OWN) or "/" in one)
                return actor
        return None
