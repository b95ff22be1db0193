"""The step of the process `Audit`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from temporalio import activity

from models.auditing.messages import Look
from models.auditing.types import Section

if TYPE_CHECKING:
    from activities.auditing.auditor import Auditor
    from models.shared.time import Clock

_ALIVE_EVERY = 10
"""Seconds. A look is a few statements that take as long as the shop is large; none of them can say how far it is."""


class AuditActivities:
    """Looks, and changes nothing: it may be repeated at any time."""

    def __init__(self, auditor: "Auditor", clock: "Clock") -> None:
        self._auditor = auditor
        self._clock = clock

    @activity.defn(name="audit.look")
    async def look(self, ask: Look) -> Section:
        """One look at one invariant."""
        async with _alive():
            return await self._auditor.look(ask.invariant, self._clock())


@asynccontextmanager
async def _alive() -> AsyncIterator[None]:
    """Tell Temporal that this worker lives, for so long as the look takes."""

    async def tell() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(_ALIVE_EVERY)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
