"""After-sales as their saga sees them: judged, audited, sent back, inspected, paid; and every way that ends without money."""

import asyncio

import pytest

from channels.carrier.errors import CarrierRefused
from models.aftersales.errors import ClaimExceedsLeft, EvidenceUnknown, ReturnWaybillTaken
from models.aftersales.events import told
from models.aftersales.types import AftersaleKind as K
from models.aftersales.types import AftersaleState as S
from models.aftersales.types import ReturnWaybill
from models.fulfillment.errors import ReturnUnderWay
from models.fulfillment.rules import exchange_id
from models.fulfillment.types import TrackingState
from models.inventory.errors import RestockExceedsSold, SoldOut
from models.orders.messages import Placement
from models.orders.types import LineRequest
from models.shared import Money
from models.shared.done import Done
from models.shared.ids import AftersaleId
from tests.workflows.aftersales import (
    ADVANCE,
    BOOK,
    CALL_OFF,
    CLAIM,
    COMMIT,
    DROP,
    NARROW,
    OPEN,
    OTHER_PARCEL,
    PARCEL,
    PLAN,
    POT,
    REFUND,
    RELEASE,
    RESERVE,
    RESTOCK,
    SEND,
    T0,
    TEA,
    WAYBILL,
    OneCase,
    not_held,
)
from tests.workflows.sagas import Sagas, refused
from tests.workflows.scripted import Scripted


@pytest.fixture
def case(sagas: Sagas) -> OneCase:
    """A return that the rule approves."""
    return OneCase(sagas)


@pytest.fixture
def audited(sagas: Sagas) -> OneCase:
    """A refund without return that an operator decides."""
    return OneCase(sagas, kind=K.REFUND_ONLY, approved=False)


# ---- refund only ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("placement", ["inline", "queue"])
async def test_a_refund_that_the_rule_approves_is_paid_at_once(
    sagas: Sagas, steps: Scripted, placement: Placement
) -> None:
    case = OneCase(sagas, placement, K.REFUND_ONLY)
    assert (await case.apply()).state is S.REFUNDING
    assert await case.ended() == S.REFUNDED
    assert steps.names() == [CLAIM, OPEN, ADVANCE, REFUND, ADVANCE]
    (refund,) = case.refunds()
    assert (refund.by_lines, refund.shipping, refund.restock, refund.aftersale_id) == (
        True,
        True,
        False,
        case.application.aftersale_id,
    )
    assert case.case is not None
    assert case.case.refunded == Money(minor=5_000)
    assert case.case.automatic


async def test_an_operator_approves_with_less(audited: OneCase) -> None:
    assert (await audited.apply()).state is S.AUDITING
    assert await refused(audited.approve(at_most=5_000)) == "refund_not_lower"
    assert await audited.approve(at_most=4_000) is S.REFUNDING
    assert await audited.ended() == S.REFUNDED
    assert [refund.at_most for refund in audited.refunds()] == [Money(minor=4_000)]


async def test_a_rejection_is_appealed_once_and_then_final(audited: OneCase, steps: Scripted) -> None:
    await audited.apply()
    assert await audited.reject() is S.REJECTED
    assert await audited.appeal() is S.AUDITING
    assert await audited.reject() is S.CLOSED
    assert await audited.ended() == S.CLOSED
    assert audited.states() == ["auditing", "rejected", "auditing", "closed"]
    assert steps.names().count(DROP) == 1
    assert audited.refunds() == []


async def test_an_appeal_may_be_granted(audited: OneCase, steps: Scripted) -> None:
    await audited.apply()
    await audited.reject()
    await audited.appeal()
    await audited.approve()
    assert await audited.ended() == S.REFUNDED
    assert DROP not in steps.names()


async def test_a_rejection_that_nobody_appeals_closes_the_case(audited: OneCase, steps: Scripted) -> None:
    await audited.apply()
    await audited.reject()
    await audited.later(days=7, minutes=1)
    assert await audited.ended() == S.CLOSED
    assert steps.names()[-2:] == [DROP, ADVANCE]


async def test_an_undecided_case_is_brought_up_daily_and_escalated_once(audited: OneCase) -> None:
    await audited.apply()
    await audited.later(days=1, minutes=1)
    await audited.is_now("auditing (overdue)")
    await audited.later(days=2)
    await audited.sagas.called(ADVANCE, 2)
    await audited.later(days=3)
    await audited.is_now("auditing (overdue)")
    assert [step.changes.escalated for step in audited.steps.told(ADVANCE)] == [None, True]
    assert await audited.approve() is S.REFUNDING


# ---- the buyer and operators may end it ----------------------------------------------------------------------------------


async def test_a_withdrawn_case_gives_its_units_free_before_it_says_so(audited: OneCase, steps: Scripted) -> None:
    await audited.apply()
    assert await audited.withdraw() is S.WITHDRAWN
    assert await audited.ended() == S.WITHDRAWN
    assert steps.names() == [CLAIM, OPEN, ADVANCE, DROP, ADVANCE]


async def test_goods_on_their_way_can_be_withdrawn_and_received_ones_not(case: OneCase) -> None:
    await case.returned()
    await case.receive()
    assert await refused(case.withdraw()) == "aftersale_not_waiting"
    await case.close()
    assert await case.ended() == S.CLOSED


async def test_each_wish_at_the_wrong_time_is_refused(case: OneCase) -> None:
    await case.apply()
    for early in (
        case.approve(),
        case.receive(),
        case.inspect(),
        case.appeal(),
        case.try_refund(),
        case.choose(refund=True),
    ):
        assert await refused(early) == "aftersale_not_waiting"
    assert await case.withdraw() is S.WITHDRAWN


async def test_wishes_that_no_longer_fit_when_their_turn_comes_are_refused(case: OneCase, steps: Scripted) -> None:
    go = asyncio.Event()

    async def held_up() -> None:
        await go.wait()

    await case.returned()
    steps.meanwhile(ADVANCE, held_up)
    received = asyncio.create_task(case.receive())
    await case.sagas.called(ADVANCE, 3)
    late = asyncio.create_task(refused(case.withdraw()))
    await asyncio.sleep(0.1)
    go.set()
    assert await received is S.RECEIVED
    assert await late == "aftersale_not_waiting"


async def test_what_cannot_be_claimed_never_was_a_case(case: OneCase, steps: Scripted) -> None:
    steps.refuse(CLAIM, ClaimExceedsLeft.of(case.order_id, TEA, 2, 1))
    assert await refused(case.apply()) == "claim_exceeds_left"
    assert await case.ended() is None
    assert steps.names() == [CLAIM, DROP]


async def test_a_case_that_is_refused_gives_its_units_free(case: OneCase, steps: Scripted) -> None:
    steps.refuse(OPEN, EvidenceUnknown("There is no such picture."))
    steps.fail(DROP, times=2)
    assert await refused(case.apply()) == "evidence_unknown"
    assert await case.ended() is None
    assert steps.names() == [CLAIM, OPEN, DROP, DROP, DROP]


async def test_temporals_cancel_is_heard_and_let_pass(case: OneCase) -> None:
    await case.returned()
    await case.handle.cancel()
    await case.inspect()
    assert await case.ended() == S.REFUNDED


# ---- return and refund ---------------------------------------------------------------------------------------------------


async def test_returned_goods_are_received_inspected_and_paid(case: OneCase, steps: Scripted) -> None:
    assert (await case.apply()).state is S.AWAITING_RETURN
    assert await case.send_back() is S.RETURNING
    assert await case.receive() is S.RECEIVED
    assert await case.inspect(resellable=1) is S.REFUNDING
    assert await case.ended() == S.REFUNDED
    assert steps.names(WAYBILL) == [CLAIM, OPEN, *[ADVANCE] * 3, RESTOCK, ADVANCE, REFUND, ADVANCE]
    (restock,) = steps.told(RESTOCK)
    assert [(line.sku_id, line.quantity) for line in restock.lines] == [(TEA, 1)]


async def test_goods_that_are_inspected_at_once_were_received(case: OneCase) -> None:
    await case.returned()
    assert await case.inspect() is S.REFUNDING
    await case.ended()
    assert case.states() == ["awaiting_return", "returning", "received", "refunding", "refunded"]


async def test_an_inspection_may_accept_a_part(case: OneCase, steps: Scripted) -> None:
    await case.returned()
    assert await refused(case.inspect(tea=3)) == "inspection_mismatch"
    assert await case.inspect(tea=1, pot=0) is S.REFUNDING
    await case.ended()
    one_tea = (LineRequest(sku_id=TEA, quantity=1),)
    assert [ask.lines for ask in steps.told(NARROW)] == [one_tea]
    (refund,) = case.refunds()
    assert [(line.sku_id, line.quantity) for line in refund.lines] == [(TEA, 1)]
    assert case.case is not None
    assert (case.case.proposed, case.case.accepted) == (Money(minor=1_000), one_tea)


async def test_an_inspection_that_accepts_nothing_can_be_appealed_and_is_made_again(case: OneCase) -> None:
    await case.returned()
    assert await case.inspect(tea=0, pot=0) is S.REJECTED
    assert await case.appeal() is S.RECEIVED
    assert await case.inspect(pot=0) is S.REFUNDING
    assert await case.ended() == S.REFUNDED


async def test_a_return_that_is_never_sent_expires(case: OneCase, steps: Scripted) -> None:
    await case.apply()
    await case.later(days=7, minutes=1)
    assert await case.ended() == S.EXPIRED
    assert steps.names() == [CLAIM, OPEN, ADVANCE, DROP, ADVANCE]


async def test_someone_is_reminded_of_goods_that_do_not_come_and_of_an_inspection_that_waits(case: OneCase) -> None:
    await case.returned()
    await case.later(days=15, minutes=1)
    await case.is_now("returning (overdue)")
    await case.receive()
    await case.later(days=2, minutes=1)
    await case.is_now("received (overdue)")
    await case.inspect()
    assert await case.ended() == S.REFUNDED


async def test_an_operator_lowers_the_refund_more_than_once(case: OneCase) -> None:
    await case.returned()
    assert await case.lower(4_000) is S.RETURNING
    assert await refused(case.lower(4_000)) == "refund_not_lower"
    await case.lower(3_500)
    await case.inspect()
    await case.ended()
    assert [refund.at_most for refund in case.refunds()] == [Money(minor=3_500)]


async def test_a_waybill_of_another_case_is_refused_and_the_case_waits_on(case: OneCase, steps: Scripted) -> None:
    steps.refuse(WAYBILL, ReturnWaybillTaken("Look at the slip again."), times=1)
    await case.apply()
    assert await refused(case.send_back()) == "return_waybill_taken"
    assert await case.send_back() is S.RETURNING


async def test_a_carrier_fetches_the_goods_and_says_when_they_are_here(case: OneCase, steps: Scripted) -> None:
    await case.apply()
    assert await case.pick_up() is S.RETURNING
    assert case.case is not None
    assert case.case.return_waybill == ReturnWaybill(carrier="sandbox", waybill="SBX0002")
    for state in (TrackingState.COLLECTED, TrackingState.SIGNED, TrackingState.SIGNED):
        await case.carrier_says(state)
    await case.is_now("received")
    await case.inspect()
    assert await case.ended() == S.REFUNDED
    assert [step.actor for step in steps.told(ADVANCE)][2] == "carrier"


async def test_a_carrier_that_refuses_leaves_the_case_waiting(case: OneCase, steps: Scripted) -> None:
    steps.refuse(BOOK, CarrierRefused("Nobody drives there."), times=1)
    await case.apply()
    assert await refused(case.pick_up()) == "carrier_refused"
    assert await case.send_back() is S.RETURNING
    assert await case.withdraw() is S.WITHDRAWN
    assert CALL_OFF not in steps.names()


async def test_a_withdrawal_calls_the_pick_up_off_unless_the_carrier_has_the_goods(
    case: OneCase, steps: Scripted
) -> None:
    steps.refuse(CALL_OFF, ReturnUnderWay("The carrier has it."), times=1)
    await case.apply()
    await case.pick_up()
    assert await refused(case.withdraw()) == "return_under_way"
    assert await case.withdraw() is S.WITHDRAWN
    assert steps.names()[-4:] == [CALL_OFF, CALL_OFF, DROP, ADVANCE]


async def test_goods_that_a_carrier_lost_are_brought_up(case: OneCase) -> None:
    await case.apply()
    await case.pick_up()
    await case.carrier_says(TrackingState.LOST)
    await case.is_now("returning (overdue)")
    assert await case.inspect() is S.REFUNDING  # an operator decides in the buyer's favour
    assert await case.ended() == S.REFUNDED


# ---- exchange ------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def inspected(sagas: Sagas) -> OneCase:
    """An exchange whose goods are here."""
    case = OneCase(sagas, kind=K.EXCHANGE)
    await case.apply()
    await case.send_back()
    await case.receive()
    return case


@pytest.mark.parametrize("placement", ["inline", "queue"])
async def test_another_piece_is_reserved_sent_and_signed_for(
    sagas: Sagas, steps: Scripted, placement: Placement
) -> None:
    case = OneCase(sagas, placement, K.EXCHANGE)
    await case.returned()
    assert await case.inspect(resellable=1) is S.REPLACING
    await case.is_now("replacement_sent")
    await case.parcel_ends(PARCEL)
    await case.parcel_ends(OTHER_PARCEL)
    assert await case.ended() == S.EXCHANGED
    assert steps.names(WAYBILL, ADVANCE) == [CLAIM, OPEN, RESTOCK, PLAN, RESERVE, COMMIT, SEND, DROP]
    assert case.refunds() == []
    assert case.case is not None
    assert case.case.shipment_id == PARCEL


async def test_what_of_a_replacement_does_not_arrive_is_paid_back(inspected: OneCase) -> None:
    await inspected.inspect()
    await inspected.parcel_ends(PARCEL, LineRequest(sku_id=TEA, quantity=1))
    await inspected.parcel_ends(OTHER_PARCEL, LineRequest(sku_id=TEA, quantity=1))
    assert await inspected.ended() == S.REFUNDED
    (refund,) = inspected.refunds()
    assert [(line.sku_id, line.quantity) for line in refund.lines] == [(TEA, 2)]


async def test_a_sold_out_replacement_is_offered_as_money(inspected: OneCase, steps: Scripted) -> None:
    steps.refuse(RESERVE, SoldOut.short([(TEA, 2, 1)]))
    await inspected.inspect()
    await inspected.is_now("sold_out")
    assert await inspected.choose(refund=True) is S.REFUNDING
    assert await inspected.ended() == S.REFUNDED
    assert not {COMMIT, RELEASE, SEND, DROP} & set(steps.names())


async def test_a_sold_out_replacement_is_paid_when_nobody_chooses(inspected: OneCase, steps: Scripted) -> None:
    steps.refuse(RESERVE, SoldOut.short([(TEA, 2, 1)]))
    await inspected.inspect()
    await inspected.is_now("sold_out")
    await inspected.later(days=7, minutes=1)
    assert await inspected.ended() == S.REFUNDED


async def test_a_buyer_may_wait_for_a_replacement(inspected: OneCase, steps: Scripted) -> None:
    steps.refuse(RESERVE, SoldOut.short([(TEA, 2, 1)]), times=2)
    await inspected.inspect()
    await inspected.is_now("sold_out")
    await inspected.lower(4_500)
    assert await inspected.choose(refund=False) is S.REPLACING
    await inspected.is_now("sold_out")
    await inspected.choose(refund=False)
    await inspected.is_now("replacement_sent")
    assert await refused(inspected.close()) == "aftersale_not_waiting"
    await inspected.parcel_ends(PARCEL)
    await inspected.parcel_ends(OTHER_PARCEL)
    assert await inspected.ended() == S.EXCHANGED


async def test_what_came_with_an_exchange_goes_back_on_its_shelf(sagas: Sagas, steps: Scripted) -> None:
    case = OneCase(sagas)
    case.exchanged = (AftersaleId.derive(T0, "earlier"),)
    steps.refuse(RESTOCK, RestockExceedsSold.of(case.order_id, [(TEA, 1, 0)]), times=1)
    await case.returned()
    await case.inspect(resellable=1)
    assert await case.ended() == S.REFUNDED
    assert [ask.order_id for ask in steps.told(RESTOCK)] == [case.order_id, exchange_id(case.exchanged[0])]


# ---- the refund ----------------------------------------------------------------------------------------------------------


async def test_a_refund_for_which_no_money_is_left_waits_for_an_operator(audited: OneCase, steps: Scripted) -> None:
    audited.pays = [not_held()]
    await audited.apply()
    await audited.approve()
    await audited.is_now("refund_refused")
    await audited.later(days=1, minutes=1)
    await audited.is_now("refund_refused (overdue)")
    assert await audited.lower(2_000) is S.REFUND_REFUSED
    assert await audited.try_refund() is S.REFUNDING
    assert await audited.ended() == S.REFUNDED
    first, second = audited.refunds()
    assert first.refund_id != second.refund_id
    assert second.at_most == Money(minor=2_000)


async def test_a_refused_refund_may_be_closed(audited: OneCase, steps: Scripted) -> None:
    audited.pays = [not_held("units_claimed")]
    await audited.apply()
    await audited.approve()
    await audited.is_now("refund_refused")
    assert await audited.close() is S.CLOSED
    assert await audited.ended() == S.CLOSED
    assert steps.names()[-2:] == [DROP, ADVANCE]


async def test_a_refund_takes_as_long_as_its_channel(audited: OneCase) -> None:
    audited.pays = [None]
    await audited.apply()
    await audited.approve()
    await audited.later(days=30)
    await audited.is_now("refunding, waiting for the refund")
    assert await refused(audited.close()) == "aftersale_not_waiting"


# ---- faults --------------------------------------------------------------------------------------------------------------


async def test_each_step_that_fails_is_repeated_and_the_case_goes_its_way(case: OneCase, steps: Scripted) -> None:
    every = [CLAIM, OPEN, ADVANCE, WAYBILL, NARROW, RESTOCK, REFUND]
    for name in every:
        steps.fail(name, times=1)
    await case.returned()
    await case.inspect(pot=0, resellable=1)
    assert await case.ended() == S.REFUNDED
    assert list(dict.fromkeys(steps.names())) == [CLAIM, OPEN, ADVANCE, WAYBILL, NARROW, RESTOCK, REFUND]
    twice = [CLAIM, OPEN, WAYBILL, NARROW, RESTOCK, REFUND]
    assert [(len(told := steps.told(name)), len(set(map(repr, told)))) for name in twice] == [(2, 1)] * len(twice)


async def test_goods_that_cannot_be_shelved_do_not_hold_the_money_up(case: OneCase, steps: Scripted) -> None:
    steps.refuse(RESTOCK, ClaimExceedsLeft.of(case.order_id, POT, 1, 0))
    await case.returned()
    await case.inspect(resellable=2)
    assert await case.ended() == S.REFUNDED


async def test_what_kafka_did_not_take_is_published_before_it_ends(case: OneCase, steps: Scripted) -> None:
    moves = steps.answer_of(ADVANCE)

    def unheard(step: object) -> Done:
        moves(step)
        assert case.case is not None
        return Done(unannounced=(told(case.case),))

    steps.answer(ADVANCE, unheard)
    await case.apply()
    await case.withdraw()
    await case.ended()
    batches = steps.told("bus.publish_events")
    ids = [event.event_id for batch in batches for event in batch.events]
    assert ids == [f"aftersale_changed/{case.application.aftersale_id}/{version}" for version in (2, 3)]
