"""An order is opened once, whatever is repeated or comes late."""

import asyncio

import pytest

from models.orders.errors import IllegalTransition, OrderConflict, OrderDiscarded
from models.orders.quoting import Reductions, price_basket
from models.orders.types import CancelReason, FulfillmentStatus, LineRequest, OrderStatus, PaymentStatus
from models.promotions.offers import DirectCut, FreeShipping
from models.promotions.types import OfferInForce
from models.shared import Money
from tests.integration.orders.shop import LATER, NOW, POT, TEA, Shop, opening, to
from tests.unit.orders.baskets import HOME


async def test_an_opened_order_reads_back_as_it_was_opened(shop: Shop) -> None:
    asked = opening(parcels=2)
    opened = await shop.orders.open_once(asked)
    assert await shop.orders.order(asked.order_id) == opened
    assert (opened.status, opened.payment_status) == (OrderStatus.PENDING_PAYMENT, PaymentStatus.UNPAID)
    assert (opened.lines, opened.parcels, opened.total) == (asked.quote.lines, asked.parcels, Money(minor=5000))
    assert [entry.step for entry in await shop.orders.timeline(asked.order_id)] == ["opened"]


async def test_twenty_openings_at_once_make_one_order(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.orders.open_once(opening()) for _ in range(20)))
    assert {answer.model_dump_json() for answer in answers} == {answers[0].model_dump_json()}
    assert await shop.db.pool.fetchval("SELECT count(*) FROM orders") == 1
    assert len(await shop.orders.timeline(answers[0].order_id)) == 1


async def test_a_repeated_opening_is_answered_with_the_order_as_it_is_by_then(shop: Shop) -> None:
    order = await shop.paid()
    repeated = opening().model_copy(update={"placed_at": LATER})
    assert await shop.orders.open_once(repeated) == order


async def test_other_content_under_the_same_id_is_a_conflict(shop: Shop) -> None:
    await shop.orders.open_once(opening())
    with pytest.raises(OrderConflict):
        await shop.orders.open_once(opening(quantity=3))


async def test_what_offers_and_points_took_off_is_opened_with_the_order(shop: Shop) -> None:
    asked = opening()
    sale = OfferInForce(rule_id="sale", rule_version=2, label="Sale", offer=DirectCut(off=Money(minor=100)))
    far = OfferInForce(rule_id="far", rule_version=1, label="Far", offer=FreeShipping(at=Money(minor=10**9)))
    wanted = [LineRequest(sku_id=line.sku_id, quantity=line.quantity) for line in asked.quote.lines]
    quote = price_basket(wanted, {TEA.sku_id: TEA, POT.sku_id: POT}, (), HOME, Reductions((sale, far), True, 50))
    assert quote.missed
    opened = await shop.orders.open_once(asked.model_copy(update={"quote": quote}))
    assert await shop.orders.order(asked.order_id) == opened
    assert (opened.lines, opened.points) == (quote.lines, 50)
    assert opened.total == asked.quote.total - Money(minor=3 * 100 + 50)


async def test_what_does_not_add_up_is_never_opened(shop: Shop) -> None:
    asked = opening()
    too_cheap = asked.quote.model_copy(update={"total": Money(minor=1)})
    too_few = asked.parcels[0].model_copy(update={"items": (LineRequest(sku_id=TEA.sku_id, quantity=1),)})
    for wrong in ({"quote": too_cheap}, {"parcels": (too_few,)}, {"parcels": ()}):
        with pytest.raises(ValueError, match=r"quote|parcels"):
            await shop.orders.open_once(asked.model_copy(update=wrong))
    assert await shop.db.pool.fetchval("SELECT count(*) FROM orders") == 0


async def test_discarding_cancels_what_was_opened_and_says_why(shop: Shop) -> None:
    order = await shop.orders.open_once(opening())
    discarded = await shop.orders.discard(order.order_id, LATER)
    assert discarded is not None
    assert (discarded.status, discarded.cancel_reason) == (OrderStatus.CANCELLED, CancelReason.REFUSED)
    assert discarded.fulfillment_status is FulfillmentStatus.STOPPED
    assert await shop.orders.discard(order.order_id, LATER) == discarded
    assert await shop.breaks() == []


async def test_discarding_before_a_late_opening_prevents_it(shop: Shop) -> None:
    for _ in range(2):
        assert await shop.orders.discard(opening().order_id, NOW) is None
    with pytest.raises(OrderDiscarded):
        await shop.orders.open_once(opening())


async def test_opening_and_discarding_at_once_never_leave_an_open_order(shop: Shop) -> None:
    for number in range(20):
        asked = opening(str(number))
        opened, discarded = await asyncio.gather(
            shop.orders.open_once(asked), shop.orders.discard(asked.order_id, LATER), return_exceptions=True
        )
        if isinstance(opened, OrderDiscarded):
            assert discarded is None
        else:
            assert (await shop.orders.order(asked.order_id)).status is OrderStatus.CANCELLED


async def test_a_paid_order_is_not_discarded(shop: Shop) -> None:
    order = await shop.paid()
    with pytest.raises(IllegalTransition):
        await shop.orders.discard(order.order_id, LATER)
    assert (await shop.orders.advance(to(order.order_id, OrderStatus.PAID))).status is OrderStatus.PAID
