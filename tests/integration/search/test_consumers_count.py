"""What the process that consumes events does about them: each order and each batch counts once, and nothing that is lost stays lost."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bus.envelope import Envelope, decode, encode
from models.orders.events import OrderPaid
from models.products.events import ProductsViewed, Viewed
from models.search.rankings import Counted, RankingName, Sale
from models.shared.events import Event
from models.shared.ids import OrderId, SpuId
from stores.orders import OrderStore
from stores.products import ProductStore
from stores.search import RankingStore
from tests.conftest import OpenDatabase
from tests.integration.orders.shop import Shop
from tests.integration.products.catalogue import Catalogue, open_catalogue
from workers.ranking_counts import RankingCounts

NOW = datetime.now(UTC)
"""Redis forgets old buckets by its own clock, so these tests live today."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def rankings(redis_url: str) -> AsyncIterator[RankingStore]:
    async with Redis.from_url(redis_url) as redis:
        await redis.flushdb()
        yield RankingStore(redis)


@pytest.fixture
async def catalogue(database: OpenDatabase, tmp_path: Path) -> Catalogue:
    return await open_catalogue(await database("products"), tmp_path)


def sale(name: str, spu_id: SpuId, units: int, ago: timedelta = timedelta(0)) -> Sale:
    counted = (Counted(spu_id=spu_id, category_ids=(), amount=units),)
    return Sale(order_id=OrderId.derive(NOW, name), paid_at=NOW - ago, counted=counted)


async def test_views_count_once_for_each_batch_in_the_shop_and_in_each_category(
    database: OpenDatabase, rankings: RankingStore, catalogue: Catalogue
) -> None:
    shirt = await catalogue.on_sale("shirt")
    counts = RankingCounts(OrderStore(await database("orders")), ProductStore(catalogue.db), rankings, lambda: NOW)
    unknown = SpuId.derive(NOW, "never was")
    views = (Viewed(spu_id=shirt.spu_id, times=3), Viewed(spu_id=unknown, times=9))
    event = ProductsViewed(occurred_at=NOW, batch="b1", views=views)
    for _ in range(2):
        await counts.products_viewed(_travelled(event))
    for category_id in (None, catalogue.clothes.category_id, catalogue.shirts.category_id):
        ranked = await rankings.top(RankingName.MOST_VIEWED, category_id, NOW, 10)
        assert [(one.spu_id, one.amount) for one in ranked] == [(shirt.spu_id, 3)]


async def test_a_day_and_a_week_go_by(rankings: RankingStore) -> None:
    spu_id = SpuId.derive(NOW, "shirt")
    for name, units, ago in (("now", 1, HOUR * 0), ("yesterday", 2, HOUR * 26), ("last week", 4, DAY * 8)):
        await rankings.count_sale(sale(name, spu_id, units, ago))
    day = await rankings.top(RankingName.BEST_SELLERS_24H, None, NOW, 1)
    week = await rankings.top(RankingName.BEST_SELLERS_7D, None, NOW, 1)
    assert ([one.amount for one in day], [one.amount for one in week]) == ([1], [3])
    assert await rankings.sales_of([spu_id], NOW) == {spu_id: 3}


async def test_what_redis_lost_is_counted_again_from_the_orders(
    database: OpenDatabase, redis_url: str, rankings: RankingStore
) -> None:
    orders = await database("orders")
    order = await Shop(orders).paid()
    async with orders.transaction() as tx:
        await tx.execute("UPDATE orders SET placed_at = $1, paid_at = $1", NOW)
    now, tea = NOW, order.lines[0]
    counts = RankingCounts(OrderStore(orders), ProductStore(await database("products")), rankings, lambda: now)
    event = OrderPaid(occurred_at=NOW, order_id=order.order_id, user_id=order.user_id, total=order.total, lines=())
    await counts.order_paid(_travelled(event))
    told = await rankings.top(RankingName.BEST_SELLERS_24H, None, now, 5)
    assert {one.spu_id: one.amount for one in told} == {line.spu_id: line.quantity for line in order.lines}
    assert await counts.count_from_the_databases(lost=True) == 0, "what an event told is not counted twice"

    async with Redis.from_url(redis_url) as redis:
        await redis.flushdb()
    assert await rankings.begun() is None
    assert await counts.count_from_the_databases(lost=True) == 1
    assert await rankings.begun() == now
    assert await rankings.top(RankingName.BEST_SELLERS_24H, None, now, 5) == told
    await counts.order_paid(_travelled(event))
    assert await rankings.sales_of([tea.spu_id], now) == {tea.spu_id: tea.quantity}


def _travelled(event: Event) -> Envelope:
    record = encode(event, {})
    return decode(record.key, record.value, record.headers)
