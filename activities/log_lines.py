"""One log line for each activity, with the ids a person searches by."""

import logging
import time
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from hanse.context import scope

_log = logging.getLogger("hanse.activity")
_IDS = ("order_id", "user_id", "payment_id", "shipment_id", "refund_id", "attempt_id")


class LogInterceptor(Interceptor):
    """Every line written during an activity carries the ids of its message; its end is a line of its own."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Logging(super().intercept_activity(next))


class _Logging(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        info = activity.info()
        with scope(workflow_id=info.workflow_id, **_ids_in(input.args)):
            started = time.perf_counter()
            try:
                answer = await super().execute_activity(input)
            except ApplicationError as error:
                refused = error.category is ApplicationErrorCategory.BENIGN
                _tell(logging.INFO if refused else logging.WARNING, info, error.type or "failed", started)
                raise
            except Exception as error:
                _tell(logging.WARNING, info, type(error).__name__, started)
                raise
            _tell(logging.INFO, info, "done", started)
            return answer


def _ids_in(args: Any) -> dict[str, str]:
    message = args[0] if args else None
    found = {name: getattr(message, name, None) for name in _IDS}
    return {name: str(value) for name, value in found.items() if value is not None}


def _tell(level: int, info: activity.Info, outcome: str, started: float) -> None:
    if not _log.isEnabledFor(level):
        return
    milliseconds = round((time.perf_counter() - started) * 1000, 1)
    facts = {"activity": info.activity_type, "outcome": outcome, "duration_ms": milliseconds, "attempt": info.attempt}
    # Made without `logger.log`, which looks through the stack for a line number that nobody writes down.
    words = (info.activity_type, outcome)
    _log.handle(_log.makeRecord(_log.name, level, "", 0, "%s: %s", words, None, extra=facts))
