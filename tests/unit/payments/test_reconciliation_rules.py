"""Which of our movements a day judges, and what a file of differences says."""

import csv
import io
from datetime import UTC, datetime, timedelta

from models.payments.reconciliation import Difference, DifferenceKind, judged_between
from models.payments.report_files import COLUMNS, write_differences

BEGINS = datetime(2026, 11, 1, tzinfo=UTC)
ENDS = BEGINS + timedelta(days=1)
HOUR = timedelta(hours=1)


def test_days_that_follow_each_other_judge_every_moment_once() -> None:
    first = judged_between(BEGINS, ENDS, ENDS + HOUR, HOUR)
    second = judged_between(ENDS, ENDS + timedelta(days=1), ENDS + timedelta(days=2), HOUR)
    assert first == (BEGINS - HOUR, ENDS - HOUR)
    assert first[1] == second[0]


def test_a_day_that_is_not_over_judges_up_to_when_its_statement_was_fetched() -> None:
    assert judged_between(BEGINS, ENDS, BEGINS + 3 * HOUR, HOUR) == (BEGINS - HOUR, BEGINS + 2 * HOUR)


def test_a_statement_fetched_before_its_day_judges_nothing() -> None:
    begins, ends = judged_between(BEGINS, ENDS, BEGINS - 5 * HOUR, HOUR)
    assert begins == ends


def difference(transaction: str) -> Difference:
    return Difference(
        report=1,
        number=1,
        kind=DifferenceKind.MISSING_HERE,
        line=7,
        transaction_id=transaction,
        merchant_id="x",
        attempt_id=None,
        payment_id=None,
        order_id=None,
        currency="CNY",
        ours=None,
        theirs=-500,
        occurred_at=BEGINS,
        repair=None,
        repaired_at=None,
    )


def test_a_file_of_differences_has_a_header_once_and_amounts_in_minor_units() -> None:
    text = write_differences([difference("txn_1")], first=True) + write_differences([difference("txn_2")], first=False)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["transaction_id"], row["theirs"], row["ours"]) for row in rows] == [
        ("txn_1", "-500", ""),
        ("txn_2", "-500", ""),
    ]


def test_a_cell_that_a_spreadsheet_would_run_is_defused() -> None:
    (row,) = csv.DictReader(io.StringIO(write_differences([difference('=HYPERLINK("x")')], first=True)))
    assert row["transaction_id"] == '\'=HYPERLINK("x")'
