"""How the api speaks with workflows: bounded waits, and refusals that come back as the refusals they are."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.refusals import refusal_note
from api.edge.refusals import ServiceBusy
from hanse.away import is_away
from models.shared import Refusal
from models.shared.refusals import NotFound

T = TypeVar("T")

_RUN_ENDED = "AcceptedUpdateCompletedWorkflow"
"""What Temporal says of an update that was accepted, and whose run ended without answering it."""

_NO_RUN = (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.ABORTED)

_PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0)
"""Seconds between asking a run again that lost a wish."""

_CATCHING_UP = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 2.5, 4.0)
"""Seconds between asking a run again that has not heard yet what its books say; ten in all."""

ANSWER_WITHIN = 20.0
"""Seconds a buyer waits at most; the saga goes on, and the same Idempotency-Key fetches its answer."""


class SagaRefusal(Refusal):
    """A refusal that came through Temporal; it carries the code and title it was raised with."""

    code = "saga_refusal"
    title = "Refused"

    def __init__(self, code: str, title: str, detail: str, fields: dict[str, object]) -> None:
        super().__init__(detail, **fields)
        self.code = code  # type: ignore[misc] # the class only stands in for the original
        self.title = title  # type: ignore[misc]


class _Lost(Exception):
    """Nobody will answer this asking."""


def refusal_in(error: BaseException | None) -> Refusal | None:
    """The refusal at the bottom of a chain of Temporal failures, if there is one."""
    note = refusal_note(error)
    return None if note is None else SagaRefusal(**note)


async def answer_of(call: Awaitable[T], over: Exception | None = None) -> T:
    """Wait for a workflow's answer. `over` is the error to raise when the workflow has already ended."""
    try:
        return await asyncio.wait_for(call, ANSWER_WITHIN)
    except WorkflowUpdateFailedError as error:
        refusal = refusal_in(error.cause)
        if refusal is None and isinstance(error.cause, ApplicationError) and error.cause.type == _RUN_ENDED:
            raise over or _gone() from None
        if refusal is None:
            raise
        raise refusal from None
    except WorkflowAlreadyStartedError:
        raise over or _gone() from None
    except (RPCError, RuntimeError) as error:
        if isinstance(error, RPCError) and error.status in _NO_RUN:
            raise over or _gone() from None
        if is_away(error):
            raise _busy() from None
        raise
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise _busy() from None


async def ask_running(
    saga: WorkflowHandle[Any, Any],
    update: Any,
    wish: Any,
    update_id: str,
    over: Refusal | None = None,
    fulfilled: "Fulfilled[T] | None" = None,
    refusal: Any = None,
) -> T:
    """Ask a running workflow: the same answer for the same `update_id`. A `wish` of None is for an update that takes nothing.

    Temporal may lose a wish: a signal that arrives while a run answers and ends makes it do that task anew, without the
    update. Then the run is looked at. One that still runs is asked again, a few times; one that has ended may have kept its
    answer, and else whoever was asked says whether the wish was `fulfilled` all the same, or the run itself, by its query
    `refusal`, why it was refused. Only then it is `over`.
    """
    args = [] if wish is None else [wish]
    ended_at: datetime | None = None
    for pause in _PAUSES:
        try:
            answer: T = await answer_of(saga.execute_update(update, args=args, id=update_id), _Lost())
        except _Lost:
            if ended_at is not None:
                break  # asked after its end, too: it kept no answer
            ended_at = await _ended_at(saga)
            if ended_at is None:
                await asyncio.sleep(pause)
        else:
            return answer
    if ended_at is None:
        raise _busy()
    found = await fulfilled.answer(ended_at) if fulfilled is not None else None
    if found is None:
        raise await _refused_by(saga, refusal) or over or _gone()
    return found


async def _refused_by(saga: WorkflowHandle[Any, Any], refusal: Any) -> Refusal | None:
    """The reason that a run kept which ended with nobody listening."""
    if refusal is None:
        return None
    try:
        note = await answer_of(saga.query(refusal), _Lost())
    except _Lost:
        return None
    return None if note is None else SagaRefusal(**note)


async def ask_until_heard(ask: Callable[[], Awaitable[T]], is_ahead: Callable[[Refusal], Awaitable[bool]]) -> T:
    """Ask a run that may not have heard yet what its books say: they are written before a step's answer is in Temporal.

    While it refuses and the books are ahead of it (`is_ahead`), it is asked again, for some seconds; then it is busy, since
    a refusal would be kept for this request.
    """
    for pause in _CATCHING_UP:
        try:
            return await ask()
        except Refusal as refusal:
            if not await is_ahead(refusal):
                raise
        await asyncio.sleep(pause)
    raise _busy()


@dataclass(frozen=True)
class Fulfilled(Generic[T]):
    """How to find out what became of a wish whose answer was lost: what the store says, if the run ended after the request
    was first seen. Of a run that ended before, the request is simply too late."""

    first_seen_at: datetime
    look: Callable[[], Awaitable[T | None]]

    async def answer(self, ended_at: datetime) -> T | None:
        """None if it was not fulfilled, or not by this request."""
        return await self.look() if ended_at >= self.first_seen_at else None


async def ask_starting(
    client: Client,
    update: Any,
    wish: Any,
    start: WithStartWorkflowOperation[Any, Any],
    update_id: str,
    workflow_id: str,
    over: Refusal | None = None,
    fulfilled: Fulfilled[T] | None = None,
    refusal: Any = None,
) -> T:
    """As `ask_running`, of a workflow that is started with the wish if it does not run yet: one round trip."""
    args = [] if wish is None else [wish]
    try:
        asking = client.execute_update_with_start_workflow(
            update, args=args, start_workflow_operation=start, id=update_id
        )
        answer: T = await answer_of(asking, _Lost())
    except _Lost:
        _hear(start)
        saga = client.get_workflow_handle(workflow_id)
        return await ask_running(saga, update, wish, update_id, over, fulfilled, refusal)
    except BaseException:
        _hear(start)
        raise
    return answer


def _hear(start: WithStartWorkflowOperation[Any, Any]) -> None:
    """Of what became of the start, so that asyncio is quiet."""
    started = asyncio.ensure_future(start.workflow_handle())
    started.add_done_callback(lambda task: task.cancelled() or task.exception())


_NEVER = datetime.min.replace(tzinfo=UTC)


async def _ended_at(saga: WorkflowHandle[Any, Any]) -> datetime | None:
    """When the run ended; None while it runs. Of one that never was, long ago."""
    try:
        found = await saga.describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return _NEVER
        raise _busy() from None
    return found.close_time


def _busy() -> Refusal:
    return ServiceBusy("The shop did not answer in time. Nothing is lost: ask again with the same Idempotency-Key.")


def _gone() -> Refusal:
    return NotFound("There is no running process of that id.")
