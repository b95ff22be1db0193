"""Lets a server that does not answer rest, so that not every caller waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.exceptions import RedisError

SILENCE = (RedisError, OSError, TimeoutError)
"""How an absent Redis shows itself."""
_REST = 1.0


class Resting(Exception):
    """Redis was silent a moment ago, or is now: do without it."""


class Breaker:
    """Patience for one server. After a silence it is left alone for a second; then one caller tries."""

    def __init__(self, *, patience: float = 0.25) -> None:
        self._patience = patience
        self._resting_until = 0.0

    @asynccontextmanager
    async def ask(self, *, patience: float | None = None) -> AsyncIterator[None]:
        """Run the block within the patience. Resting for a silence, or at once while the server rests."""
        clock = asyncio.get_running_loop().time
        if clock() < self._resting_until:
            raise Resting
        held_before, self._resting_until = self._resting_until, 0.0
        if held_before:  # the first after a rest tries alone: the others go on without until it knows
            self._resting_until = clock() + (patience or self._patience)
        try:
            async with asyncio.timeout(patience or self._patience):
                yield
        except SILENCE as silence:
            self._resting_until = clock() + _REST
            raise Resting from silence
        except BaseException:
            self._resting_until = 0.0
            raise
        self._resting_until = 0.0
