"""Search index and listeners follow the catalogue: `catalog-sync/{what}`.

Who edits the catalogue announces it here first, edits, and says that it is over. So the index follows even if nobody lives
to say so: a run that hears nothing looks by itself. Decided in docs/decisions/0015.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.products import ProductsActivities
    from activities.search import SearchActivities
    from models.search.messages import (
        EditAnnounced,
        EditEnded,
        Followed,
        IndexProducts,
        StockTurned,
        SyncInput,
        TellProducts,
    )
    from workflows.options import SIGN_OF_LIFE, UNTIL_DONE, TaskQueue

LOOKS = (1, 4, 15)
"""When it is looked for what an announced edit did, if nobody says that it is over, in patiences after the announcement or the
look before: after 3, 15 and 60 s. By then no edit can be going on any more, since a statement takes at most 30 s."""

_LONGEST = timedelta(hours=2)
_AFTERWARDS = timedelta(milliseconds=50)
"""A change that comes by itself is looked for a moment after its time: clocks differ."""


@dataclass
class _Lane:
    """One of the two things that follow a change. Each goes its own pace: Kafka being away delays no search, nor the reverse."""

    work: Callable[[], Awaitable[None]]
    asked: bool
    running: bool = False
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def idle(self) -> bool:
        return not self.asked and not self.running

    def start(self) -> None:
        """Take up what was asked, unless it runs: then it is taken up afterwards."""
        if self.asked and not self.running:
            self.running = True
            task = asyncio.create_task(self._run())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _run(self) -> None:
        try:
            while self.asked:
                self.asked = False
                await self.work()
        finally:
            self.running = False


@workflow.defn(name="CatalogSync")
class CatalogSync:
    """Reads what the catalogue says and brings index and listeners there; ends when there is nothing left to follow.

    Every reading begins after the change was reported or looked for, so it sees it. Changes that come while one is being
    followed are followed together afterwards.
    """

    @workflow.init
    def __init__(self, start: SyncInput) -> None:
        self._scope = start.scope
        self._announced = list(start.announced)
        self._looks = start.looks
        self._patience = start.patience
        self._look_at = self._next_look()
        self._offers_only = start.to_index == "offers"
        self._index = _Lane(self._bring_index, asked=start.to_index != "nothing")
        self._listeners = _Lane(self._tell_listeners, asked=start.to_tell)
        self._again_at: datetime | None = None
        self._followed = 0

    @workflow.run
    async def run(self, start: SyncInput) -> int:
        """How many products were brought to the index, each time counted."""
        while not self._over:
            self._index.start()
            self._listeners.start()
            await self._hear()
            if workflow.info().is_continue_as_new_suggested():
                self._go_on_anew(start)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._followed

    @property
    def _over(self) -> bool:
        return self._index.idle and self._listeners.idle and not self._announced and self._again_at is None

    async def _hear(self) -> None:
        """Wait until there is something to do, or to look for."""
        moments = [at for at in (self._look_at if self._announced else None, self._again_at) if at is not None]
        wait = None if not moments else max(min(moments) - workflow.now(), timedelta())
        try:
            await workflow.wait_condition(
                lambda: (
                    self._over
                    or (self._index.asked and not self._index.running)
                    or (self._listeners.asked and not self._listeners.running)
                    or (min(self._moments(), default=None) != min(moments, default=None))
                ),
                timeout=wait,
                timeout_summary="until it is looked for what was done",
            )
        except TimeoutError:
            self._look()

    def _moments(self) -> list[datetime]:
        return [at for at in (self._look_at if self._announced else None, self._again_at) if at is not None]

    def _look(self) -> None:
        if self._again_at is not None and self._again_at <= workflow.now():
            self._again_at = None
            self._ask()
        if self._announced and self._look_at <= workflow.now():
            self._looks += 1
            if self._looks == len(LOOKS):  # whoever announced it is gone
                self._announced.clear()
            else:
                self._look_at = self._next_look()
            self._ask()

    def _next_look(self) -> datetime:
        return workflow.now() + self._patience * LOOKS[min(self._looks, len(LOOKS) - 1)]

    def _ask(self, *, offers_only: bool = False) -> None:
        self._offers_only = offers_only and (self._offers_only or not self._index.asked)
        self._index.asked = self._listeners.asked = True

    # ---- what is told ------------------------------------------------------------------------------------------------

    @workflow.signal
    def edit_announced(self, edit: EditAnnounced) -> None:
        """Somebody is about to change something."""
        if edit.key not in self._announced:
            self._announced.append(edit.key)
        self._looks, self._patience = 0, edit.patience
        self._look_at = self._next_look()

    @workflow.signal
    def edit_ended(self, edit: EditEnded) -> None:
        """That is over, or there was a change that nobody announced."""
        if edit.key in self._announced:
            self._announced.remove(edit.key)
        if edit.changed:
            self._ask()

    @workflow.signal
    def stock_turned(self, _turned: StockTurned) -> None:
        """Whether something can be bought may have changed."""
        self._ask(offers_only=True)

    # ---- what follows ------------------------------------------------------------------------------------------------

    async def _bring_index(self) -> None:
        ask = IndexProducts(scope=self._scope, offers_only=self._offers_only)
        self._offers_only = False
        done: Followed = await workflow.execute_activity_method(
            SearchActivities.index_products,
            ask,
            task_queue=TaskQueue.SEARCH,
            start_to_close_timeout=_LONGEST,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=UNTIL_DONE,
            summary=f"index {self._scope.words}",
        )
        self._followed += done.products
        if done.again_at is not None:
            at = done.again_at + _AFTERWARDS
            self._again_at = at if self._again_at is None else min(at, self._again_at)

    async def _tell_listeners(self) -> None:
        await workflow.execute_activity_method(
            ProductsActivities.tell_changes,
            TellProducts(scope=self._scope),
            task_queue=TaskQueue.BUS,
            start_to_close_timeout=_LONGEST,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=UNTIL_DONE,
            summary=f"tell what changed of {self._scope.words}",
        )

    def _go_on_anew(self, start: SyncInput) -> None:
        """In a new run, with what is not done or not over. What is being done is done again there, which does no harm."""
        whole = self._index.running or (self._index.asked and not self._offers_only) or self._again_at is not None
        workflow.continue_as_new(
            start.model_copy(
                update={
                    "announced": tuple(self._announced),
                    "looks": self._looks,
                    "patience": self._patience,
                    "to_index": "all" if whole else "offers" if self._index.asked else "nothing",
                    "to_tell": not self._listeners.idle,
                }
            )
        )
