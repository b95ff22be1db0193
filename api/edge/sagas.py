"""How the api speaks with workflows: bounded waits, and refusals that come back as the refusals they are."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError, FailureError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.edge.refusals import ServiceBusy
from models.shared import Refusal
from models.shared.refusals import NotFound

T = TypeVar("T")

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


def refusal_in(error: BaseException | None) -> Refusal | None:
    """The refusal at the bottom of a chain of Temporal failures, if there is one."""
    while error is not None:
        if isinstance(error, ApplicationError) and error.details and isinstance(error.details[0], dict):
            note = error.details[0]
            return SagaRefusal(note["code"], note["title"], note["detail"], note["fields"])
        error = error.cause if isinstance(error, FailureError) else error.__cause__
    return None


async def answer_of(call: Awaitable[T], over: Refusal | None = None) -> T:
    """Wait for a workflow's answer. `over` is the refusal to give when the workflow has already ended."""
    try:
        return await asyncio.wait_for(call, ANSWER_WITHIN)
    except WorkflowUpdateFailedError as error:
        refusal = refusal_in(error.cause)
        if refusal is None:
            raise
        raise refusal from None
    except WorkflowAlreadyStartedError:
        raise over or _gone() from None
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION):
            raise over or _gone() from None
        if error.status in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
            raise _busy() from None
        raise
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        raise _busy() from None


async def ask_starting(
    client: Client,
    update: Any,
    wish: Any,
    start: WithStartWorkflowOperation[Any, Any],
    update_id: str,
    over: Refusal | None = None,
) -> Any:
    """Ask a workflow, starting it if it does not run yet: one round trip, the same answer for the same `update_id`.
    A `wish` of None is for an update that takes nothing."""
    args = [] if wish is None else [wish]
    try:
        return await answer_of(
            client.execute_update_with_start_workflow(update, args=args, start_workflow_operation=start, id=update_id),
            over,
        )
    except BaseException:
        started = asyncio.ensure_future(start.workflow_handle())
        started.add_done_callback(lambda task: task.cancelled() or task.exception())  # heard, so that asyncio is quiet
        raise


def _busy() -> Refusal:
    return ServiceBusy("The shop did not answer in time. Nothing is lost: ask again with the same Idempotency-Key.")


def _gone() -> Refusal:
    return NotFound("There is no running process of that id.")
