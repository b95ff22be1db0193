"""Waiting for what is on its way: workflows that end a moment later, Temporal's list that lags half a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cli.audit import run_audit
from hanse.settings import Settings
from models.auditing.types import Section

T = TypeVar("T")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
_AUDIT_WITHIN = 20.0
"""Seconds."""


async def looked_at_until(look: Callable[[], Awaitable[T]], good: Callable[[T], bool], within: float) -> T:
    """What was seen as soon as it is good, or what was seen last when the time (seconds) is over."""
    until, pause = time.monotonic() + within, _FIRST_PAUSE
    while True:
        seen = await look()
        if good(seen) or time.monotonic() > until:
            return seen
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


async def settled_audit(settings: Settings) -> list[Section]:
    """`hanse audit`, asked again for so long while something is found that may only be on its way."""
    return await looked_at_until(
        lambda: run_audit(settings), lambda sections: not any(section.findings for section in sections), _AUDIT_WITHIN
    )
