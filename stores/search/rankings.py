"""Sorted sets by hour and by day, for the shop and for each category."""

import asyncio
import json
import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from models.search.rankings import Counted, Measure, Ranked, RankingName, Sale
from models.shared.ids import CategoryId, SpuId

_log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 1.0
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_HOURS, _DAYS = 25, 7
"""Buckets that a ranking adds up, the present one included."""
_ADDED_UP_FOR_SECONDS = 20
_TOLD_FOR_SECONDS = 3_600
"""After this the search engine is told everything again, so that a number it lost on the way is not missing for long."""
_BEGUN = "rank:begun"

_COUNT = """
if redis.call('SADD', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('EXPIREAT', KEYS[1], ARGV[2])
for _, entry in ipairs(cjson.decode(ARGV[3])) do
  redis.call('ZINCRBY', KEYS[entry[1]], entry[2], entry[3])
end
for i = 2, #KEYS do redis.call('EXPIREAT', KEYS[i], ARGV[i + 2]) end
return 1
"""
"""KEYS: the set of what was counted that day, then buckets; ARGV: what this is, when the set ends, [[place of the bucket, amount,
product]…], then when each bucket ends. Counts once, however often it is told."""


class RankingStore:
    """Counts and adds up. Everything is derived: losing it loses nothing that the databases do not know, except views."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._count = redis.register_script(_COUNT)

    async def count_sale(self, sale: Sale) -> bool:
        """Count an order's units, at the time it was paid; once for each order. False if it was counted before."""
        return await self._once(Measure.SOLD, sale.order_id, sale.paid_at, sale.counted)

    async def count_views(self, batch: str, at: datetime, counted: Sequence[Counted]) -> bool:
        """Count a batch of views; once for each batch."""
        return await self._once(Measure.VIEWED, batch, at, counted)

    async def _once(self, measure: Measure, ident: str, at: datetime, counted: Sequence[Counted]) -> bool:
        keys = [f"rank:counted:{measure}:{_day(at)}"]
        ends: list[int] = []
        places: dict[str, int] = {}
        entries: list[tuple[int, int, str]] = []
        for one in counted:
            for scope in ("all", *one.category_ids):
                for key, end in _buckets(measure, scope, at):
                    if key not in places:
                        keys.append(key)
                        ends.append(end)
                        places[key] = len(keys)
                    entries.append((places[key], one.amount, one.spu_id))
        args: list[Any] = [ident, _end_of_day(at) + 9 * 86_400, json.dumps(entries), *ends]
        return bool(await self._count(keys=keys, args=args))

    async def top(self, name: RankingName, category_id: CategoryId | None, now: datetime, limit: int) -> list[Ranked]:
        """The first places of a ranking that counts. Added up at most every 20 seconds."""
        measure = Measure.VIEWED if name is RankingName.MOST_VIEWED else Measure.SOLD
        scope = category_id or "all"
        total = f"rank:total:{name}:{scope}"
        if not await self._redis.exists(total):
            buckets = _days(measure, scope, now) if name is RankingName.BEST_SELLERS_7D else _hours(measure, scope, now)
            async with self._redis.pipeline(transaction=True) as together:
                together.zunionstore(total, buckets)
                together.expire(total, _ADDED_UP_FOR_SECONDS)
                await together.execute()
        rows = await self._redis.zrevrange(total, 0, limit - 1, withscores=True)  # a limit of 0: all of them
        return [Ranked(spu_id=SpuId(_text(row[0])), amount=int(row[1])) for row in rows]

    async def sales_of(self, spu_ids: Collection[SpuId], now: datetime) -> dict[SpuId, int]:
        """Units sold in the last seven days, as `BEST_SELLERS_7D` counts them; 0 for those that did not sell."""
        wanted: list[str] = list(spu_ids)
        if not wanted:
            return {}
        async with self._redis.pipeline(transaction=False) as together:
            for bucket in _days(Measure.SOLD, "all", now):
                together.zmscore(bucket, wanted)
            days = await together.execute()
        return {spu_id: sum(int(day[place] or 0) for day in days) for place, spu_id in enumerate(spu_ids)}

    async def sales_if_known(self, spu_ids: Collection[SpuId], now: datetime) -> dict[SpuId, int]:
        """The same for documents of the search index; nothing while Redis is silent: the next full telling puts that right."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self.sales_of(spu_ids, now)
        except (OSError, TimeoutError, RedisError) as silence:
            _log.warning("documents are written without sales: %r", silence)
            return {}

    async def all_sales(self, now: datetime) -> dict[SpuId, int]:
        """Every product that sold in the last seven days."""
        sold = await self.top(RankingName.BEST_SELLERS_7D, None, now, 0)
        return {ranked.spu_id: ranked.amount for ranked in sold}

    async def told(self) -> dict[SpuId, int]:
        """What the search engine was last told of sales."""
        return {SpuId(_text(name)): int(sales) for name, sales in (await self._redis.hgetall("rank:told")).items()}

    async def note_told(self, sales: dict[SpuId, int]) -> None:
        """The search engine knows these."""
        async with self._redis.pipeline(transaction=True) as together:
            gone = [spu_id for spu_id, units in sales.items() if units == 0]
            if gone:
                together.hdel("rank:told", *gone)
            if held := {spu_id: units for spu_id, units in sales.items() if units}:
                together.hset("rank:told", mapping={str(spu_id): units for spu_id, units in held.items()})
            together.expire("rank:told", _TOLD_FOR_SECONDS, nx=True)
            await together.execute()

    async def begun(self) -> datetime | None:
        """Since when views are counted without a gap. None: Redis lost the rankings, or never had them."""
        told = await self._redis.get(_BEGUN)
        return datetime.fromisoformat(_text(told)) if told else None

    async def begin(self, now: datetime) -> None:
        """The sales that the databases know are counted: the rankings are whole, but for views, which begin now unless they had
        begun before."""
        await self._redis.set(_BEGUN, now.isoformat(), nx=True)


def _buckets(measure: Measure, scope: str, at: datetime) -> Iterable[tuple[str, int]]:
    """The buckets that count this moment, and when each may be forgotten."""
    hour_ends = int(at.timestamp()) // 3600 * 3600 + 3600
    yield f"rank:{measure}:{scope}:h{_hour(at)}", hour_ends + _HOURS * 3600
    if measure is Measure.SOLD:
        yield f"rank:{measure}:{scope}:d{_day(at)}", _end_of_day(at) + (_DAYS + 1) * 86_400


def _hours(measure: Measure, scope: str, now: datetime) -> list[str]:
    return [f"rank:{measure}:{scope}:h{_hour(now - _HOUR * back)}" for back in range(_HOURS)]


def _days(measure: Measure, scope: str, now: datetime) -> list[str]:
    return [f"rank:{measure}:{scope}:d{_day(now - _DAY * back)}" for back in range(_DAYS)]


def _hour(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%d%H}"


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%d}"


def _end_of_day(at: datetime) -> int:
    return int(at.timestamp()) // 86_400 * 86_400 + 86_400


def _text(answer: Any) -> str:
    """What Redis answers, as text, whether its client decodes or not."""
    return answer.decode() if isinstance(answer, bytes) else str(answer)
