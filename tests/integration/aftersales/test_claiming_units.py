"""Which units a case may speak of, judged where every refund of an order meets."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.aftersales.errors import (
    AftersaleConflict,
    AftersaleNotOpen,
    AftersaleWindowOver,
    ClaimExceedsLeft,
    UnitsClaimed,
)
from models.aftersales.messages import Claimed, DropClaim, NarrowClaim, TakeClaim
from models.fulfillment.types import ShipmentStatus
from models.orders.messages import AdvanceOrder, DropReturn, TakeReturn
from models.orders.types import LineRequest, Order, OrderStatus, ReturnProposal
from models.shared import Money
from models.shared.ids import AftersaleId, RefundId, SkuId
from models.shared.refusals import InvalidRequest, NotFound
from tests.integration.orders.shop import BUYER, LATER, OTHER_BUYER, POT, TEA, Shop

DAY = timedelta(days=1)


def case_id(name: str | int) -> AftersaleId:
    return AftersaleId.derive(LATER, str(name))


def units(quantity: int, sku_id: SkuId = TEA.sku_id) -> tuple[LineRequest, ...]:
    return (LineRequest(sku_id=sku_id, quantity=quantity),)


class Arrived:
    """An order of two teas and a pot, signed for."""

    def __init__(self, shop: Shop, order: Order) -> None:
        self.shop, self.order = shop, order

    async def claim(
        self, name: str | int, lines: Sequence[LineRequest] = units(1), at: datetime = LATER, **more: Any
    ) -> Claimed:
        told: dict[str, Any] = {"user_id": BUYER, "shipping": True} | more
        ask = TakeClaim(aftersale_id=case_id(name), order_id=self.order.order_id, lines=tuple(lines), at=at, **told)
        return await self.shop.orders.take_claim(ask, ())

    async def drop(self, name: str | int) -> None:
        await self.shop.orders.drop_claim(DropClaim(aftersale_id=case_id(name), order_id=self.order.order_id))

    async def narrow(self, name: str | int, lines: tuple[LineRequest, ...]) -> ReturnProposal:
        ask = NarrowClaim(aftersale_id=case_id(name), order_id=self.order.order_id, lines=lines, shipping=True)
        return await self.shop.orders.narrow_claim(ask, ())

    async def refund(self, name: str | int, lines: tuple[LineRequest, ...] = units(1), **more: Any) -> ReturnProposal:
        ask = TakeReturn(
            order_id=self.order.order_id, refund_id=RefundId.derive(LATER, str(name)), lines=lines, at=LATER, **more
        )
        return await self.shop.orders.take_return(ask, ())

    async def undo_refund(self, name: str | int) -> None:
        ask = DropReturn(order_id=self.order.order_id, refund_id=RefundId.derive(LATER, str(name)))
        await self.shop.orders.drop_return(ask)

    async def left(self, at: datetime = LATER) -> dict[SkuId, int]:
        found = await self.shop.orders.claimable(self.order.order_id, BUYER, at)
        return {line.sku_id: line.left for line in found.lines}

    async def complete(self) -> None:
        step = AdvanceOrder(
            order_id=self.order.order_id, to=OrderStatus.COMPLETED, at=LATER, aftersale_until=LATER + 15 * DAY
        )
        self.order = await self.shop.orders.advance(step)


async def signed(shop: Shop, name: str = "order", *, parcels: int = 1, of: int | None = None) -> Arrived:
    """The order, `of` whose parcels were signed for, the teas first."""
    order = await shop.paid(name, parcels=parcels)
    teas_first = sorted(await shop.handed_over_of(order), key=lambda each: each.items[0].sku_id != TEA.sku_id)
    for number, parcel in enumerate(teas_first):
        if of is not None and number >= of:
            continue
        shipped = await shop.booked(await shop.moved(parcel, ShipmentStatus.OUTBOUND), waybill=f"W-{name}-{number}")
        await shop.moved(shipped, ShipmentStatus.SIGNED)
    return Arrived(shop, order)


@pytest.fixture
async def arrived(shop: Shop) -> Arrived:
    return await signed(shop)


async def test_a_case_claims_units_and_hears_what_they_bring(arrived: Arrived) -> None:
    claimed = await arrived.claim("a", units(2))
    assert (claimed.proposal.amount, claimed.payment_id) == (Money(minor=2_000), arrived.order.payment_id)
    assert await arrived.claim("a", units(2)) == claimed
    assert await arrived.left() == {TEA.sku_id: 0, POT.sku_id: 1}
    with pytest.raises(AftersaleConflict):
        await arrived.claim("a", units(1))


async def test_two_cases_never_speak_of_one_unit(arrived: Arrived) -> None:
    await arrived.claim("a")
    await arrived.claim("b")
    with pytest.raises(ClaimExceedsLeft) as refused:
        await arrived.claim("c")
    assert refused.value.fields["left"] == 0
    await arrived.drop("a")
    await arrived.drop("a")
    await arrived.claim("c")


async def test_of_twenty_applications_at_once_for_the_last_unit_one_is_granted(arrived: Arrived) -> None:
    await arrived.claim("first")
    answers = await asyncio.gather(*(arrived.claim(n) for n in range(20)), return_exceptions=True)
    assert sum(isinstance(answer, Claimed) for answer in answers) == 1
    assert sum(isinstance(answer, ClaimExceedsLeft) for answer in answers) == 19


async def test_applications_and_refunds_at_once_never_pay_a_unit_twice(arrived: Arrived) -> None:
    calls = [call for n in range(10) for call in (arrived.claim(n), arrived.refund(n))]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    granted = [answer for answer in answers if isinstance(answer, Claimed | ReturnProposal)]
    refusals = [answer for answer in answers if not isinstance(answer, Claimed | ReturnProposal)]
    assert len(granted) == 2
    assert all(isinstance(answer, ClaimExceedsLeft | UnitsClaimed | InvalidRequest) for answer in refusals)


async def test_what_other_refunds_took_is_not_claimed(arrived: Arrived) -> None:
    await arrived.refund("by an operator", units(1))
    assert (await arrived.left())[TEA.sku_id] == 1
    with pytest.raises(ClaimExceedsLeft):
        await arrived.claim("a", units(2))


async def test_a_refund_does_not_take_what_an_open_case_speaks_of(arrived: Arrived) -> None:
    await arrived.claim("a")
    with pytest.raises(UnitsClaimed) as refused:
        await arrived.refund("by an operator", units(2))
    assert refused.value.fields["left"] == 1
    assert (await arrived.refund("by an operator", units(1))).amount == Money(minor=1_000)


async def test_the_refund_of_a_case_takes_its_own_units_once(arrived: Arrived) -> None:
    await arrived.claim("a")
    assert (await arrived.refund("of a", aftersale_id=case_id("a"))).amount == Money(minor=1_000)
    await arrived.drop("a")  # a claim that has paid stays
    assert (await arrived.left())[TEA.sku_id] == 1
    await arrived.undo_refund("of a")
    assert (await arrived.left())[TEA.sku_id] == 1
    await arrived.drop("a")
    assert (await arrived.left())[TEA.sku_id] == 2


async def test_what_an_operator_keeps_back_no_later_refund_brings(arrived: Arrived) -> None:
    lowered = await arrived.refund("lowered", at_most=Money(minor=300))
    assert (lowered.amount, lowered.withheld) == (Money(minor=300), Money(minor=700))
    assert (await arrived.refund("rest")).amount == Money(minor=1_000)
    assert (await arrived.refund("pot", units(1, POT.sku_id), at_most=Money(minor=9_999))).amount == Money(minor=3_000)


async def test_a_narrowed_claim_gives_the_other_units_free(arrived: Arrived) -> None:
    await arrived.claim("a", units(2))
    assert (await arrived.narrow("a", units(1))).amount == Money(minor=1_000)
    assert (await arrived.left())[TEA.sku_id] == 1
    with pytest.raises(AftersaleConflict):
        await arrived.narrow("a", units(2))


async def test_another_buyers_order_is_not_there(arrived: Arrived) -> None:
    with pytest.raises(NotFound):
        await arrived.claim("a", user_id=OTHER_BUYER)
    with pytest.raises(NotFound):
        await arrived.shop.orders.claimable(arrived.order.order_id, OTHER_BUYER, LATER)


async def test_nothing_is_claimed_before_something_arrived(shop: Shop) -> None:
    for count, order in enumerate([await shop.paid("paid"), (await signed(shop, "on its way", of=0)).order]):
        with pytest.raises(AftersaleNotOpen):
            await Arrived(shop, order).claim(count)


async def test_before_completion_only_signed_parcels_count(shop: Shop) -> None:
    arrived = await signed(shop, parcels=2, of=1)
    assert await arrived.left() == {TEA.sku_id: 2, POT.sku_id: 0}
    with pytest.raises(ClaimExceedsLeft):
        await arrived.claim("a", units(1, POT.sku_id))


async def test_the_refund_of_a_parcel_that_never_came_leaves_the_claims_of_the_other_alone(shop: Shop) -> None:
    arrived = await signed(shop, parcels=2, of=1)
    await arrived.claim("a", units(2))
    await arrived.refund("lost", units(1, POT.sku_id))
    assert await arrived.left() == {TEA.sku_id: 0, POT.sku_id: 0}


async def test_the_window_closes_fifteen_days_after_completion(arrived: Arrived) -> None:
    await arrived.complete()
    until = LATER + 15 * DAY
    assert (await arrived.shop.orders.claimable(arrived.order.order_id, BUYER, until)).open_until == until
    await arrived.claim("in time", at=until)
    with pytest.raises(AftersaleWindowOver) as refused:
        await arrived.claim("late", at=until + timedelta(seconds=1))
    assert refused.value.fields["open_until"] == until.isoformat()
