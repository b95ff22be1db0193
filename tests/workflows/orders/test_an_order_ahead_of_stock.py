"""An order of which a part is not there yet: a parcel of its own that waits, and everything given back when it is called off."""

from datetime import UTC, datetime, timedelta

from models.inventory.ahead import ClaimsReleased
from models.inventory.messages import ReserveStock
from models.inventory.types import Claim, Reservation, SellsAhead
from models.orders.messages import ParcelEnd
from models.orders.types import OrderStatus
from models.shared.ids import ClaimId
from tests.unit.orders.baskets import SHOP
from tests.workflows.orders.one_order import HAND_OVER, OPEN, POT, REFUND, RESERVE, TEA, THERE, OneOrder
from tests.workflows.scripted import Scripted

GIVE_UP = "inventory.release_claims"
PROMISED = datetime(2027, 1, 10, 9, tzinfo=UTC)


def _pot_is_not_there(order: OneOrder, steps: Scripted) -> None:
    whole = steps.answer_of(RESERVE)

    def reserved(ask: ReserveStock) -> Reservation:
        held: Reservation = whole(ask)
        at = PROMISED - timedelta(days=14)
        claim = Claim(
            claim_id=ClaimId.derive(at, ask.order_id),
            order_id=ask.order_id,
            warehouse_id=THERE,
            merchant_id=SHOP,
            sku_id=POT.sku_id,
            quantity=1,
            policy=SellsAhead.BACKORDER,
            ships_by=PROMISED,
            claimed_at=at,
            changed_at=at,
        )
        there = tuple(part for part in held.allocations if part.sku_id == TEA.sku_id)
        return held.model_copy(update={"allocations": there, "ahead": (claim,)})

    steps.answer(RESERVE, reserved)
    steps.answer(GIVE_UP, ClaimsReleased(released=()))


async def test_what_is_not_there_is_a_parcel_of_its_own_and_the_buyer_is_told_when_it_ships(
    order: OneOrder, steps: Scripted
) -> None:
    _pot_is_not_there(order, steps)
    placed = await order.place()
    assert [(late.sku_id, late.quantity, late.ships_by) for late in placed.late] == [(POT.sku_id, 1, PROMISED)]
    (opened,) = steps.told(OPEN)
    assert [(parcel.items[0].sku_id, parcel.waits is not None) for parcel in opened.parcels] == [
        (TEA.sku_id, False),
        (POT.sku_id, True),
    ]
    await order.payment_ends()
    await order.at("fulfilling")
    assert steps.told(HAND_OVER)[0].parcels == opened.parcels
    await order.parcels_end(ParcelEnd.SIGNED, ParcelEnd.SIGNED)
    await order.confirm()
    assert await order.result() == OrderStatus.COMPLETED
    assert steps.told(GIVE_UP) == []


async def test_called_off_after_payment_its_claims_are_given_up_before_the_money_and_the_goods_go_back(
    order: OneOrder, steps: Scripted
) -> None:
    _pot_is_not_there(order, steps)
    await order.fulfilling()
    await order.cancel()
    assert await order.result() == OrderStatus.CANCELLED
    names = steps.names()
    assert names.index(GIVE_UP) < names.index(REFUND)
    (refund,) = steps.told(REFUND)
    assert (refund.restock, sum(line.quantity for line in refund.lines)) == (True, 3)


async def test_an_order_of_what_is_there_gives_no_claims_up(order: OneOrder, steps: Scripted) -> None:
    await order.fulfilling()
    await order.cancel()
    await order.result()
    assert GIVE_UP not in steps.names()
