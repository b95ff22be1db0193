"""How a refusal of the business travels through Temporal: typed, with its facts, never retried, not an error in the logs."""

from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory, FailureError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from models.shared import Refusal


def as_application_error(refusal: Refusal) -> ApplicationError:
    """The refusal as Temporal carries it: its code is the type, its facts are the first detail."""
    return ApplicationError(
        refusal.detail,
        {"code": refusal.code, "title": refusal.title, "detail": refusal.detail, "fields": refusal.fields},
        type=refusal.code,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )


def refusal_note(error: BaseException | None) -> dict[str, Any] | None:
    """What the refusal at the bottom of a chain of Temporal failures says: `code`, `title`, `detail`, `fields`. None if there
    is none."""
    while error is not None:
        if isinstance(error, ApplicationError) and error.details and isinstance(error.details[0], dict):
            return dict(error.details[0])
        error = error.cause if isinstance(error, FailureError) else error.__cause__
    return None


class RefusalInterceptor(Interceptor):
    """Lets activities raise refusals as they are."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Translating(super().intercept_activity(next))


class _Translating(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        try:
            return await super().execute_activity(input)
        except Refusal as refusal:
            activity.logger.info("refused: %s", refusal.code)
            raise as_application_error(refusal) from None
