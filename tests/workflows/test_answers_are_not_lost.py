"""A signal that arrives while a run answers and ends loses neither the answer nor what was done."""

from datetime import UTC, datetime, timedelta

import pytest

from api.edge.sagas import ask_running
from models.aftersales.messages import Withdraw
from models.aftersales.types import AftersaleState
from models.fulfillment.messages import SignOff
from models.fulfillment.types import ExceptionKind, Outbound, ShipmentStatus, TrackingState
from models.inventory.messages import ArriveTransfer
from models.inventory.transfers import TransferState
from models.orders.errors import OrderNotOpen
from models.payments.errors import RefundExceedsRest
from models.payments.messages import RefundDecision, payment_of
from models.payments.types import RefundState
from tests.workflows.aftersales import DROP, REFUND, OneCase
from tests.workflows.parcels import FINISH, Parcel, report
from tests.workflows.refunds import REFUSED, Refunding, cny
from tests.workflows.sagas import Sagas, refused
from tests.workflows.scripted import Scripted
from tests.workflows.transfers import RECEIVE, Lorry
from workers.queues import SAGAS
from workflows.aftersale import Aftersale
from workflows.beginning import MayRefuseToBegin
from workflows.fulfillment import Fulfillment
from workflows.refund import Refund
from workflows.transfer import TransferSaga

HOLD = "payments.hold_refund"
LATER = datetime.now(UTC) + timedelta(hours=1)


async def test_a_sign_off_that_a_tracking_report_made_the_run_forget_is_asked_again(
    shipped: Parcel, steps: Scripted
) -> None:
    async def carrier_reports() -> None:
        await shipped.handle.signal(Fulfillment.tracking_reported, report(ShipmentStatus.DELIVERED))

    steps.meanwhile(FINISH, carrier_reports)
    wish = SignOff(actor="buyer", at=LATER)
    signed = await ask_running(shipped.handle, Fulfillment.sign_off, wish, "sign_off/1")
    assert signed.status is ShipmentStatus.SIGNED
    await shipped.ended()
    events = [event async for event in shipped.handle.fetch_history_events()]
    assert any(event.HasField("workflow_task_failed_event_attributes") for event in events)


async def test_a_parcel_received_back_answers_though_a_report_comes(shipped: Parcel, steps: Scripted) -> None:
    async def carrier_reports() -> None:
        await shipped.handle.signal(Fulfillment.tracking_reported, report(ShipmentStatus.DELIVERED))

    await shipped.trouble(ExceptionKind.REFUSED)
    await shipped.is_now(ShipmentStatus.RETURNING)
    steps.meanwhile(FINISH, carrier_reports)
    assert (await shipped.receive_back()).status is ShipmentStatus.RETURNED
    await shipped.ended()
    assert len(steps.told(FINISH)) == 1


async def test_a_dispatch_that_found_nothing_answers_though_a_report_comes(parcel: Parcel, steps: Scripted) -> None:
    async def carrier_reports() -> None:
        await parcel.handle.signal(Fulfillment.tracking_reported, report(ShipmentStatus.DELIVERED))

    await parcel.start(Outbound.MANUAL)
    await parcel.is_now("picking")
    steps.meanwhile(FINISH, carrier_reports)
    assert (await parcel.dispatch()).status is ShipmentStatus.OUTBOUND
    await parcel.ended()
    assert len(steps.told(FINISH)) == 1


async def test_a_parcel_that_nobody_asked_ends_without_a_pause(shipped: Parcel, steps: Scripted) -> None:
    await shipped.tracked(report(ShipmentStatus.SIGNED))
    await shipped.ended()
    events = [event async for event in shipped.handle.fetch_history_events()]
    assert not any(event.HasField("timer_started_event_attributes") for event in events)


async def test_the_last_arrival_of_a_transfer_is_answered_though_another_wish_comes(
    sagas: Sagas, steps: Scripted
) -> None:
    lorry = Lorry(sagas)
    await lorry.begin()
    await lorry.dispatch()

    async def cancelled_in_temporal() -> None:
        await lorry.handle.cancel()

    steps.meanwhile(RECEIVE, cancelled_in_temporal)
    answer = await ask_running(lorry.handle, TransferSaga.arrive, ArriveTransfer(actor="operator:1"), "arrive/1")
    assert answer.state is TransferState.COMPLETED
    assert len(steps.told(RECEIVE)) == 1


async def test_a_withdrawn_after_sale_answers_though_a_carrier_reports(sagas: Sagas, steps: Scripted) -> None:
    case = await OneCase(sagas).returned()

    async def carrier_reports() -> None:
        await case.carrier_says(TrackingState.SIGNED)

    steps.meanwhile(DROP, carrier_reports)
    answer = await ask_running(case.handle, Aftersale.withdraw, Withdraw(), "withdraw/1")
    assert answer.state is AftersaleState.WITHDRAWN
    assert await case.ended() == AftersaleState.WITHDRAWN
    assert len(steps.told(DROP)) == 1


async def test_a_refund_that_is_refused_answers_though_a_callback_comes(refunding: Refunding, steps: Scripted) -> None:
    async def channel_reports() -> None:
        await refunding.handle.signal(Refund.refund_reported, REFUSED)

    steps.refuse(HOLD, RefundExceedsRest.of(payment_of(refunding.order_id), cny(0)))
    steps.meanwhile(HOLD, channel_reports)
    assert await refused(refunding.begin()) == RefundExceedsRest.code
    await refunding.ended()
    assert len(steps.told(HOLD)) == 1


async def test_a_decided_refund_answers_though_a_callback_comes(
    refunding: Refunding, steps: Scripted, sagas: Sagas
) -> None:
    async def channel_reports() -> None:
        await refunding.handle.signal(Refund.refund_reported, REFUSED)

    steps.answer("payments.send_refund_leg", REFUSED)
    await refunding.begin()
    await sagas.until(refunding.handle, "waiting for an operator")
    steps.meanwhile("orders.record_refund", channel_reports)
    assert (await refunding.decide(RefundDecision.OTHER_MEANS)).state == RefundDecision.OTHER_MEANS
    assert await refunding.ended() is RefundState.OTHER_MEANS
    assert len(steps.told("orders.record_refund")) == 1


def test_every_process_that_may_refuse_to_begin_tells_the_reason_also_after_its_end() -> None:
    asked = [saga for saga in SAGAS if hasattr(saga, "begin")]
    assert len(asked) >= 5
    assert all(issubclass(saga, MayRefuseToBegin) for saga in asked)


async def test_who_asks_a_run_that_never_was_is_told_that_it_is_over(sagas: Sagas) -> None:
    nobody = sagas.handle(Fulfillment.run, "fulfillment/never-was")
    with pytest.raises(OrderNotOpen):
        await ask_running(nobody, Fulfillment.sign_off, SignOff(actor="buyer", at=LATER), "x", OrderNotOpen("Over."))


async def test_what_an_after_sale_heard_is_written_down_before_anything_is_done_for_it(
    sagas: Sagas, steps: Scripted
) -> None:
    # Whatever is done in the task that hears a wish is done anew when its worker dies, perhaps after something else was heard.
    case = await OneCase(sagas).returned()
    await case.inspect()
    await case.ended()
    since_a_wish = ""
    async for event in case.handle.fetch_history_events():
        if event.HasField("workflow_execution_update_accepted_event_attributes"):
            since_a_wish = event.workflow_execution_update_accepted_event_attributes.accepted_request.input.name
        if event.HasField("timer_fired_event_attributes"):
            since_a_wish = ""
        done = event.HasField("marker_recorded_event_attributes")
        assert not (done and since_a_wish not in ("", "begin")), since_a_wish
    assert len(steps.told(REFUND)) == 1


async def test_a_refused_parcel_takes_no_two_steps_in_one_task(shipped: Parcel) -> None:
    # Temporal hears of both together or of none, and the first could not be taken again after the second.
    await shipped.trouble(ExceptionKind.REFUSED)
    await shipped.is_now(ShipmentStatus.RETURNING)
    in_one_task = most = 0
    async for event in shipped.handle.fetch_history_events():
        if event.HasField("workflow_task_completed_event_attributes"):
            in_one_task = 0
        in_one_task += event.HasField("marker_recorded_event_attributes")
        most = max(most, in_one_task)
    assert most == 1
