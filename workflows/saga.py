"""What every saga shares: a store call wherever it is placed, its undo, and an announcement that cannot be lost.

The rules (docs/decisions/0005): an undo is registered before its step, takes only a key known beforehand, and does nothing
when nothing was done. Undo runs newest first, shielded from cancellation, and is retried without limit.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.bus import BusActivities
    from models.orders.messages import Placement
    from models.shared.done import Done
    from models.shared.events import AnyEvent, EventBatch
    from workflows.options import BRIEFLY, LONG_CALL, OUTSIDE_CALL, SIGN_OF_LIFE, STORE_CALL, UNTIL_DONE, TaskQueue

A = TypeVar("A")
R = TypeVar("R")
Step = Callable[[Any, A], Awaitable[R]]
"""An activity method of some class, taking one message: `InventoryActivities.reserve_stock`."""

_WRITTEN_DOWN = timedelta(milliseconds=1)
"""Any timer ends a task; this is the shortest."""
_UNDO_IS_LATE = timedelta(minutes=10)
_delayed_undo = "hanse_compensation_delayed"
_books_disagree = "hanse_books_disagree"


def is_refusal(error: BaseException) -> bool:
    """Whether a step ended with a refusal of the business rather than a fault of the world."""
    cause = error.cause if isinstance(error, ActivityError) else error
    return isinstance(cause, ApplicationError) and cause.non_retryable and bool(cause.details)


def refusal_code(error: BaseException) -> str:
    """The code of the refusal that ended a step; empty for a fault."""
    cause = error.cause if isinstance(error, ActivityError) else error
    return (cause.type or "") if isinstance(cause, ApplicationError) and is_refusal(error) else ""


@dataclass(frozen=True)
class _Undo:
    step: Step[Any, Any]
    arg: Any
    summary: str


class Saga:
    """The steps one workflow has taken, and how to take them back."""

    def __init__(self, placement: Placement) -> None:
        self._placement = placement
        self._undos: list[_Undo] = []
        self._announcing: set[asyncio.Task[None]] = set()
        self._just_answered = False

    async def store_call(self, step: Step[A, R], arg: A, summary: str, give_up_after: timedelta | None = None) -> R:
        """Call a store through an activity. A refusal comes at once as `ActivityError`; a fault is retried without limit,
        or until `give_up_after`, when nobody knows whether it happened.

        Inline, the first tries run in this worker as a local activity (one event in the history); a store that stays
        broken turns the call into an ordinary activity. Queued, it is an ordinary activity on its domain's queue.
        Temporal's cancel waits for a try that has begun, so that an undo never overtakes its step.
        """
        if self._placement == "queue":
            return await self._ordinary(step, arg, summary, _domain_queue(step), give_up_after)
        try:
            return await workflow.execute_local_activity_method(
                step,
                arg,
                start_to_close_timeout=STORE_CALL,
                retry_policy=BRIEFLY,
                cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
                summary=summary,
            )
        except FailureError as error:
            if is_refusal(error):
                raise error if isinstance(error, ActivityError) else _wrapped() from error
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("%s: the store does not answer; going on as an ordinary activity", summary)
            return await self._ordinary(step, arg, summary, TaskQueue.CHECKOUT, give_up_after)

    async def store_call_or_alert(self, step: Step[A, R], arg: A, summary: str) -> R | None:
        """Call a store where a refusal means that two books disagree. It is counted and logged for a person to judge, and
        the saga goes on (with None), since to stop here would leave more undone."""
        try:
            return await self.store_call(step, arg, summary)
        except ActivityError as error:
            if not is_refusal(error):
                raise
            workflow.metric_meter().create_counter(_books_disagree).add(1, {"refusal": refusal_code(error)})
            workflow.logger.error("refused, look into it: %s", summary, exc_info=error)
            return None

    async def _ordinary(
        self, step: Step[A, R], arg: A, summary: str, queue: TaskQueue, give_up_after: timedelta | None
    ) -> R:
        return await workflow.execute_activity_method(
            step,
            arg,
            task_queue=queue,
            start_to_close_timeout=STORE_CALL,
            schedule_to_close_timeout=give_up_after,
            retry_policy=UNTIL_DONE,
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            summary=summary,
        )

    async def long_call(
        self, step: Step[A, R], arg: A, summary: str, domain: TaskQueue, tries: RetryPolicy = UNTIL_DONE
    ) -> R:
        """A store call over many rows: always an ordinary activity, in the saga's own worker or on the domain's queue. It may take
        minutes, and the death of its worker is noticed in seconds (`activities/alive.py`)."""
        return await workflow.execute_activity_method(
            step,
            arg,
            task_queue=domain if self._placement == "queue" else TaskQueue.CHECKOUT,
            start_to_close_timeout=LONG_CALL,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=tries,
            summary=summary,
        )

    async def outside_call(
        self, step: Step[A, R], arg: A, summary: str, queue: TaskQueue, give_up_after: timedelta | None = None
    ) -> R:
        """Call an outside party: always an ordinary activity on that party's queue, retried until `give_up_after`."""
        return await workflow.execute_activity_method(
            step,
            arg,
            task_queue=queue,
            start_to_close_timeout=OUTSIDE_CALL,
            schedule_to_close_timeout=give_up_after,
            retry_policy=UNTIL_DONE,
            summary=summary,
        )

    def on_failure(self, undo: Step[A, Any], arg: A, summary: str) -> None:
        """Register the undo of a step that comes. Once: registered before, it keeps its place in the order of undoing."""
        if not any(entry.step is undo for entry in self._undos):
            self._undos.append(_Undo(undo, arg, summary))

    def keep(self, undo: Step[Any, Any]) -> None:
        """The step is past recall (or undone by other means): its undo is no longer wanted."""
        self._undos = [entry for entry in self._undos if entry.step is not undo]

    async def compensate(self) -> None:
        """Undo every step, newest first. Cannot be cancelled; returns when all is undone."""
        await unbroken(self._undo_all())

    async def _undo_all(self) -> None:
        while self._undos:
            entry = self._undos.pop()
            while not await self._undone(entry):
                continue

    async def _undone(self, entry: _Undo) -> bool:
        """False when it must be tried on. Every `_UNDO_IS_LATE` that it takes is counted, which raises an alert."""
        try:
            done = await self.store_call(entry.step, entry.arg, entry.summary, give_up_after=_UNDO_IS_LATE)
        except FailureError as error:
            # An undo that is refused is a mistake in code; it must be seen, and the others must still run.
            workflow.metric_meter().create_counter(_delayed_undo).add(1, {"step": entry.summary})
            workflow.logger.error("not undone: %s", entry.summary, exc_info=error)
            return is_refusal(error)
        if isinstance(done, Done):
            self.announce(done.unannounced)
        return True

    def announce(self, events: tuple[AnyEvent, ...]) -> None:
        """Publish what could not be announced at once: an ordinary activity beside the saga, retried without limit."""
        if events:
            task = asyncio.create_task(self._publish(EventBatch(events=events)))
            self._announcing.add(task)
            task.add_done_callback(self._announcing.discard)

    async def _publish(self, batch: EventBatch) -> None:
        await self.outside_call(BusActivities.publish_events, batch, "publish events to Kafka", TaskQueue.BUS)

    @property
    def announcing(self) -> bool:
        """Whether something announced is not published yet."""
        return bool(self._announcing)

    async def announced(self) -> None:
        """Wait until everything announced is published; before a workflow ends."""
        await workflow.wait_condition(lambda: not self._announcing)

    def just_answered(self) -> None:
        """Someone was answered, and what is left of the run may fit into the same task: so `closed` has that written down."""
        self._just_answered = True

    async def closed(self, *, at_once: bool = False) -> None:
        """The last step of a run: everything announced is published and everyone has an answer, written down before it ends.

        Temporal does a task anew that ends a run while a signal arrives, without the update that it answered. So a run does not
        end in the task that answers someone, which takes five events; one that nobody asked ends at once, and so does what
        every plain order goes through (`at_once`): there a lost wish is asked again (`api/edge/sagas.py`, decision 0005).
        """
        answering = self._just_answered or not workflow.all_handlers_finished()
        await self.announced()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if answering and not at_once:
            await written_down("the answer")


def _wrapped() -> ActivityError:
    """The SDK raises what a local activity raised as it is, and wraps what an ordinary one raised; a process sees one."""
    return ActivityError(
        "refused",
        scheduled_event_id=0,
        started_event_id=0,
        identity="",
        activity_type="",
        activity_id="",
        retry_state=None,
    )


def _domain_queue(step: Step[Any, Any]) -> TaskQueue:
    """`activities/<domain>.py` is served by the task queue of that name."""
    return TaskQueue(step.__module__.rsplit(".", 1)[-1])


async def written_down(what: str) -> None:
    """Come back in a later task, when Temporal has what was chosen so far.

    Steps that are placed inline are heard of together, when their task ends. If the worker dies before, they are taken again,
    perhaps after something new was heard. A process that chooses its way by what it hears, and whose steps would not fit another
    way, waits for this between the choice and the first step. It takes five events.
    """
    await workflow.sleep(_WRITTEN_DOWN, summary=f"until {what} is written down")


async def unbroken(work: Awaitable[R]) -> R:
    """Finish this work whatever cancels the workflow meanwhile.

    A single `await asyncio.shield(…)` would raise at the first cancel and let the run close over unfinished work.
    """
    task = asyncio.ensure_future(work)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
    return task.result()


def ends_the_saga(error: BaseException) -> bool:
    """Whether this ends the workflow (a failure or a cancel, so compensate) rather than being a bug in workflow code,
    which Temporal retries after a fix and which must not compensate."""
    return isinstance(error, asyncio.CancelledError | FailureError)


class Deadline:
    """A durable timer that is looked at, not waited for; leaving it behind at the end of a workflow costs no event."""

    def __init__(self, after: timedelta, summary: str) -> None:
        self._task = asyncio.create_task(workflow.sleep(max(after, timedelta(0)), summary=summary))

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self._task.done() and not self._task.cancelled()

    def drop(self) -> None:
        """No longer needed although the workflow goes on."""
        self._task.cancel()
