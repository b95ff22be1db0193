"""Which sessions are over, known to Redis so that no request asks PostgreSQL; PostgreSQL judges when Redis does not know."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from redis.asyncio import Redis
from redis.exceptions import RedisError

from models.shared.ids import SessionId

LIVE_FOR = timedelta(seconds=30)
"""A `live` mark is believed this long. It only matters when Redis misses the end of a session: it is the longest that an
ended session can go on then."""

_PATIENCE_SECONDS = 0.25
_SKIP_AFTER_SILENCE = timedelta(seconds=2)
_SILENT = (RedisError, OSError, TimeoutError)

_log = logging.getLogger(__name__)

Mark = Literal["live", "ended"]


class Liveness:
    """Marks of sessions in Redis. `ended` is never overwritten by `live`, so a slow reader cannot revive a session."""

    def __init__(self, redis: Redis, access_token_lifetime: timedelta) -> None:
        self._redis = redis
        # Once the access token has expired nobody asks any more; the margin is for clocks that differ.
        self._ended_for = access_token_lifetime + timedelta(minutes=5)
        self._skip_until: datetime | None = None

    async def mark_of(self, session: SessionId, now: datetime) -> Mark | None:
        """What Redis knows of the session; None when it knows nothing or is silent.

        After a silence Redis is not asked for 2 s, so that a dead Redis does not slow every request.
        """
        if self._skip_until is not None and now < self._skip_until:
            return None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                mark = await self._redis.get(_key(session))
        except _SILENT:
            self._skip_until = now + _SKIP_AFTER_SILENCE
            _log.warning("Redis is silent; PostgreSQL judges sessions", extra={"session_id": session})
            return None
        self._skip_until = None
        if mark is None:
            return None
        return "ended" if mark in (b"ended", "ended") else "live"

    async def remember_live(self, session: SessionId) -> None:
        """Spare PostgreSQL the question for `LIVE_FOR`, unless the session has ended meanwhile or Redis was just silent."""
        if self._skip_until is not None:
            return
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._redis.set(_key(session), "live", px=LIVE_FOR, nx=True)
        except _SILENT:
            _log.warning("Redis is silent; a session could not be marked live", extra={"session_id": session})

    async def remember_ended(self, sessions: Iterable[SessionId]) -> None:
        """Stop the access tokens of these sessions at once. Called after PostgreSQL has committed that they ended.

        When Redis is silent PostgreSQL judges, so they stop as well; only a process that still reaches a Redis that did not
        get this may go on for `LIVE_FOR`.
        """
        ended = list(sessions)
        if not ended:
            return
        try:
            async with asyncio.timeout(4 * _PATIENCE_SECONDS):
                async with self._redis.pipeline(transaction=False) as pipe:
                    for session in ended:
                        pipe.set(_key(session), "ended", px=self._ended_for)
                    await pipe.execute()
        except _SILENT:
            _log.warning("Redis is silent; %d ended sessions are known to PostgreSQL only", len(ended))


def _key(session: SessionId) -> str:
    return f"users:session:{session}"
