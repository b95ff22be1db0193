"""A parcel whose goods were bought ahead of stock: it waits, is told, looks by itself, and can be given up."""

from datetime import UTC, datetime, timedelta

from models.fulfillment.errors import IllegalShipmentStep
from models.fulfillment.types import ShipmentStatus
from models.inventory.errors import ReservationReleased
from models.inventory.types import ClaimState
from models.orders.messages import ParcelEnd
from models.payments.types import RefundReason
from tests.workflows.parcels import ADVANCE, REFUND, TAKE, WAIT, WAYBILL, Parcel, units_of
from tests.workflows.sagas import refused
from tests.workflows.scripted import Scripted
from workflows.fulfillment import Fulfillment

S = ShipmentStatus
GIVE_UP = "inventory.release_claims"


async def test_it_is_packed_when_it_is_told_that_its_goods_came(parcel: Parcel, steps: Scripted) -> None:
    parcel.finds(ClaimState.OPEN, ClaimState.COMMITTED)
    await parcel.start(waits=WAIT)
    await parcel.is_now("waiting for its goods")
    await parcel.handle.signal(Fulfillment.goods_came)
    await parcel.is_now(S.SHIPPED)
    assert (steps.names(), parcel.steps_taken()) == ([TAKE, TAKE, ADVANCE, WAYBILL], [S.PICKING])


async def test_goods_that_were_there_before_it_are_taken_at_once(parcel: Parcel, steps: Scripted) -> None:
    parcel.finds(ClaimState.COMMITTED)
    await parcel.start(waits=WAIT)
    await parcel.is_now(S.SHIPPED)
    assert steps.names() == [TAKE, ADVANCE, WAYBILL]


async def test_it_looks_by_itself_when_nobody_tells_it(parcel: Parcel, steps: Scripted) -> None:
    parcel.finds(ClaimState.OPEN, ClaimState.OPEN, ClaimState.COMMITTED)
    await parcel.start(waits=WAIT)
    for looked in (1, 2):
        await parcel.is_now("waiting for its goods")
        assert steps.names().count(TAKE) == looked
        await parcel.sagas.later(parcel.handle, hours=7)
    await parcel.is_now(S.SHIPPED)
    assert steps.names().count(TAKE) == 3


async def test_before_its_release_it_stays_though_its_goods_are_there(parcel: Parcel, steps: Scripted) -> None:
    release = datetime.now(UTC) + timedelta(hours=2)
    parcel.finds(ClaimState.FILLED, ClaimState.COMMITTED, not_before=release)
    await parcel.start(waits=WAIT)
    await parcel.is_now("waiting for its goods")
    await parcel.sagas.later(parcel.handle, hours=2)
    await parcel.is_now(S.SHIPPED)
    assert steps.names() == [TAKE, TAKE, ADVANCE, WAYBILL]


async def test_given_up_it_is_paid_back_and_its_claim_goes_to_who_waits_next(parcel: Parcel, steps: Scripted) -> None:
    parcel.finds(ClaimState.OPEN)
    await parcel.start(waits=WAIT)
    assert (await parcel.give_up()).status is S.STOPPED
    assert await parcel.ended() is ParcelEnd.REFUNDED
    (refund,) = steps.told(REFUND)
    assert (refund.reason, units_of(refund), refund.restock) == (RefundReason.GOODS_NEVER_CAME, 3, False)
    assert [ask.claim_id for ask in steps.told(GIVE_UP)] == [WAIT.claim_id]
    assert steps.told(WAYBILL) == []


async def test_a_parcel_whose_goods_are_there_cannot_be_given_up(parcel: Parcel) -> None:
    await parcel.shipped()
    assert await refused(parcel.give_up()) == "parcel_not_waiting"


async def test_it_ends_with_its_order_whichever_is_heard_first(parcel: Parcel, steps: Scripted) -> None:
    steps.refuse(TAKE, ReservationReleased.of(parcel.order_id))
    await parcel.start(waits=WAIT)
    assert await parcel.ended() is ParcelEnd.STOPPED
    assert (parcel.ends_told(), steps.told(REFUND)) == ([], [])


async def test_goods_that_came_for_a_stopped_parcel_leave_it_stopped(parcel: Parcel, steps: Scripted) -> None:
    parcel.finds(ClaimState.COMMITTED)
    steps.refuse(ADVANCE, IllegalShipmentStep("The parcel is stopped."))
    await parcel.start(waits=WAIT)
    assert await parcel.ended() is ParcelEnd.STOPPED
