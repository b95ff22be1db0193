"""Who wins the payment window, and that every channel is asked before it closes; whatever else came goes back."""

import asyncio
from datetime import timedelta

import pytest

from models.orders.messages import SettlementKind
from models.payments.events import PaymentSucceeded
from models.payments.messages import (
    ChannelAnswer,
    OpenAttempts,
    Settled,
    SettleReport,
    SettleResult,
    WindowClosed,
    payment_of,
)
from models.shared import Money
from models.shared.refusals import NotFound
from tests.unit.orders.baskets import NOW
from tests.workflows.orders.one_window import (
    ASK,
    CARD,
    CLOSE,
    CLOSE_WINDOW,
    OPEN_ATTEMPTS,
    PUBLISH,
    SETTLE,
    WALLET,
    OneWindow,
    report,
    worth,
)
from tests.workflows.scripted import Scripted

BOTH = pytest.mark.parametrize("window", ["inline", "queue"], indirect=True)
PAID, EXPIRED, CANCELLED = SettlementKind.PAID, SettlementKind.EXPIRED, SettlementKind.CANCELLED


def found_paid(source: str = "poll") -> ChannelAnswer:
    """The channel says that the card was paid."""
    return ChannelAnswer(attempt_id=CARD, state="paid", report=report(CARD, event=f"{source}/1", source=source))


def says_for_the_card(answer: ChannelAnswer, otherwise: str) -> object:
    """The channel says this about the card, and something without news about any other attempt."""

    def say(ask: object) -> ChannelAnswer:
        attempt_id = getattr(ask, "attempt_id", None)
        if attempt_id == CARD:
            return answer
        return ChannelAnswer.model_validate({"attempt_id": attempt_id, "state": otherwise})

    return say


# ---- paid in time ----------------------------------------------------------------------------------------------------


@BOTH
async def test_a_callback_pays_the_order(window: OneWindow, steps: Scripted) -> None:
    await window.open()
    await window.reported(report())
    assert await window.result() == PAID
    assert steps.names() == [SETTLE]
    (booked,) = await window.settled()
    assert (booked.order_id, booked.report) == (window.order_id, report())


@BOTH
async def test_an_order_is_paid_in_parts_on_several_channels(window: OneWindow, steps: Scripted) -> None:
    steps.answer(SETTLE, worth(SettleResult.PART))
    await window.open()
    await window.reported(report(CARD, "e1"))
    await window.settled()
    steps.answer(SETTLE, worth(SettleResult.PAID))
    await window.reported(report(WALLET, "e2"))
    assert await window.result() == PAID
    assert steps.names() == [SETTLE, SETTLE]


async def test_attempts_that_are_still_open_are_closed_once_the_order_is_paid(
    window: OneWindow, steps: Scripted
) -> None:
    steps.answer(SETTLE, worth(SettleResult.PAID, still_open=(WALLET,)))
    await window.open()
    await window.reported(report())
    assert await window.result() == PAID
    assert window.closed_at_channels() == [WALLET]


async def test_an_attempt_that_turns_out_paid_when_it_is_closed_is_booked_as_surplus(
    window: OneWindow, steps: Scripted
) -> None:
    def settle(ask: SettleReport) -> Settled:
        if ask.report.event_id == "e1":
            return worth(SettleResult.PAID, still_open=(CARD,))
        return worth(SettleResult.SURPLUS)

    steps.answer(SETTLE, settle)
    steps.answer(CLOSE, found_paid(source="close"))
    await window.open()
    await window.reported(report(WALLET))
    assert await window.result() == PAID
    assert [ask.report.source for ask in await window.settled(2)] == ["callback", "close"]


@pytest.mark.parametrize("result", [SettleResult.SURPLUS, SettleResult.MISMATCH, SettleResult.KNOWN])
async def test_money_that_is_not_kept_leaves_the_window_open(
    window: OneWindow, steps: Scripted, result: SettleResult
) -> None:
    steps.answer(SETTLE, worth(result))
    await window.open()
    await window.reported(report())
    await window.settled()
    assert "waiting for money" in await window.handle.query("progress")
    steps.answer(SETTLE, worth(SettleResult.PAID))
    await window.reported(report(event="e2"))
    assert await window.result() == PAID


async def test_a_report_booked_by_a_worker_that_died_then_still_ends_the_window(
    window: OneWindow, steps: Scripted
) -> None:
    steps.answer(SETTLE, Settled(result=SettleResult.KNOWN, paid=True))
    await window.open()
    await window.reported(report())
    assert await window.result() == PAID


async def test_duplicate_callbacks_are_booked_again_and_change_nothing(window: OneWindow, steps: Scripted) -> None:
    seen: set[str] = set()

    def settle(ask: SettleReport) -> Settled:
        known = ask.report.event_id in seen
        seen.add(ask.report.event_id)
        return worth(SettleResult.KNOWN if known else SettleResult.PART)

    steps.answer(SETTLE, settle)
    await window.open()
    await window.reported(report(), report(), report())
    await window.settled(3)
    steps.answer(SETTLE, worth(SettleResult.PAID))
    await window.reported(report(WALLET, "e2"))
    assert await window.result() == PAID


async def test_a_report_that_nobody_can_book_does_not_end_the_window(window: OneWindow, steps: Scripted) -> None:
    steps.refuse(SETTLE, NotFound("There is no such attempt."), times=1)
    await window.open()
    await window.reported(report(WALLET, "stray"), report())
    assert await window.result() == PAID
    assert len(steps.told(SETTLE)) == 2


@pytest.mark.parametrize("times", [2, 5])
async def test_a_booking_that_fails_for_a_while_succeeds_in_the_end(
    window: OneWindow, steps: Scripted, times: int
) -> None:
    steps.fail(SETTLE, times)
    await window.open()
    await window.reported(report())
    assert await window.result() == PAID
    assert len(steps.told(SETTLE)) == times + 1


# ---- the window ends -------------------------------------------------------------------------------------------------


@BOTH
async def test_the_end_of_the_window_asks_every_channel_then_closes_there_then_reports(
    window: OneWindow, steps: Scripted
) -> None:
    await window.open()
    await window.later(minutes=29)
    assert "waiting for money" in await window.handle.query("progress")
    await window.later(minutes=2)
    assert await window.result() == EXPIRED
    assert steps.names() == [OPEN_ATTEMPTS, ASK, CLOSE, ASK, CLOSE, CLOSE_WINDOW]
    assert window.asked() == window.closed_at_channels() == [CARD, WALLET]
    assert (window.closing().kind, window.closing().payment_id) == (EXPIRED, payment_of(window.order_id))


async def test_a_lost_callback_is_found_by_asking(window: OneWindow, steps: Scripted) -> None:
    steps.answer(ASK, says_for_the_card(found_paid(), "pending"))
    await window.open()
    await window.later(minutes=31)
    assert await window.result() == PAID
    assert steps.names() == [OPEN_ATTEMPTS, ASK, SETTLE]


async def test_a_payment_found_while_closing_at_the_channel_counts(window: OneWindow, steps: Scripted) -> None:
    steps.answer(CLOSE, says_for_the_card(found_paid(source="close"), "closed"))
    await window.open()
    await window.later(minutes=31)
    assert await window.result() == PAID
    assert CLOSE_WINDOW not in steps.names()


async def test_a_callback_that_comes_while_channels_are_asked_still_wins(window: OneWindow, steps: Scripted) -> None:
    async def callback() -> None:
        await window.reported(report())

    steps.meanwhile(ASK, callback)
    await window.open()
    await window.later(minutes=31)
    assert await window.result() == PAID
    assert CLOSE_WINDOW not in steps.names()


async def test_money_that_completed_the_payment_as_it_was_closed_counts(window: OneWindow, steps: Scripted) -> None:
    steps.answer(CLOSE_WINDOW, WindowClosed(kind=PAID))
    await window.open()
    await window.later(minutes=31)
    assert await window.result() == PAID


@pytest.mark.parametrize("window", ["queue"], indirect=True)
async def test_a_report_that_comes_while_the_window_closes_is_booked_too(window: OneWindow, steps: Scripted) -> None:
    async def callback() -> None:
        await window.reported(report())
        await asyncio.sleep(0.2)

    steps.answer(SETTLE, worth(SettleResult.SURPLUS))
    steps.meanwhile(CLOSE_WINDOW, callback)
    await window.open()
    await window.later(minutes=31)
    assert await window.result() == EXPIRED
    assert steps.names()[-1] == SETTLE


async def test_a_window_without_attempts_closes_at_once(window: OneWindow, steps: Scripted) -> None:
    steps.answer(OPEN_ATTEMPTS, OpenAttempts(attempt_ids=()))
    await window.open()
    await window.later(minutes=31)
    assert await window.result() == EXPIRED
    assert steps.names() == [OPEN_ATTEMPTS, CLOSE_WINDOW]


@pytest.mark.parametrize("step", [OPEN_ATTEMPTS, ASK, CLOSE, CLOSE_WINDOW])
@BOTH
async def test_a_step_of_closing_that_fails_for_a_while_succeeds_in_the_end(
    window: OneWindow, steps: Scripted, step: str
) -> None:
    steps.fail(step, 2)
    await window.open()
    await window.stop()
    assert await window.result() == CANCELLED
    calls = len(steps.told(step))
    assert calls == 2 + (2 if step in (ASK, CLOSE) else 1)


@pytest.mark.parametrize("step", [ASK, CLOSE])
async def test_a_channel_that_refuses_to_answer_does_not_keep_the_order_open(
    window: OneWindow, steps: Scripted, step: str
) -> None:
    steps.refuse(step, NotFound("This channel is no longer wired."))
    await window.open()
    await window.stop()
    assert await window.result() == CANCELLED
    assert window.closed_at_channels() == [CARD, WALLET]


async def test_a_channel_that_stays_silent_for_too_long_does_not_keep_the_order_open(
    window: OneWindow, steps: Scripted
) -> None:
    steps.answer(OPEN_ATTEMPTS, OpenAttempts(attempt_ids=(CARD,)))
    steps.fail(ASK)
    window.silence = timedelta(seconds=1)
    await window.open()
    await window.stop()
    assert await window.result() == CANCELLED
    assert steps.names()[-2:] == [CLOSE, CLOSE_WINDOW]


# ---- stopped ---------------------------------------------------------------------------------------------------------


@BOTH
async def test_an_order_that_no_longer_wants_the_money_closes_the_window(window: OneWindow, steps: Scripted) -> None:
    await window.open()
    await window.stop()
    assert await window.result() == CANCELLED
    assert steps.names() == [OPEN_ATTEMPTS, ASK, CLOSE, ASK, CLOSE, CLOSE_WINDOW]


@pytest.mark.parametrize("window", ["queue"], indirect=True)
async def test_a_payment_that_came_before_the_wish_to_stop_wins(window: OneWindow, steps: Scripted) -> None:
    await window.open()
    steps.meanwhile(SETTLE, window.stop)
    await window.reported(report())
    assert await window.result() == PAID
    assert steps.names() == [SETTLE]


async def test_a_payment_that_is_found_after_the_wish_to_stop_wins_too(window: OneWindow, steps: Scripted) -> None:
    steps.answer(ASK, says_for_the_card(found_paid(), "pending"))
    await window.open()
    await window.stop()
    assert await window.result() == PAID


async def test_temporals_cancel_closes_the_window_and_the_order_hears_of_it(window: OneWindow, steps: Scripted) -> None:
    await window.open()
    await window.handle.cancel()
    assert await window.result() == CANCELLED
    assert steps.names()[-1] == CLOSE_WINDOW


@pytest.mark.parametrize("step", [SETTLE, OPEN_ATTEMPTS, ASK, CLOSE, CLOSE_WINDOW])
async def test_temporals_cancel_breaks_no_step_off(window: OneWindow, steps: Scripted, step: str) -> None:
    steps.answer(SETTLE, worth(SettleResult.PART))
    steps.fail(step)
    await window.open()
    await (window.reported(report()) if step == SETTLE else window.stop())
    await window.called(step, 2 if step in (ASK, CLOSE) else 5)  # by now it is an ordinary activity
    await window.handle.cancel()
    await asyncio.sleep(0.2)
    steps.heal(step)
    assert await window.result() == CANCELLED
    assert steps.names()[-1] == CLOSE_WINDOW


# ---- after the end ---------------------------------------------------------------------------------------------------


@BOTH
async def test_money_that_comes_after_the_end_is_booked_by_a_new_run(window: OneWindow, steps: Scripted) -> None:
    await window.open()
    await window.stop()
    assert await window.result() == CANCELLED
    steps.answer(SETTLE, worth(SettleResult.SURPLUS))
    await window.open(closed=True)
    assert await window.result() is None
    assert steps.names()[-2:] == [CLOSE_WINDOW, SETTLE]


@pytest.mark.parametrize("closed", [False, True], ids=["in time", "late"])
async def test_an_event_that_kafka_did_not_take_is_published_before_the_end(
    window: OneWindow, steps: Scripted, *, closed: bool
) -> None:
    event = PaymentSucceeded(
        occurred_at=NOW,
        order_id=window.order_id,
        payment_id=payment_of(window.order_id),
        channel="sandbox_card",
        amount=Money(minor=5000),
    )
    steps.answer(SETTLE, Settled(result=SettleResult.PAID, paid=True, unannounced=(event,)))
    steps.fail(PUBLISH, 1)
    await window.open(closed=closed)
    if not closed:
        await window.reported(report())
    assert await window.result() == (None if closed else PAID)
    assert [batch.events for batch in steps.told(PUBLISH)] == [(event,)] * 2


async def test_a_report_that_comes_while_an_event_waits_for_kafka_is_booked(window: OneWindow, steps: Scripted) -> None:
    event = PaymentSucceeded(
        occurred_at=NOW,
        order_id=window.order_id,
        payment_id=payment_of(window.order_id),
        channel="sandbox_card",
        amount=Money(minor=5000),
    )
    steps.answer(SETTLE, Settled(result=SettleResult.PAID, paid=True, unannounced=(event,)))
    steps.fail(PUBLISH)
    await window.open()
    await window.reported(report())
    await window.called(PUBLISH)
    await window.reported(report(WALLET, "e2"))
    steps.heal(PUBLISH)
    assert await window.result() == PAID
    assert len(steps.told(SETTLE)) == 2
