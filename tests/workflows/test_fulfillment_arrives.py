"""A parcel on its way: tracked, signed for by whoever, lost, damaged, refused, sent back, found after all."""

import asyncio

import pytest

from channels.carrier.errors import CarrierRefused
from models.fulfillment.messages import ExceptionDecision
from models.fulfillment.types import ExceptionKind, ShipmentStatus
from models.inventory.errors import SoldOut
from models.orders.messages import ParcelEnd
from models.payments.types import RefundReason
from tests.workflows.parcels import (
    ADVANCE,
    COMMIT,
    FINISH,
    PLAN,
    REDIRECT,
    REFUND,
    RESERVE,
    TRACK,
    WAYBILL,
    Parcel,
    report,
    units_of,
)
from tests.workflows.sagas import code_of, refused
from tests.workflows.scripted import Scripted

S, E = ShipmentStatus, ExceptionKind
RESHIP, GIVE_BACK = ExceptionDecision.RESHIP, ExceptionDecision.REFUND
SOLD_OUT = SoldOut("Nothing is left.", lines=[])


async def test_a_carrier_reports_delivery_then_signature(shipped: Parcel, steps: Scripted) -> None:
    signed = report(S.SIGNED, minutes=90)
    await shipped.tracked(report(S.DELIVERED))
    await shipped.is_now(S.DELIVERED)
    await shipped.tracked(signed)
    assert await shipped.ended() is ParcelEnd.SIGNED
    assert steps.names() == [WAYBILL, TRACK, FINISH]
    (finish,) = steps.told(FINISH)
    assert (finish.step.actor, finish.step.event, finish.step.at) == ("carrier", signed.event, signed.event.at)


@pytest.mark.parametrize("actor", ["operator:1", "buyer"])
async def test_people_sign_for_a_parcel_too(shipped: Parcel, steps: Scripted, actor: str) -> None:
    assert (await shipped.sign_off(actor)).status is S.SIGNED
    assert await shipped.ended() is ParcelEnd.SIGNED
    (finish,) = steps.told(FINISH)
    assert (finish.step.actor, finish.step.detail) == (actor, "left with the neighbour")


async def test_reports_that_lead_nowhere_change_nothing(shipped: Parcel, steps: Scripted) -> None:
    shipped.ignores(S.SHIPPED, S.EXCEPTION)
    delivered = report(S.DELIVERED)
    await shipped.tracked(delivered, delivered, report(S.SHIPPED, minutes=5), report(S.EXCEPTION, E.LOST, minutes=6))
    await shipped.sagas.called(TRACK, times=3)  # the doubled one is looked at once
    await shipped.is_now("delivered, waiting for the next report")
    await shipped.tracked(report(S.SIGNED), report(S.SIGNED))
    assert await shipped.ended() is ParcelEnd.SIGNED
    assert shipped.ends_told() == [ParcelEnd.SIGNED]


async def test_two_who_sign_at_once_are_both_answered_and_the_end_is_told_once(
    shipped: Parcel, steps: Scripted
) -> None:
    answers = await asyncio.gather(shipped.sign_off("buyer"), shipped.sign_off("operator:1"), return_exceptions=True)
    assert any(not isinstance(answer, BaseException) and answer.status is S.SIGNED for answer in answers)
    assert await shipped.ended() is ParcelEnd.SIGNED
    assert {message.step.to for message in steps.told(FINISH)} == {S.SIGNED}


@pytest.mark.parametrize("kind", [E.LOST, E.DAMAGED])
async def test_a_parcel_that_never_comes_whole_is_refunded_when_an_operator_says_so(
    shipped: Parcel, steps: Scripted, kind: ExceptionKind
) -> None:
    assert (await shipped.trouble(kind)).status is S.EXCEPTION
    await shipped.is_now("an operator")
    assert steps.told(ADVANCE)[0].detail == "the carrier called"
    await shipped.decide(GIVE_BACK)
    assert await shipped.ended() is ParcelEnd.REFUNDED
    (refund,) = steps.told(REFUND)
    assert (refund.reason, refund.by_lines, units_of(refund), refund.restock) == (
        RefundReason.PARCEL_LOST,
        True,
        3,
        False,
    )
    assert (shipped.steps_taken(), shipped.ends_told()) == ([S.EXCEPTION, S.STOPPED], [ParcelEnd.REFUNDED])


@pytest.fixture
async def lost(shipped: Parcel) -> Parcel:
    """A parcel that its carrier has lost."""
    await shipped.tracked(report(S.EXCEPTION, E.LOST))
    await shipped.is_now("an operator (lost)")
    return shipped


async def test_a_lost_parcel_is_sent_again_from_the_shelf(lost: Parcel, steps: Scripted) -> None:
    await lost.decide(RESHIP)
    await lost.sagas.called(WAYBILL, times=2)
    await lost.is_now(S.SHIPPED)
    assert steps.names() == [WAYBILL, TRACK, PLAN, RESERVE, COMMIT, ADVANCE, WAYBILL]
    assert steps.told(RESERVE)[0].destination.city == "Beijing"
    assert steps.told(RESERVE)[0].order_id == steps.told(COMMIT)[0].order_id == lost.again_id
    await lost.tracked(report(S.SIGNED, minutes=9_000))
    assert await lost.ended() is ParcelEnd.SIGNED
    assert (steps.told(REFUND), lost.ends_told()) == ([], [ParcelEnd.SIGNED])


async def test_a_parcel_lost_twice_may_be_sent_twice_or_refunded(lost: Parcel, steps: Scripted) -> None:
    await lost.decide(RESHIP)
    await lost.sagas.called(WAYBILL, times=2)
    await lost.is_now(S.SHIPPED)
    await lost.tracked(report(S.EXCEPTION, E.LOST, minutes=9_000))
    await lost.is_now("an operator (lost)")
    await lost.decide(GIVE_BACK)
    assert await lost.ended() is ParcelEnd.REFUNDED
    assert len(steps.told(REFUND)) == 1


async def test_sold_out_goods_cannot_be_sent_again_and_the_operator_decides_anew(lost: Parcel, steps: Scripted) -> None:
    steps.refuse(RESERVE, SOLD_OUT, times=1)
    assert await refused(lost.decide(RESHIP)) == "sold_out"
    await lost.decide(GIVE_BACK)
    assert await lost.ended() is ParcelEnd.REFUNDED
    assert (steps.told(COMMIT), lost.steps_taken()) == ([], [S.STOPPED])


async def test_of_two_decisions_at_once_one_counts(lost: Parcel, steps: Scripted) -> None:
    answers = await asyncio.gather(lost.decide(RESHIP), lost.decide(GIVE_BACK), return_exceptions=True)
    (other,) = [answer for answer in answers if isinstance(answer, BaseException)]
    if steps.told(RESERVE):
        assert code_of(other) == "parcel_not_waiting"
        await lost.is_now(S.SHIPPED)
        assert steps.told(REFUND) == []
    else:
        assert await lost.ended() is ParcelEnd.REFUNDED


async def test_a_lost_parcel_that_is_found_needs_no_decision(lost: Parcel, steps: Scripted) -> None:
    await lost.tracked(report(S.DELIVERED, minutes=90))
    await lost.is_now(S.DELIVERED)
    assert await refused(lost.decide(GIVE_BACK)) == "parcel_not_waiting"
    await lost.sign_off()
    assert await lost.ended() is ParcelEnd.SIGNED
    assert steps.told(REFUND) == []


async def test_a_late_signature_is_weighed_by_the_store_once_the_parcel_counts_as_lost(
    lost: Parcel, steps: Scripted
) -> None:
    lost.ignores(S.SIGNED)
    await lost.tracked(report(S.SIGNED, minutes=1))
    await lost.sagas.called(TRACK, times=2)
    await lost.is_now("an operator (lost)")
    assert steps.told(FINISH) == []


async def test_an_undecided_parcel_is_brought_up_again_and_waits(lost: Parcel, steps: Scripted) -> None:
    before = steps.names()
    await lost.sagas.later(lost.handle, days=3)
    await lost.is_now("an operator (lost)")
    assert steps.names() == before


@pytest.mark.parametrize("resellable", [True, False])
async def test_a_parcel_refused_at_the_door_comes_back_and_is_refunded(
    shipped: Parcel, steps: Scripted, resellable: bool
) -> None:
    await shipped.tracked(report(S.EXCEPTION, E.REFUSED))
    await shipped.is_now(S.RETURNING)
    shipped.ignores(S.SIGNED, S.DELIVERED)
    await shipped.tracked(report(S.SIGNED, minutes=90))
    assert await refused(shipped.sign_off()) == "parcel_not_waiting"
    assert (await shipped.receive_back(resellable=resellable)).status is S.RETURNED
    assert await shipped.ended() is ParcelEnd.REFUNDED
    (refund,) = steps.told(REFUND)
    assert (refund.reason, refund.by_lines, units_of(refund), refund.restock) == (
        RefundReason.PARCEL_REFUSED,
        True,
        3,
        resellable,
    )
    assert (shipped.steps_taken(), shipped.ends_told()) == ([S.RETURNING, S.RETURNED], [ParcelEnd.REFUNDED])


@pytest.fixture
async def astray(shipped: Parcel) -> Parcel:
    """A parcel on its way whose address turned out wrong."""
    await shipped.trouble(E.ADDRESS_ERROR)
    await shipped.is_now("the buyer to correct the address")
    return shipped


async def test_the_carrier_is_told_the_corrected_address(astray: Parcel, steps: Scripted) -> None:
    await astray.corrected()
    await astray.is_now(S.SHIPPED)
    assert steps.names() == [WAYBILL, ADVANCE, REDIRECT, ADVANCE]
    await astray.tracked(report(S.SIGNED))
    assert await astray.ended() is ParcelEnd.SIGNED


async def test_a_carrier_may_refuse_the_new_address_too(astray: Parcel, steps: Scripted) -> None:
    steps.refuse(REDIRECT, CarrierRefused("There is no such street either."), times=1)
    await astray.corrected()
    await astray.is_now("another correction")
    await astray.corrected()
    await astray.is_now(S.SHIPPED)
    assert len(steps.told(REDIRECT)) == 2


async def test_a_parcel_whose_address_nobody_corrects_comes_back(astray: Parcel, steps: Scripted) -> None:
    await astray.sagas.later(astray.handle, days=3, minutes=1)
    await astray.is_now(S.RETURNING)
    await astray.receive_back()
    assert await astray.ended() is ParcelEnd.REFUNDED
    assert astray.steps_taken() == [S.EXCEPTION, S.RETURNING, S.RETURNED]


async def test_a_parcel_that_waits_for_an_address_may_still_arrive(astray: Parcel, steps: Scripted) -> None:
    await astray.tracked(report(S.DELIVERED, minutes=90))
    await astray.is_now(S.DELIVERED)
    await astray.sign_off()
    assert await astray.ended() is ParcelEnd.SIGNED


async def test_what_does_not_fit_a_parcel_is_refused(shipped: Parcel) -> None:
    asked = [shipped.dispatch(whole=True), shipped.decide(RESHIP), shipped.receive_back()]
    assert [await refused(asking) for asking in asked] == ["parcel_not_waiting"] * 3


@pytest.mark.parametrize("name", [TRACK, PLAN, RESERVE, COMMIT, ADVANCE, FINISH])
async def test_a_step_on_the_way_that_fails_a_while_is_repeated(shipped: Parcel, steps: Scripted, name: str) -> None:
    steps.fail(name, times=2)
    await shipped.tracked(report(S.EXCEPTION, E.LOST))
    await shipped.is_now("an operator (lost)")
    await shipped.decide(RESHIP)
    await shipped.sagas.called(WAYBILL, times=2)
    await shipped.is_now(S.SHIPPED)
    await shipped.sign_off()
    assert await shipped.ended() is ParcelEnd.SIGNED
    calls = steps.told(name)
    assert (len(calls), len(set(map(repr, calls)))) == (3, 1)
