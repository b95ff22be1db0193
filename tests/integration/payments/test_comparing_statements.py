"""A statement held against the books: every class of difference, the turn of the day, repeats and corrections."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from models.payments.reconciliation import DifferenceKind, Outcome, Repair, StatementRepeats, StatementState
from stores.payments.statements import Line
from tests.databases import MigratedCopies
from tests.integration.payments.desk import DAY, NEXT, Desk, back, kept, paid, streamed, taken_back
from tests.integration.payments.till import OPENED, Till, cny

LAST_HOUR = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
async def shared_till(migrated_copies: MigratedCopies) -> AsyncIterator[Till]:
    async with migrated_copies.lent("payments") as database:
        yield Till(database)


@pytest.fixture
def desk(shared_till: Till, request: pytest.FixtureRequest) -> Desk:
    return Desk(shared_till, f"channel of {request.node.name}")


async def test_a_day_on_which_everything_agrees_is_balanced_and_says_what_it_sums_to(desk: Desk) -> None:
    (payment, first), (_, second) = await desk.paid(fee=60), await desk.paid(5_000)
    leg = await desk.sent_back(payment, 3_000, arrived=True)
    report = await desk.report(paid(first), kept(first, 60), paid(second), back(leg.leg_id, 3_000))
    assert (report.outcome, report.lines, report.differences, report.repairs) == (Outcome.BALANCED, 4, 0, 0)
    assert [(total.kind, total.count, total.ours, total.theirs) for total in report.totals] == [
        (DifferenceKind.FEE_MATCHED, 1, 60, 60),
        (DifferenceKind.MATCHED, 2, 15_000, 15_000),
        (DifferenceKind.REFUND_MATCHED, 1, 3_000, 3_000),
    ]
    assert [fee.minor for fee in report.fees] == [60]
    assert await desk.differences(report) == []


async def test_an_empty_statement_of_a_day_without_movements_is_balanced(desk: Desk) -> None:
    assert (await desk.report()).outcome is Outcome.BALANCED


# ---- every class of difference ---------------------------------------------------------------------------------------


async def test_money_for_an_attempt_of_ours_that_nobody_reported_is_missing_here_and_can_be_repaired(
    desk: Desk,
) -> None:
    payment = await desk.till.open()
    attempt = await desk.attempt(payment)
    found = await desk.only_difference(paid(attempt))
    assert (found.kind, found.repair, found.line) == (DifferenceKind.MISSING_HERE, Repair.REPORT_PAYMENT, 2)
    assert (found.ours, found.theirs, found.order_id) == (None, 10_000, payment.order_id)


async def test_money_of_nobody_is_missing_here_and_left_to_a_person(desk: Desk) -> None:
    found = await desk.only_difference(("payment", "txn-nobody", "att_" + "0" * 26, 700, "CNY"))
    assert (found.kind, found.repair, found.order_id) == (DifferenceKind.MISSING_HERE, None, None)


async def test_another_channels_attempt_is_nobodys_here(desk: Desk) -> None:
    attempt = await desk.till.attempt(await desk.till.open(), channel="sandbox")
    found = await desk.only_difference(paid(attempt))
    assert (found.kind, found.repair, found.attempt_id) == (DifferenceKind.MISSING_HERE, None, None)


async def test_a_capture_that_the_channel_does_not_list_is_missing_there(desk: Desk) -> None:
    _, attempt = await desk.paid()
    found = await desk.only_difference()
    assert (found.kind, found.attempt_id, found.line) == (DifferenceKind.MISSING_THERE, attempt.attempt_id, None)
    assert (found.ours, found.theirs) == (10_000, None)


@pytest.mark.parametrize("booked", [True, False], ids=["booked", "not reported"])
async def test_another_amount_differs_and_is_never_repaired(desk: Desk, booked: bool) -> None:
    payment = await desk.till.open()
    attempt = await desk.attempt(payment)
    if booked:
        await desk.till.capture(attempt)
    found = await desk.only_difference(paid(attempt, 9_999))
    assert (found.kind, found.theirs, found.repair) == (DifferenceKind.AMOUNT_DIFFERS, 9_999, None)
    assert found.ours == (10_000 if booked else None)


async def test_money_taken_twice_for_one_attempt_is_a_duplicate(desk: Desk) -> None:
    _, attempt = await desk.paid()
    found = await desk.only_difference(paid(attempt), paid(attempt, transaction="txn-again"))
    assert (found.kind, found.transaction_id, found.repair) == (DifferenceKind.DUPLICATE, "txn-again", None)


async def test_money_taken_twice_that_nobody_reported_is_repaired_once(desk: Desk) -> None:
    attempt = await desk.attempt()
    report = await desk.report(paid(attempt), paid(attempt, transaction="txn-again"))
    found = [(each.kind, each.repair) for each in await desk.differences(report)]
    assert found == [(DifferenceKind.MISSING_HERE, Repair.REPORT_PAYMENT), (DifferenceKind.DUPLICATE, None)]


async def test_a_movement_that_stands_in_two_days_is_a_duplicate_on_the_second(desk: Desk) -> None:
    _, attempt = await desk.paid()
    assert (await desk.report(paid(attempt))).outcome is Outcome.BALANCED
    (found,) = await desk.differences(await desk.report(paid(attempt), day=NEXT))
    assert found.kind is DifferenceKind.DUPLICATE


async def test_a_refund_we_wait_for_that_went_back_is_missing_here_and_can_be_repaired(desk: Desk) -> None:
    payment, attempt = await desk.paid()
    leg = await desk.sent_back(payment, 3_000, arrived=False)
    found = await desk.only_difference(paid(attempt), back(leg.leg_id, 3_000))
    assert (found.kind, found.repair, found.theirs) == (
        DifferenceKind.REFUND_MISSING_HERE,
        Repair.REPORT_REFUND,
        3_000,
    )


async def test_a_refund_of_nobody_is_missing_here_and_left_to_a_person(desk: Desk) -> None:
    found = await desk.only_difference(back(desk.till.new_refund(), 100))
    assert (found.kind, found.repair) == (DifferenceKind.REFUND_MISSING_HERE, None)


async def test_a_refund_that_the_channel_does_not_list_is_missing_there(desk: Desk) -> None:
    payment, attempt = await desk.paid()
    leg = await desk.sent_back(payment, 3_000, arrived=True)
    found = await desk.only_difference(paid(attempt))
    assert (found.kind, found.merchant_id, found.ours) == (DifferenceKind.REFUND_MISSING_THERE, leg.leg_id, 3_000)


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_refund_of_another_amount_differs_and_is_never_repaired(desk: Desk, arrived: bool) -> None:
    payment, attempt = await desk.paid()
    leg = await desk.sent_back(payment, 3_000, arrived=arrived)
    found = await desk.only_difference(paid(attempt), back(leg.leg_id, 2_999))
    assert (found.kind, found.ours, found.theirs) == (DifferenceKind.REFUND_DIFFERS, 3_000, 2_999)
    assert found.repair is None


# ---- fees and chargebacks --------------------------------------------------------------------------------------------


async def test_a_fee_that_is_not_the_booked_one_differs_and_is_counted_in_the_totals(desk: Desk) -> None:
    _, attempt = await desk.paid(fee=60)
    report = await desk.report(paid(attempt), kept(attempt, 67))
    (found,) = await desk.differences(report)
    assert (found.kind, found.ours, found.theirs, found.line) == (DifferenceKind.FEE_DIFFERS, 60, 67, 2)
    assert (found.repair, found.attempt_id, report.outcome) == (Repair.BOOK_FEE, attempt.attempt_id, Outcome.DIFFERS)
    sums = {total.kind: (total.count, total.ours, total.theirs) for total in report.totals}
    assert sums[DifferenceKind.FEE_DIFFERS] == (1, 60, 67)


async def test_a_fee_that_the_channel_does_not_state_is_left_to_a_person(desk: Desk) -> None:
    _, attempt = await desk.paid(fee=60)
    found = await desk.only_difference(paid(attempt))
    assert (found.kind, found.theirs, found.repair) == (DifferenceKind.FEE_DIFFERS, 0, None)


async def test_a_fee_of_a_payment_that_does_not_agree_itself_is_not_judged(desk: Desk) -> None:
    _, attempt = await desk.paid(fee=60)
    found = await desk.only_difference(paid(attempt, 9_000), kept(attempt, 54))
    assert found.kind is DifferenceKind.AMOUNT_DIFFERS


async def test_a_fee_that_is_given_back_with_a_refund_days_later_is_held_against_all_that_was_kept(desk: Desk) -> None:
    payment, attempt = await desk.paid(fee=60)
    assert (await desk.report(paid(attempt), kept(attempt, 60))).outcome is Outcome.BALANCED
    leg = await desk.sent_back(payment, 5_000, arrived=True)
    later = await desk.report(back(leg.leg_id, 5_000), kept(attempt, -30), day=NEXT)
    (found,) = await desk.differences(later)
    assert (found.kind, found.ours, found.theirs) == (DifferenceKind.FEE_DIFFERS, 60, 30)
    await desk.store.book_stated_fee(attempt.attempt_id, cny(30), later.number, OPENED)
    again = await desk.report(back(leg.leg_id, 5_000), kept(attempt, -30), day=NEXT, digest="packed anew")
    assert again.outcome is Outcome.BALANCED


async def test_the_fee_that_a_statement_states_is_told_with_a_payment_that_nobody_reported(desk: Desk) -> None:
    attempt = await desk.attempt()
    report = await desk.report(paid(attempt), kept(attempt, 67))
    assert [each.kind for each in await desk.differences(report)] == [DifferenceKind.MISSING_HERE]
    assert await desk.store.stated_fee(report.number, f"txn-{attempt.attempt_id}") == cny(67)
    assert await desk.store.stated_fee(report.number, "another") is None


async def test_a_chargeback_of_a_capture_of_ours_is_missing_here_and_can_be_booked(desk: Desk) -> None:
    _, attempt = await desk.paid()
    found = await desk.only_difference(paid(attempt), taken_back(attempt, 4_000))
    assert (found.kind, found.theirs, found.repair) == (
        DifferenceKind.CHARGEBACK_MISSING_HERE,
        4_000,
        Repair.BOOK_CHARGEBACK,
    )


async def test_a_chargeback_that_an_operator_booked_is_matched_by_its_case_or_differs(desk: Desk) -> None:
    _, attempt = await desk.paid()
    await desk.charged_back(attempt, 4_000)
    report = await desk.report(paid(attempt), taken_back(attempt, 4_000))
    assert (report.outcome, report.totals[0].kind) == (Outcome.BALANCED, DifferenceKind.CHARGEBACK_MATCHED)
    (found,) = await desk.differences(await desk.report(paid(attempt), taken_back(attempt, 4_100), digest="corrected"))
    assert (found.kind, found.ours, found.theirs) == (DifferenceKind.CHARGEBACK_DIFFERS, 4_000, 4_100)
    (found,) = await desk.differences(await desk.report(paid(attempt), digest="corrected again"))
    assert (found.kind, found.ours, found.repair) == (DifferenceKind.CHARGEBACK_MISSING_THERE, 4_000, None)


async def test_chargebacks_beyond_a_capture_of_nobody_or_given_back_are_left_to_a_person(desk: Desk) -> None:
    _, attempt = await desk.paid()
    nobody = ("chargeback", "case-nobody", "", -700, "CNY")
    won = ("chargeback", "case-won", attempt.attempt_id, 700, "CNY")
    cases = (taken_back(attempt, 6_000), taken_back(attempt, 6_000, case="second"), nobody, won)
    report = await desk.report(paid(attempt), *cases)
    repairs = [each.repair for each in await desk.differences(report)]
    assert repairs == [Repair.BOOK_CHARGEBACK, None, None, None]


# ---- the turn of the day ---------------------------------------------------------------------------------------------


async def test_what_was_booked_before_midnight_and_stands_in_the_next_days_statement_is_nobodys_loss(
    desk: Desk,
) -> None:
    desk.till.now = LAST_HOUR
    _, attempt = await desk.paid()
    assert (await desk.report()).outcome is Outcome.BALANCED
    assert (await desk.report(paid(attempt), day=NEXT)).outcome is Outcome.BALANCED


async def test_what_was_booked_before_midnight_and_stands_nowhere_is_told_once_by_the_next_day(desk: Desk) -> None:
    desk.till.now = LAST_HOUR
    _, attempt = await desk.paid()
    days = [await desk.report(day=DAY + timedelta(days=later)) for later in range(3)]
    assert [report.differences for report in days] == [0, 1, 0]
    (found,) = await desk.differences(days[1])
    assert (found.kind, found.attempt_id) == (DifferenceKind.MISSING_THERE, attempt.attempt_id)


async def test_what_was_booked_after_midnight_and_stands_in_the_day_before_is_nobodys_loss(desk: Desk) -> None:
    payment = await desk.till.open()
    attempt = await desk.attempt(payment)
    desk.till.now = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
    await desk.till.capture(attempt)
    assert (await desk.report(paid(attempt))).outcome is Outcome.BALANCED
    assert (await desk.report(day=NEXT)).outcome is Outcome.BALANCED


async def test_a_statement_fetched_before_its_day_was_over_is_held_against_us_only_up_to_then(desk: Desk) -> None:
    await desk.paid()
    taken = await desk.keep(fetched_at=OPENED)
    assert (await desk.compare(taken, carry_over=timedelta(0))).outcome is Outcome.BALANCED


# ---- repeats and corrections -----------------------------------------------------------------------------------------


async def test_a_report_stays_as_it_was_made_whatever_moves_afterwards(desk: Desk) -> None:
    attempt = await desk.attempt()
    taken = await desk.keep(paid(attempt))
    first = await desk.compare(taken)
    await desk.till.capture(attempt)
    assert await desk.compare(await desk.keep(paid(attempt))) == first
    assert len(await desk.store.reconciliations(limit=10, channel=desk.channel)) == 1


async def test_a_corrected_statement_makes_a_report_of_the_next_revision_and_the_first_one_stays(desk: Desk) -> None:
    _, attempt = await desk.paid()
    wrong = await desk.report(paid(attempt, 9_999))
    right = await desk.report(paid(attempt), digest="corrected")
    assert [(each.revision, each.outcome) for each in (wrong, right)] == [(1, Outcome.DIFFERS), (2, Outcome.BALANCED)]
    assert await desk.store.reconciliations(limit=10, channel=desk.channel) == (right, wrong)


async def test_a_corrected_statement_replaces_what_the_day_said_for_other_days(desk: Desk) -> None:
    _, attempt = await desk.paid()
    await desk.report(paid(attempt))
    await desk.report(digest="corrected")
    assert (await desk.report(paid(attempt), day=NEXT)).outcome is Outcome.BALANCED


async def test_one_statement_kept_and_compared_by_many_at_once_is_kept_and_compared_once(desk: Desk) -> None:
    _, attempt = await desk.paid()
    taken = await asyncio.gather(*(desk.keep(paid(attempt, 1)) for _ in range(5)))
    assert len(set(taken)) == 1
    assert len(set(await asyncio.gather(*(desk.compare(each) for each in taken)))) == 1
    kept = "SELECT count(*) FROM statement_lines WHERE merchant_id = $1"
    assert await desk.till.db.pool.fetchval(kept, attempt.attempt_id) == 1


async def test_a_repair_is_due_until_it_is_marked_and_marking_again_changes_nothing(desk: Desk) -> None:
    attempt = await desk.attempt()
    report = await desk.report(paid(attempt))
    (due,) = await desk.store.repairs_due(report.number, limit=10)
    for later in range(2):
        await desk.store.mark_repaired(report.number, due.number, OPENED + timedelta(hours=later))
    assert await desk.store.repairs_due(report.number, limit=10) == ()
    (shown,) = await desk.differences(report)
    assert shown.repaired_at == OPENED


# ---- what cannot be believed -----------------------------------------------------------------------------------------


async def test_a_statement_that_breaks_off_leaves_nothing_behind(desk: Desk) -> None:
    async def broken() -> AsyncIterator[Line]:
        async for line in streamed([("payment", "txn", "broken off", 1, "CNY")]):
            yield line
        raise EOFError("the file ends here")

    with pytest.raises(EOFError):
        await desk.store.keep_statement(desk.channel, DAY, (OPENED, OPENED), "broken", broken(), OPENED)
    left = "SELECT count(*) FROM statement_lines WHERE merchant_id = 'broken off'"
    assert await desk.till.db.pool.fetchval(left) == 0
    assert await desk.store.statement_known(desk.channel, DAY, "broken") is None


async def test_a_movement_that_stands_twice_in_one_statement_is_named_with_its_line(desk: Desk) -> None:
    line = ("payment", "txn-1", "att", 1, "CNY")
    with pytest.raises(StatementRepeats) as told:
        await desk.keep(line, ("fee", "txn-1", "att", -1, "CNY"), line)
    assert (told.value.line, told.value.why) == (4, "payment txn-1 is listed before")


async def test_a_fee_and_what_is_given_back_of_it_may_stand_in_one_statement(desk: Desk) -> None:
    payment, attempt = await desk.paid(fee=30)
    leg = await desk.sent_back(payment, 5_000, arrived=True)
    report = await desk.report(paid(attempt), kept(attempt, 60), back(leg.leg_id, 5_000), kept(attempt, -30))
    assert report.outcome is Outcome.BALANCED
    with pytest.raises(StatementRepeats, match=r"chargeback .* is listed before"):
        await desk.keep(taken_back(attempt, 1), taken_back(attempt, 1), digest="twice")


async def test_a_refused_statement_leaves_a_failed_report_and_its_correction_is_compared(desk: Desk) -> None:
    _, attempt = await desk.paid()
    span = (OPENED, OPENED + timedelta(days=1))
    refused = [
        await desk.store.refuse_statement(desk.channel, DAY, span, "bad", "the sums disagree", 9, OPENED)
        for _ in range(2)
    ]
    assert refused[0].number == refused[1].number
    assert {each.state for each in refused} == {StatementState.REFUSED}
    report = await desk.compare(refused[0])
    assert (report.outcome, report.failure, report.failure_line) == (Outcome.FAILED, "the sums disagree", 9)
    corrected = await desk.report(paid(attempt), digest="good")
    assert (corrected.revision, corrected.outcome) == (2, Outcome.BALANCED)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE statements SET digest = 'other'",
        "DELETE FROM statement_lines",
        "UPDATE reconciliations SET differences = 0",
        "DELETE FROM reconciliation_differences",
        "TRUNCATE reconciliation_repairs",
    ],
)
async def test_what_was_kept_cannot_be_changed(desk: Desk, change: str) -> None:
    await desk.report(("payment", "txn", "att", 1, "CNY"))
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await desk.till.db.pool.execute(change)
