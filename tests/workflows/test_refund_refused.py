"""Money that cannot go back as it should: the answer is held back from nobody, and a person decides."""

import asyncio

import pytest

from api.edge.sagas import ask_starting
from channels.payment.errors import ChannelUnknown
from models.inventory.errors import RestockExceedsSold
from models.orders.errors import RefundAboveTotal
from models.payments.errors import RefundExceedsRest
from models.payments.messages import RefundDecision, RefundHeld, RefundLegState, payment_of
from models.payments.types import RefundState
from models.shared import Refusal
from tests.workflows.refunds import CARD, REFUSED, WALLET, WENT_BACK, Refunding, cny, leg, says
from tests.workflows.sagas import Sagas, code_of, refused
from tests.workflows.scripted import Scripted
from workflows.refund import Refund

AGAIN = leg("card again", 7_000)
RETRY, OTHER_MEANS = RefundDecision.RETRY, RefundDecision.OTHER_MEANS


@pytest.fixture
async def undecided(refunding: Refunding, steps: Scripted, sagas: Sagas) -> Refunding:
    """A refund that its channel refused for good."""
    steps.answer("payments.send_refund_leg", REFUSED)
    await refunding.begin()
    await sagas.until(refunding.handle, "waiting for an operator")
    return refunding


def too_much(refunding: Refunding) -> RefundExceedsRest:
    return RefundExceedsRest.of(payment_of(refunding.order_id), cny(0))


async def test_who_asks_for_too_much_is_told_and_nothing_has_happened(refunding: Refunding, steps: Scripted) -> None:
    steps.refuse("payments.hold_refund", too_much(refunding))
    assert await refused(refunding.begin()) == "refund_exceeds_rest"
    assert await refunding.ended() is RefundState.REFUSED
    assert steps.names() == ["payments.hold_refund"]


async def test_a_refusal_that_nobody_heard_is_told_to_who_asks_again(
    refunding: Refunding, steps: Scripted, sagas: Sagas
) -> None:
    """Temporal kept the start and lost the wish that came with it; so nobody listened when it was refused."""
    steps.refuse("payments.hold_refund", too_much(refunding))
    await refunding.start(asked_for=True)
    assert await refunding.ended() is RefundState.REFUSED
    for _ in range(2):
        with pytest.raises(Refusal) as told:
            await ask_starting(
                sagas.client,
                Refund.begin,
                None,
                refunding.starting(),
                "begin/1",
                refunding.handle.id,
                refusal=Refund.refusal,
            )
        no = too_much(refunding)
        assert (told.value.code, told.value.detail) == (no.code, no.detail)
    assert steps.names() == ["payments.hold_refund"]


async def test_goods_that_a_saga_brings_back_are_restocked_though_no_money_is_left(
    refunding: Refunding, steps: Scripted
) -> None:
    steps.refuse("payments.hold_refund", too_much(refunding))
    await refunding.start()
    assert await refunding.ended() is RefundState.REFUSED
    assert steps.names() == ["payments.hold_refund", "inventory.restock"]


async def test_a_final_no_gives_the_hold_back_and_waits_for_an_operator(undecided: Refunding, steps: Scripted) -> None:
    (released,) = steps.told("payments.release_refund")
    assert released.detail == "sandbox_card: account closed"
    assert "payments.book_refund" not in steps.names()
    assert "orders.record_refund" not in steps.names()


async def test_another_try_goes_over_new_legs(undecided: Refunding, steps: Scripted) -> None:
    undecided.goes_over(AGAIN)
    steps.answer("payments.send_refund_leg", says(RefundLegState.SUCCEEDED, AGAIN))
    answer = await undecided.decide(RETRY)
    assert (answer.state, answer.amount) == (RETRY, cny(7_000))
    assert await undecided.ended() is RefundState.SUCCEEDED
    assert [ref.leg_id for ref in steps.told("payments.send_refund_leg")] == [CARD.leg_id, AGAIN.leg_id]
    assert len(steps.told("inventory.restock")) == len(steps.told("orders.record_refund")) == 1


async def test_a_try_may_be_refused_again_and_again(undecided: Refunding, steps: Scripted, sagas: Sagas) -> None:
    for times in (2, 3):
        await undecided.decide(RETRY)
        await sagas.called("payments.release_refund", times)
        await sagas.until(undecided.handle, "waiting for an operator")
    await undecided.decide(OTHER_MEANS)
    assert await undecided.ended() is RefundState.OTHER_MEANS


async def test_paid_by_other_means_is_booked_and_told_as_any_refund(undecided: Refunding, steps: Scripted) -> None:
    assert (await undecided.decide(OTHER_MEANS)).state == OTHER_MEANS
    assert await undecided.ended() is RefundState.OTHER_MEANS
    assert steps.told("payments.refund_by_other_means")[0].actor == "operator:2"
    assert "payments.book_refund" not in steps.names()
    assert len(steps.told("inventory.restock")) == len(steps.told("orders.record_refund")) == 1


async def test_a_decision_that_cannot_be_carried_out_is_refused_and_the_refund_waits_on(
    undecided: Refunding, steps: Scripted
) -> None:
    steps.refuse("payments.refund_by_other_means", too_much(undecided), times=1)
    assert await refused(undecided.decide(OTHER_MEANS)) == "refund_exceeds_rest"
    await undecided.decide(OTHER_MEANS)
    assert await undecided.ended() is RefundState.OTHER_MEANS


async def test_a_refund_of_which_nothing_is_left_waits_for_nobody_once_it_is_tried_again(
    undecided: Refunding, steps: Scripted
) -> None:
    """Other refunds have taken all of it meanwhile: no decision could ever be carried out, and the goods are back."""
    steps.refuse("payments.hold_refund", too_much(undecided), times=1)
    assert await refused(undecided.decide(RETRY)) == "refund_exceeds_rest"
    assert await undecided.ended() is RefundState.REFUSED
    assert len(steps.told("inventory.restock")) == 1
    assert not steps.told("orders.record_refund")


async def test_of_two_decisions_at_once_one_counts(undecided: Refunding, steps: Scripted) -> None:
    steps.answer("payments.send_refund_leg", says(RefundLegState.PROCESSING))
    answers = await asyncio.gather(undecided.decide(RETRY), undecided.decide(RETRY), return_exceptions=True)
    (lost,) = [answer for answer in answers if isinstance(answer, BaseException)]
    assert code_of(lost) == "no_refund_decision_needed"


async def test_an_undecided_refund_waits_as_long_as_it_takes(
    undecided: Refunding, sagas: Sagas, steps: Scripted
) -> None:
    before = steps.names()
    await sagas.later(undecided.handle, days=3)
    await sagas.until(undecided.handle, "waiting for an operator")
    assert steps.names() == before


async def test_a_leg_that_is_refused_does_not_keep_the_others_back(
    refunding: Refunding, steps: Scripted, sagas: Sagas
) -> None:
    refunding.goes_over(CARD, WALLET)
    words = {CARD.leg_id: REFUSED, WALLET.leg_id: says(RefundLegState.SUCCEEDED, WALLET)}
    steps.answer("payments.send_refund_leg", lambda ref: words.get(ref.leg_id, WENT_BACK))
    await refunding.begin()
    await sagas.until(refunding.handle, "waiting for an operator")
    assert len(steps.told("payments.send_refund_leg")) == 2
    whole = RefundHeld(refund_id=refunding.refund_id, amount=cny(10_000), legs=(AGAIN,))
    steps.answer("payments.hold_refund", whole)
    await refunding.decide(RETRY)
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert steps.told("orders.record_refund")[0].amount == cny(10_000)


async def test_a_channel_that_is_no_longer_there_is_asked_again_later(refunding: Refunding, steps: Scripted) -> None:
    steps.refuse("payments.send_refund_leg", ChannelUnknown("There is no channel x."), times=1)
    steps.refuse("payments.ask_refund_leg", ChannelUnknown("There is no channel x."), times=2)
    steps.answer("payments.ask_refund_leg", WENT_BACK)
    await refunding.start()
    assert await refunding.ended() is RefundState.SUCCEEDED
    assert "payments.release_refund" not in steps.names()


async def test_books_that_disagree_do_not_stop_a_refund_whose_money_is_gone(
    refunding: Refunding, steps: Scripted
) -> None:
    steps.refuse("inventory.restock", RestockExceedsSold("More than was sold."))
    steps.refuse("orders.record_refund", RefundAboveTotal("More than the order cost."))
    await refunding.start()
    assert await refunding.ended() is RefundState.SUCCEEDED
