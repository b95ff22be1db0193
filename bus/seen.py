"""Which events a consumer group has handled already."""

from datetime import timedelta
from typing import Protocol

from redis.asyncio import Redis


class SeenEvents(Protocol):
    """The memory of one consumer group, by CloudEvents (source, id)."""

    async def contains(self, source: str, event_id: str) -> bool:
        """Whether this event was handled."""
        ...

    async def add(self, source: str, event_id: str) -> None:
        """Remember that this event was handled."""
        ...


class RedisSeenEvents:
    """Remembers in Redis for a while.

    Losing it (Redis emptied, or a duplicate that comes after `keep`) means that an event may be handled a second time,
    never that one is missed. So it saves work; it does not replace a handler whose own effect is idempotent.
    """

    def __init__(self, redis: Redis, group: str, keep: timedelta = timedelta(days=7)) -> None:
        self._redis = redis
        self._group = group
        self._keep = keep

    def _name(self, source: str, event_id: str) -> str:
        return f"seen:{self._group}:{source}#{event_id}"

    async def contains(self, source: str, event_id: str) -> bool:
        """Whether this event was handled, as far as Redis remembers."""
        return bool(await self._redis.exists(self._name(source, event_id)))

    async def add(self, source: str, event_id: str) -> None:
        """Remember that this event was handled, for `keep`."""
        await self._redis.set(self._name(source, event_id), 1, ex=self._keep)
