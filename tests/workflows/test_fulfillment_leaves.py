"""A parcel from the shelf to a carrier: let out, picked short, stopped, refused, kept waiting."""

import pytest

from channels.carrier.errors import CarrierRefused, CarrierUnknown
from models.fulfillment.errors import IllegalShipmentStep, PickedTooMuch, ShipmentStopped
from models.fulfillment.types import ExceptionKind, Outbound, ShipmentStatus
from models.orders.messages import ParcelEnd
from models.orders.types import LineRequest
from models.payments.types import RefundReason
from tests.workflows.parcels import ADVANCE, FINISH, ITEMS, POT, REFUND, TEA, WAYBILL, Parcel, report, units_of
from tests.workflows.sagas import refused
from tests.workflows.scripted import Scripted

S = ShipmentStatus
ONE_TEA = LineRequest(sku_id=TEA, quantity=1)
STOPPED = ShipmentStopped("The order was called off.")
NO_STEP = IllegalShipmentStep("The parcel is stopped.")


async def test_an_automatic_parcel_leaves_with_its_waybill(parcel: Parcel, steps: Scripted) -> None:
    await parcel.start()
    await parcel.is_now(S.SHIPPED)
    assert steps.names() == [WAYBILL]
    assert steps.told(WAYBILL)[0].let_out


async def test_a_signed_parcel_costs_nineteen_events_at_most(parcel: Parcel, steps: Scripted) -> None:
    await (await parcel.shipped()).tracked(report(S.SIGNED))
    assert await parcel.ended() is ParcelEnd.SIGNED
    events = [event async for event in parcel.handle.fetch_history_events()]
    assert len(events) <= 19, [event.event_type for event in events]


async def test_a_manual_parcel_waits_for_the_warehouse(parcel: Parcel, steps: Scripted) -> None:
    await parcel.start(Outbound.MANUAL)
    await parcel.is_now("waiting for the warehouse")
    assert steps.names() == []
    assert (await parcel.dispatch(whole=True)).status is S.OUTBOUND
    await parcel.is_now(S.SHIPPED)
    assert (parcel.steps_taken(), steps.told(REFUND)) == ([S.OUTBOUND], [])
    assert steps.told(ADVANCE)[0].actor == "operator:1"
    assert not steps.told(WAYBILL)[0].let_out


async def test_what_was_not_found_is_paid_back_and_the_rest_is_sent(parcel: Parcel, steps: Scripted) -> None:
    await parcel.start(Outbound.MANUAL)
    await parcel.dispatch(ONE_TEA)
    await parcel.is_now(S.SHIPPED)
    assert steps.told(ADVANCE)[0].picked == (ONE_TEA,)
    (refund,) = steps.told(REFUND)
    assert [(line.sku_id, line.quantity) for line in refund.lines] == [(TEA, 1), (POT, 1)]
    assert (refund.reason, refund.by_lines, units_of(refund), refund.restock) == (
        RefundReason.SHORT_PICK,
        True,
        2,
        False,
    )


async def test_a_parcel_of_which_nothing_was_found_is_paid_back_once(parcel: Parcel, steps: Scripted) -> None:
    await parcel.start(Outbound.MANUAL)
    await parcel.dispatch()
    assert await parcel.ended() is ParcelEnd.REFUNDED
    assert (parcel.steps_taken(), parcel.ends_told()) == ([S.OUTBOUND, S.STOPPED], [ParcelEnd.REFUNDED])
    assert (len(steps.told(REFUND)), units_of(steps.told(REFUND)[0]), steps.told(WAYBILL)) == (1, 3, [])


@pytest.mark.parametrize("picked", [(ONE_TEA, ONE_TEA), (LineRequest(sku_id=POT, quantity=2),)])
async def test_more_than_belongs_into_it_cannot_be_picked(parcel: Parcel, picked: tuple[LineRequest, ...]) -> None:
    await parcel.start(Outbound.MANUAL)
    assert await refused(parcel.dispatch(*picked)) == "picked_too_much"


async def test_a_dispatch_the_store_refuses_is_refused_to_the_one_who_asked(parcel: Parcel, steps: Scripted) -> None:
    steps.refuse(ADVANCE, PickedTooMuch("Not in this parcel."), times=1)
    await parcel.start(Outbound.MANUAL)
    assert await refused(parcel.dispatch(whole=True)) == "picked_too_much"
    assert (await parcel.dispatch(whole=True)).status is S.OUTBOUND


@pytest.mark.parametrize("outbound", Outbound)
async def test_a_parcel_of_an_order_called_off_first_never_leaves(
    parcel: Parcel, steps: Scripted, outbound: Outbound
) -> None:
    steps.refuse(WAYBILL, STOPPED)
    await parcel.start(outbound)
    await parcel.order_stopped()
    assert await parcel.ended() is ParcelEnd.STOPPED
    assert (steps.told(REFUND), steps.told(FINISH)) == ([], [])


async def test_a_parcel_stopped_at_the_store_before_its_saga_heard_is_not_refunded(
    parcel: Parcel, steps: Scripted
) -> None:
    steps.refuse(WAYBILL, STOPPED)
    await parcel.start()
    assert await parcel.ended() is ParcelEnd.STOPPED
    assert (steps.told(REFUND), steps.told(FINISH)) == ([], [])


async def test_a_dispatch_that_meets_the_end_of_its_order_is_refused(parcel: Parcel, steps: Scripted) -> None:
    steps.refuse(ADVANCE, NO_STEP)
    await parcel.start(Outbound.MANUAL)
    assert await refused(parcel.dispatch(whole=True)) == "illegal_shipment_step"
    await parcel.order_stopped()
    assert await parcel.ended() is ParcelEnd.STOPPED


async def test_a_silent_carrier_is_left_for_the_next(parcel: Parcel, steps: Scripted) -> None:
    def only_sure(booking: object) -> object:
        if getattr(booking, "carrier", "") == "swift":
            raise OSError("no route to the carrier")
        return taken(booking)

    taken = steps.answer_of(WAYBILL)
    steps.answer(WAYBILL, only_sure)
    await parcel.start(carriers=("swift", "sure"))
    await parcel.is_now("its signature (sure")
    asked = [booking.carrier for booking in steps.told(WAYBILL)]
    assert asked[0] == "swift"
    assert asked[-1] == "sure"
    assert asked.count("swift") > 1


async def test_a_carrier_that_is_no_longer_there_is_passed_over_and_none_left_is_waited_for(
    parcel: Parcel, steps: Scripted
) -> None:
    steps.refuse(WAYBILL, CarrierUnknown("There is no such carrier."), times=1)
    await parcel.start()
    await parcel.is_now("a carrier that answers")
    await parcel.sagas.later(parcel.handle, minutes=6)
    await parcel.is_now(S.SHIPPED)
    assert len(steps.told(WAYBILL)) == 2


async def test_an_order_is_called_off_while_no_carrier_answers(parcel: Parcel, steps: Scripted) -> None:
    steps.refuse(WAYBILL, CarrierUnknown("There is no such carrier."))
    await parcel.start()
    await parcel.is_now("a carrier that answers")
    await parcel.order_stopped()
    assert await parcel.ended() is ParcelEnd.STOPPED
    assert steps.names() == [WAYBILL]


@pytest.fixture
async def undeliverable(parcel: Parcel, steps: Scripted) -> Parcel:
    """A parcel whose address its carrier refuses."""
    steps.refuse(WAYBILL, CarrierRefused("There is no such street."), times=1)
    await parcel.start()
    await parcel.is_now("the buyer to correct the address")
    return parcel


async def test_a_corrected_address_lets_the_parcel_leave(undeliverable: Parcel, steps: Scripted) -> None:
    await undeliverable.corrected()
    await undeliverable.is_now(S.SHIPPED)
    assert undeliverable.steps_taken() == [S.EXCEPTION, S.OUTBOUND]
    assert steps.told(ADVANCE)[0].exception is ExceptionKind.ADDRESS_ERROR
    assert len(steps.told(WAYBILL)) == 2


async def test_an_address_that_nobody_corrects_ends_in_a_refund_and_on_the_shelf(
    undeliverable: Parcel, steps: Scripted
) -> None:
    assert await undeliverable.ended() is ParcelEnd.REFUNDED
    (refund,) = steps.told(REFUND)
    assert (units_of(refund), refund.restock, len(refund.lines)) == (3, True, len(ITEMS))
    assert undeliverable.steps_taken() == [S.EXCEPTION, S.STOPPED]
    assert undeliverable.ends_told() == [ParcelEnd.REFUNDED]


async def test_an_order_is_called_off_while_its_address_is_wrong(undeliverable: Parcel, steps: Scripted) -> None:
    await undeliverable.order_stopped()
    assert await undeliverable.ended() is ParcelEnd.STOPPED
    assert (steps.told(REFUND), steps.told(FINISH)) == ([], [])


async def test_an_address_is_refused_while_the_order_is_stopped_at_the_store(parcel: Parcel, steps: Scripted) -> None:
    steps.refuse(WAYBILL, CarrierRefused("There is no such street."))
    steps.refuse(ADVANCE, NO_STEP)
    await parcel.start()
    assert await parcel.ended() is ParcelEnd.STOPPED
    assert (steps.told(REFUND), steps.told(FINISH)) == ([], [])


async def test_a_parcel_that_waits_for_an_address_cannot_be_signed_for(undeliverable: Parcel) -> None:
    assert await refused(undeliverable.sign_off()) == "parcel_not_waiting"


async def test_an_automatic_parcel_is_not_let_out_by_hand(undeliverable: Parcel) -> None:
    assert await refused(undeliverable.dispatch(whole=True)) == "parcel_not_waiting"


async def test_temporal_cannot_call_a_parcel_back(shipped: Parcel, steps: Scripted) -> None:
    await shipped.handle.cancel()
    await shipped.tracked(report(S.SIGNED))
    assert await shipped.ended() is ParcelEnd.SIGNED


@pytest.mark.parametrize("name", [WAYBILL, ADVANCE, REFUND, FINISH])
async def test_a_step_that_fails_a_while_is_repeated(parcel: Parcel, steps: Scripted, name: str) -> None:
    steps.fail(name, times=2)
    await parcel.start(Outbound.MANUAL)
    await parcel.dispatch(ONE_TEA)
    await parcel.is_now(S.SHIPPED)
    await parcel.sign_off()
    assert await parcel.ended() is ParcelEnd.SIGNED
    assert list(dict.fromkeys(steps.names())) == [ADVANCE, REFUND, WAYBILL, FINISH]
    assert (len(steps.told(name)), len(set(map(repr, steps.told(name))))) == (3, 1)
