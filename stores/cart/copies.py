"""Copies of accounts' carts in Redis, so that most reads do not ask PostgreSQL, which stays the judge."""

import asyncio
import logging
from datetime import datetime, timedelta

from redis.asyncio import Redis
from redis.exceptions import RedisError

from models.cart.types import Cart
from models.shared.ids import UserId

BELIEVED_FOR = timedelta(seconds=30)
"""A copy lives this long. It is the longest that a cart can be shown old after Redis missed or forgot a change."""

_PATIENCE_SECONDS = 0.25
_SKIP_AFTER_SILENCE = timedelta(seconds=2)
_SILENT = (RedisError, OSError, TimeoutError)

_KEEP = """
local known = tonumber(redis.call('HGET', KEYS[1], 'version') or '-1')
if known > tonumber(ARGV[1]) then return 0 end
if known == tonumber(ARGV[1]) and ARGV[2] == '' then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'cart', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""
"""A newer version is never overwritten by an older one. An empty cart text says: this version is being written."""

_log = logging.getLogger(__name__)


class Copies:
    """One copy for each account. A change announces its version before it is committed, so a slow reader cannot put an
    older cart back; whoever finds the announcement asks PostgreSQL.

    When Redis was silent it may have missed changes: writing is tried again after 2 s, and nothing is believed for as long
    as an old copy can live.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._keep = redis.register_script(_KEEP)
        self._skip_until: datetime | None = None
        self._doubt_until: datetime | None = None

    async def get(self, user_id: UserId, now: datetime) -> Cart | None:
        """The copy; None when there is none, one is being written, or Redis is not to be believed."""
        if self._doubt_until is not None and now < self._doubt_until:
            return None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                text = await self._redis.hget(_key(user_id), "cart")
        except _SILENT:
            self._silent(now)
            return None
        return Cart.model_validate_json(text) if text else None

    async def announce(self, user_id: UserId, version: int, now: datetime) -> None:
        """This version is about to be committed: older copies are void from here on."""
        await self._put(user_id, version, "", now)

    async def keep(self, user_id: UserId, cart: Cart, now: datetime) -> None:
        """Copy a cart as PostgreSQL has it, unless a newer version is known."""
        await self._put(user_id, cart.version, cart.model_dump_json(), now)

    async def _put(self, user_id: UserId, version: int, text: str, now: datetime) -> None:
        if self._skip_until is not None and now < self._skip_until:
            return
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._keep([_key(user_id)], [version, text, int(BELIEVED_FOR.total_seconds() * 1000)])
        except _SILENT:
            self._silent(now)

    def _silent(self, now: datetime) -> None:
        self._skip_until = now + _SKIP_AFTER_SILENCE
        self._doubt_until = now + BELIEVED_FOR
        _log.warning("Redis is silent; PostgreSQL answers for carts of accounts")


def _key(user_id: UserId) -> str:
    return f"cart:account:{user_id}"
