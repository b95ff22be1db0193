"""Token buckets in Redis, all of a request's in one round trip.

`limits` on PyPI asks Redis once for each limit and once more for what is left, and a request meets up to four limits: that is
why this is ours. The algorithm is GCRA, a token bucket that keeps one number: when the bucket will be
full again. A refused request takes nothing from any bucket, so one caller's flood does not eat what others share.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local answer, full, refused = {}, {}, 0
for i, key in ipairs(KEYS) do
  local quota, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local step = window / quota
  local before = math.max(tonumber(redis.call('GET', key) or '0'), now)
  local after = before + step
  local wait = after - now - window
  if wait > 0.5 then
    if refused == 0 then refused = i end
    full[i] = before
    answer[2 * i + 1] = math.ceil(wait)
  else
    full[i] = after
    answer[2 * i + 1] = math.ceil(after - now)
  end
  answer[2 * i] = math.max(0, math.floor((window - (full[i] - now)) / step + 0.001))
end
if refused == 0 then
  for i, key in ipairs(KEYS) do
    redis.call('SET', key, string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000) + 1)
  end
end
answer[1] = refused
return answer
"""
_PATIENCE_SECONDS = 0.1
_PATIENCE_IF_WE_MUST_KNOW_SECONDS = 2.0
_LET_REST_SECONDS = 1.0
"""So long Redis is not asked again after it was silent: waiting for it each time would slow every request down."""


@dataclass(frozen=True)
class Bucket:
    """`quota` requests in `window` seconds, all at once if they like; filled again evenly."""

    key: str
    policy: str
    quota: int
    window: float


@dataclass(frozen=True)
class Level:
    """How a bucket stands after a request: requests left, and seconds until it is full (or, refused, until it takes one)."""

    bucket: Bucket
    left: int
    seconds: int


@dataclass(frozen=True)
class Taken:
    """What taking one from each bucket came to. `refused_by`: the first that was empty."""

    levels: tuple[Level, ...]
    refused_by: Level | None


class Buckets:
    """The buckets of one Redis. Its own clock counts, so processes need not agree on the time."""

    def __init__(self, redis: Redis) -> None:
        self._take = redis.register_script(_TAKE)
        self._silent_until = 0.0

    async def take(self, buckets: Sequence[Bucket], *, must_know: bool = False) -> Taken | None:
        """One request from each bucket, or from none if one is empty. None when Redis is silent: nobody knows.

        `must_know` waits longer and asks even if Redis was silent a moment ago.
        """
        moment = asyncio.get_running_loop().time()
        if moment < self._silent_until and not must_know:
            return None
        patience = _PATIENCE_IF_WE_MUST_KNOW_SECONDS if must_know else _PATIENCE_SECONDS
        args = [part for bucket in buckets for part in (bucket.quota, int(bucket.window * 1_000_000))]
        try:
            async with asyncio.timeout(patience):
                answer = await self._take(keys=[bucket.key for bucket in buckets], args=args)
        except (RedisError, OSError, TimeoutError):
            self._silent_until = moment + _LET_REST_SECONDS
            return None
        levels = tuple(
            Level(bucket, answer[2 * i + 1], math.ceil(answer[2 * i + 2] / 1_000_000))
            for i, bucket in enumerate(buckets)
        )
        return Taken(levels, levels[answer[0] - 1] if answer[0] else None)
