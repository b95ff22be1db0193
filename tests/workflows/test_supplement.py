"""`Supplement`: money that came unheard is found, orders that nobody looks after are repaired or shown."""

from datetime import timedelta

import pytest

from models.payments.supplement import AskAttempts, AttemptsAsked, StrandedCase
from tests.workflows.sagas import Sagas
from tests.workflows.supplements import ASK, FIND, LAST, TAKE_UP, TELL_AGAIN, Supplementing, stranded


@pytest.fixture
def supplementing(sagas: Sagas) -> Supplementing:
    return Supplementing(sagas)


async def test_every_channel_with_waiting_payments_is_asked_page_by_page(supplementing: Supplementing) -> None:
    def page(ask: AskAttempts) -> AttemptsAsked:
        more = ask.channel == "sandbox_card" and ask.after is None
        return AttemptsAsked(asked=40 if more else 3, paid=1, closed=1, silent=1, after=LAST if more else None)

    supplementing.waiting_at("sandbox", "sandbox_card")
    supplementing.steps.answer(ASK, page)
    done = await supplementing.run()
    assert (done.asked, done.paid, done.closed, done.silent) == (46, 3, 3, 3)
    assert not done.unfinished
    asked = supplementing.steps.told(ASK)
    assert {(ask.channel, ask.after) for ask in asked} == {
        ("sandbox", None),
        ("sandbox_card", None),
        ("sandbox_card", LAST),
    }
    assert len({ask.moment for ask in asked}) == 1


async def test_a_channel_that_is_down_delays_no_other_and_waits_for_the_next_run(supplementing: Supplementing) -> None:
    def page(ask: AskAttempts) -> AttemptsAsked:
        down = ask.channel == "sandbox"
        return AttemptsAsked(asked=8, silent=8 if down else 0, paid=0 if down else 8, down=down)

    supplementing.waiting_at("sandbox", "sandbox_card")
    supplementing.steps.answer(ASK, page)
    done = await supplementing.run()
    assert (done.channels_down, done.paid, done.silent) == (("sandbox",), 8, 8)
    assert len(supplementing.steps.told(ASK)) == 2


async def test_a_question_that_stays_broken_ends_one_lane_only(supplementing: Supplementing) -> None:
    supplementing.waiting_at("sandbox", "sandbox_card")
    supplementing.steps.fail(ASK, times=7)
    done = await supplementing.run()
    assert done.unfinished
    assert done.asked == 1
    assert supplementing.steps.told(FIND)


async def test_a_payment_window_that_does_not_run_is_run_again(supplementing: Supplementing) -> None:
    left = stranded(StrandedCase.WINDOW_WITHOUT_SAGA)
    supplementing.strands(left)
    done = await supplementing.run()
    assert (done.repaired, done.for_a_person) == ((left,), ())
    (take,) = supplementing.steps.told(TAKE_UP)
    assert take.order_id == left.order_id


async def test_an_order_that_did_not_hear_of_its_payment_is_told_again(supplementing: Supplementing) -> None:
    left = stranded(StrandedCase.SETTLEMENT_UNHEARD)
    supplementing.strands(left)
    done = await supplementing.run()
    assert done.repaired == (left,)
    (told,) = supplementing.steps.told(TELL_AGAIN)
    assert told.order_id == left.order_id


async def test_an_order_whose_own_saga_is_gone_is_left_to_a_person(supplementing: Supplementing) -> None:
    left = stranded(StrandedCase.ORDER_WITHOUT_SAGA)
    supplementing.strands(left)
    done = await supplementing.run()
    assert (done.repaired, done.for_a_person) == ((), (left,))
    assert set(supplementing.steps.names()) == {"supplement.channels_waiting", FIND}


async def test_a_repair_that_stays_broken_is_left_to_a_person_and_the_next_goes_on(
    supplementing: Supplementing,
) -> None:
    broken = stranded(StrandedCase.WINDOW_WITHOUT_SAGA, "the first")
    whole = stranded(StrandedCase.SETTLEMENT_UNHEARD, "the second")
    supplementing.strands(broken, whole)
    supplementing.steps.fail(TAKE_UP)
    done = await supplementing.run()
    assert (done.repaired, done.for_a_person) == ((whole,), (broken,))


async def test_looking_goes_back_as_far_as_it_was_told(supplementing: Supplementing) -> None:
    supplementing.waiting_at("sandbox")
    await supplementing.run()
    (asked,), (found,) = supplementing.steps.told(ASK), supplementing.steps.told(FIND)
    assert asked.moment - found.moment == timedelta(minutes=15)
