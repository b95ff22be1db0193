"""How a refusal of the business travels through Temporal: typed, with its facts, never retried, not an error in the logs."""

from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
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
