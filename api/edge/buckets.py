"""Token buckets in Redis, all of a request's in at most one round trip.

`limits` on PyPI asks Redis once for each limit and once more for what is left, and a request meets up to four limits: that is
why this is ours. The algorithm is GCRA, a token bucket that keeps one number: when the bucket will be full again. A refused
request takes nothing from any bucket, so one caller's flood does not eat what others share.

A process takes a few tokens of a generous bucket at a time and spends them from memory, so most requests ask nobody. Tokens
are gone from Redis before they are spent, so no number of processes gives out more than there are; what is left of a handful
after five seconds is forfeited, which costs a caller at most a sixteenth of the quota per process. Whoever finds the handful
spent while it is being fetched waits for it: a crowd that came at that moment would else take a handful each, and be refused.
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
local known = redis.call('MGET', unpack(KEYS))
local answer, full, refused = {}, {}, 0
for i = 1, #KEYS do
  local quota, window, wanted = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local step = window / quota
  local before = math.max(tonumber(known[i] or '0'), now)
  local there = math.floor((window - (before - now)) / step + 0.001)
  local given = math.min(wanted, there)
  if given < 1 and refused == 0 then refused = i end
  full[i] = before + step * given
  answer[3 * i - 1] = math.max(0, given)
  answer[3 * i] = math.max(0, there - given)
  answer[3 * i + 1] = math.ceil(given < 1 and before + step - now - window or full[i] - now)
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
_HANDFUL_SECONDS = 5.0
_SHARE_OF_REFILL = 1 / 16
_TRIES = 20
"""Other requests may spend what this one fetched."""
_MOST_HANDFULS = 20_000
"""So many buckets are remembered at most; forgetting them all costs each a handful."""


@dataclass(frozen=True)
class Bucket:
    """`quota` requests in `window` seconds, all at once if they like; filled again evenly."""

    key: str
    policy: str
    quota: int
    window: float

    @property
    def handful(self) -> int:
        """How many tokens are taken at once: one, unless the bucket is generous."""
        refilled = self.quota / self.window * _HANDFUL_SECONDS * _SHARE_OF_REFILL
        return max(1, min(int(refilled), self.quota // 20))


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


@dataclass
class _Handful:
    """Tokens in memory; `left` more lay in Redis when they were taken, and it would be full `seconds` later."""

    tokens: int
    until: float
    left: int
    seconds: int


class _Coming:
    """A handful that somebody fetches."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.refused: Level | None = None


class Buckets:
    """The buckets of one Redis. Its own clock counts, so processes need not agree on the time."""

    def __init__(self, redis: Redis) -> None:
        self._take = redis.register_script(_TAKE)
        self._handfuls: dict[str, _Handful] = {}
        self._coming: dict[str, _Coming] = {}
        self._silent_until = 0.0

    async def take(self, buckets: Sequence[Bucket], *, must_know: bool = False) -> Taken | None:
        """One request from each bucket, or from none if one is empty. None when Redis is silent: nobody knows.

        `must_know` waits longer and asks even if Redis was silent a moment ago.
        """
        tries = 0
        while tries < _TRIES:
            moment = asyncio.get_running_loop().time()
            wanting = [bucket for bucket in buckets if not self._has(bucket, moment)]
            if not wanting:
                return Taken(tuple(self._spend(bucket) for bucket in buckets), None)
            if moment < self._silent_until and not must_know:
                return None
            coming = next((self._coming[bucket.key] for bucket in wanting if bucket.key in self._coming), None)
            if coming is not None:
                await coming.over.wait()
                refused = coming.refused if coming.refused and coming.refused.bucket in wanting else None
            else:
                tries += 1
                try:
                    refused = await self._fetch_for_all(wanting, moment, must_know=must_know)
                except (RedisError, OSError, TimeoutError):
                    self._silent_until = moment + _LET_REST_SECONDS
                    return None
            if refused is not None:
                return Taken((refused,), refused)
        return None

    async def _fetch_for_all(self, buckets: Sequence[Bucket], moment: float, *, must_know: bool) -> Level | None:
        """Fetch, and let those who come meanwhile for a generous bucket of these wait for it."""
        mine = _Coming()
        shared = [bucket.key for bucket in buckets if bucket.handful > 1]
        self._coming.update(dict.fromkeys(shared, mine))
        try:
            mine.refused = await self._fetch(buckets, moment, must_know=must_know)
            return mine.refused
        finally:
            for key in shared:
                del self._coming[key]
            mine.over.set()

    def _has(self, bucket: Bucket, moment: float) -> bool:
        handful = self._handfuls.get(bucket.key)
        return handful is not None and handful.tokens > 0 and handful.until > moment

    def _spend(self, bucket: Bucket) -> Level:
        handful = self._handfuls[bucket.key]
        handful.tokens -= 1
        return Level(bucket, handful.left + handful.tokens, handful.seconds)

    async def _fetch(self, buckets: Sequence[Bucket], moment: float, *, must_know: bool) -> Level | None:
        """A handful of each of these; if one is empty, nothing, and how that one stands."""
        args = [part for each in buckets for part in (each.quota, int(each.window * 1_000_000), each.handful)]
        async with asyncio.timeout(_PATIENCE_IF_WE_MUST_KNOW_SECONDS if must_know else _PATIENCE_SECONDS):
            answer = await self._take(keys=[bucket.key for bucket in buckets], args=args)
        if len(self._handfuls) > _MOST_HANDFULS:
            self._handfuls.clear()
        refused = answer[0]
        for number, bucket in enumerate(buckets, start=1):
            given, left, seconds = answer[3 * number - 2 : 3 * number + 1]
            seconds = math.ceil(seconds / 1_000_000)
            if number == refused:
                return Level(bucket, 0, seconds)
            if not refused:
                kept = self._handfuls.get(bucket.key)
                more = kept.tokens if kept is not None and kept.until > moment else 0
                self._handfuls[bucket.key] = _Handful(given + more, moment + _HANDFUL_SECONDS, left, seconds)
        return None
