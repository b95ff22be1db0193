"""A sign of life from every long step, so that the death of its worker is noticed in seconds and not when its time is over."""

import asyncio
from typing import Any

from temporalio import activity
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

_BEATS = 3
"""Signs of life in the time after which silence counts as death."""


class AliveInterceptor(Interceptor):
    """Beats for whatever has a heartbeat timeout, as long as it runs. What an activity said itself how far it has come, and what
    an earlier try of it said, is said again, so that the next try can go on from there."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Beating(next)


class _Remembering(ActivityOutboundInterceptor):
    """Knows what was said last."""

    def __init__(self, outbound: ActivityOutboundInterceptor) -> None:
        super().__init__(outbound)
        self.said: tuple[Any, ...] | None = None

    def heartbeat(self, *details: Any) -> None:
        self.said = details
        super().heartbeat(*details)


class _Beating(ActivityInboundInterceptor):
    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        self._outbound = _Remembering(outbound)
        super().init(self._outbound)

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        silence = activity.info().heartbeat_timeout
        if not silence:
            return await super().execute_activity(input)
        beating = asyncio.create_task(self._beat(silence.total_seconds() / _BEATS))
        try:
            return await super().execute_activity(input)
        finally:
            beating.cancel()

    async def _beat(self, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            said = self._outbound.said
            self._outbound.heartbeat(*(activity.info().heartbeat_details if said is None else said))
