"""A day reconciled for real: the sandbox's statement, with every kind of difference it can be asked for, on real servers."""

import asyncio
import csv
import io
import os
import secrets
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from models.payments.reconciliation import (
    DayReconciled,
    Difference,
    Outcome,
    ReconciliationInput,
    Report,
    reconciliation_id,
)
from models.payments.types import Attempt, Payment, RefundState
from tests.integration.payments.counter import Counter, Customer, eventually
from tests.integration.payments.test_paying_over_http import is_paid, refund
from workflows.options import TaskQueue
from workflows.reconciliation import Reconciliation

CHANNEL = "sandbox_card"


@dataclass
class Sale:
    """One attempt and who made it."""

    payment: Payment
    attempt: Attempt
    buyer: Customer


async def sale(counter: Counter, *faults: str) -> Sale:
    """A buyer pays 100.00 with a card; with the fault `lost` nobody here hears of it."""
    buyer = await counter.person()
    payment = await counter.owed_by(buyer)
    answer = await buyer.pay(payment, channel=CHANNEL)
    await counter.buyer_pays(answer, *faults)
    if "lost" not in faults:
        payment = await counter.until(payment, is_paid)
    return Sale(payment, await counter.shop.payments.attempt(answer.json()["attempt_id"]), buyer)


async def reconcile(counter: Counter, day: date | None = None) -> DayReconciled:
    """One run for the day, as an operator starts it; nothing is carried over, since all of it happened just now."""
    start = ReconciliationInput(channel=CHANNEL, day=day or datetime.now(UTC).date(), carry_over=timedelta(0))
    done = await counter.shop.temporal.execute_workflow(
        Reconciliation.run, start, id=f"reconciliation-{secrets.token_hex(4)}", task_queue=TaskQueue.CHECKOUT
    )
    (only,) = done.days
    return only


async def report_of(counter: Counter) -> Report:
    """The report of today."""
    report = (await reconcile(counter)).report
    assert report is not None
    return report


async def said_of(counter: Counter, *names: str) -> dict[str, Difference]:
    """What the report of today says about these attempts or refund legs, by the channel's name for what happened."""
    report = await report_of(counter)
    found = await counter.shop.payments.differences(report.number, limit=1_000)
    return {each.kind.value: each for each in found if each.merchant_id in names}


async def given_back(counter: Counter, sold: Sale) -> str:
    """Start a refund over the channel; answers with its id."""
    finance = await counter.person("finance")
    answer = await refund(finance, sold.payment.payment_id, amount={"minor": 4_000})
    return str(answer.json()["refund_id"])


async def leg_that(counter: Counter, refund_id: str, state: RefundState) -> str:
    """The one leg of a refund, once the refund is so."""
    found = await eventually(
        lambda: counter.shop.payments.refund(refund_id),  # type: ignore[arg-type]
        lambda now: now.state is state and bool(now.legs),
        50,
    )
    return found.legs[0].leg_id


@pytest.fixture(autouse=True)
async def no_faults_afterwards(counter: Counter) -> Any:
    yield
    await counter.sandbox.set_faults()


# ---- repaired by itself ----------------------------------------------------------------------------------------------


async def test_a_payment_whose_callback_was_lost_is_completed_once_and_the_report_stays(counter: Counter) -> None:
    sold = await sale(counter, "lost")
    first = await reconcile(counter)
    assert first.report is not None
    assert first.repaired >= 1
    await counter.until(sold.payment, is_paid)
    again = await reconcile(counter)
    assert (again.report, again.repaired) == (first.report, 0)
    found = await counter.shop.payments.differences(first.report.number, limit=1_000)
    (mine,) = [each for each in found if each.merchant_id == sold.attempt.attempt_id]
    assert (mine.kind, mine.repair, mine.repaired_at is not None) == ("missing_here", "report_payment", True)
    booked = [entry.kind for entry in await counter.shop.payments.transfers(sold.payment.payment_id)]
    assert booked == ["capture", "fee"]


async def test_a_refund_whose_callback_was_lost_is_booked(counter: Counter) -> None:
    sold = await sale(counter)
    await counter.sandbox.set_faults({"fault": "lost", "on": "refund_succeeded"})
    refund_id = await given_back(counter, sold)
    leg_id = await leg_that(counter, refund_id, RefundState.SUBMITTED)

    async def gone_at_the_channel() -> str:
        channel = counter.shop.payment_channels.named(CHANNEL)
        return (await channel.query_refund(leg_id, "")).status  # type: ignore[arg-type]

    await eventually(gone_at_the_channel, lambda status: status == "succeeded")
    said = await said_of(counter, leg_id)
    assert said["refund_missing_here"].repair == "report_refund"
    await leg_that(counter, refund_id, RefundState.SUCCEEDED)


# ---- left to a person ------------------------------------------------------------------------------------------------


async def test_a_payment_that_the_statement_lacks(counter: Counter) -> None:
    sold = await sale(counter)
    await counter.sandbox.set_faults({"fault": "statement_missing"})
    said = await said_of(counter, sold.attempt.attempt_id)
    assert (said["missing_there"].ours, said["missing_there"].repair) == (10_000, None)


async def test_a_payment_of_which_we_know_nothing(counter: Counter) -> None:
    await sale(counter)
    await counter.sandbox.set_faults({"fault": "statement_unknown"})
    said = await said_of(counter, "att_" + "0" * 26)
    assert (said["missing_here"].theirs, said["missing_here"].repair) == (10_000, None)


async def test_an_amount_that_differs(counter: Counter) -> None:
    sold = await sale(counter)
    await counter.sandbox.set_faults({"fault": "statement_wrong_amount", "value": 5})
    said = await said_of(counter, sold.attempt.attempt_id)
    assert (said["amount_differs"].ours, said["amount_differs"].theirs) == (10_000, 10_005)


async def test_money_that_was_taken_twice(counter: Counter) -> None:
    sold = await sale(counter)
    await counter.sandbox.set_faults({"fault": "statement_paid_twice"})
    said = await said_of(counter, sold.attempt.attempt_id)
    assert (said["duplicate"].theirs, said["duplicate"].repair) == (10_000, None)


async def test_refunds_that_are_missing_or_unknown_or_of_another_amount(counter: Counter) -> None:
    sold = await sale(counter)
    refund_id = await given_back(counter, sold)
    leg_id = await leg_that(counter, refund_id, RefundState.SUCCEEDED)
    await counter.sandbox.set_faults({"fault": "statement_refund_missing"})
    assert (await said_of(counter, leg_id))["refund_missing_there"].ours == 4_000
    await counter.sandbox.set_faults({"fault": "statement_refund_wrong_amount", "value": 7})
    assert (await said_of(counter, leg_id))["refund_differs"].theirs == 4_007
    await counter.sandbox.set_faults({"fault": "statement_refund_unknown"})
    unknown = await said_of(counter, "rfd_" + "0" * 26)
    assert (unknown["refund_missing_here"].theirs, unknown["refund_missing_here"].repair) == (4_000, None)


# ---- what cannot be believed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("statement_doubled", "is listed before"),
        ("statement_foreign_currency", "JPY is not a currency of sandbox_card"),
        ("statement_wrong_totals", "its totals say"),
        ("statement_wrong_encoding", "the line is not UTF-8"),
    ],
)
async def test_a_statement_that_cannot_be_believed_says_the_line_and_books_nothing(
    counter: Counter, fault: str, words: str
) -> None:
    sold = await sale(counter, "lost")
    await counter.sandbox.set_faults({"fault": fault})
    done = await reconcile(counter)
    assert done.report is not None
    assert (done.report.outcome, done.report.differences, done.repaired) == (Outcome.FAILED, 0, 0)
    assert words in (done.report.failure or "")
    assert (done.report.failure_line or 0) >= 2
    assert not is_paid(await counter.shop.payments.payment(sold.payment.payment_id))
    await counter.sandbox.set_faults()
    corrected = await reconcile(counter)
    assert corrected.report is not None
    assert corrected.report.revision > done.report.revision
    await counter.until(sold.payment, is_paid)


async def test_a_statement_that_is_late_is_waited_for(counter: Counter) -> None:
    await sale(counter)
    await counter.sandbox.set_faults({"fault": "statement_not_ready", "limit": 2})
    start = ReconciliationInput(
        channel=CHANNEL, day=datetime.now(UTC).date(), asks_again=timedelta(milliseconds=50), carry_over=timedelta(0)
    )
    done = await counter.shop.temporal.execute_workflow(
        Reconciliation.run, start, id=f"reconciliation-{secrets.token_hex(4)}", task_queue=TaskQueue.CHECKOUT
    )
    assert done.days[0].report is not None


# ---- on the command line ---------------------------------------------------------------------------------------------


async def hanse(counter: Counter, *words: str) -> tuple[int, str]:
    """The `hanse` command beside the running servers."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from cli.main import main; main()", *words),
        *("--data-dir", str(counter.shop.settings.data_dir)),
        env={**os.environ, "COLUMNS": "240"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_the_command_line_reconciles_a_day_and_shows_what_is_left_for_a_person(counter: Counter) -> None:
    sold = await sale(counter)
    await counter.sandbox.set_faults({"fault": "statement_wrong_amount", "value": 5})
    code, said = await hanse(counter, "reconcile", CHANNEL, datetime.now(UTC).date().isoformat())
    assert code == 1, said
    assert "amount_differs" in said
    assert (sold.attempt.channel_transaction or "none") in said
    code, said = await hanse(counter, "reconcile", "no_such_channel", "2026-11-01")
    assert (code, "there is no channel" in said) == (1, True), said


# ---- over HTTP -------------------------------------------------------------------------------------------------------


async def test_finance_asks_for_a_day_and_reads_the_report_page_by_page_and_as_csv(counter: Counter) -> None:
    sold = await sale(counter)
    await counter.sandbox.set_faults({"fault": "statement_missing"})
    finance = await counter.person("finance")
    today = datetime.now(UTC).date().isoformat()
    asked = await finance.post("/v1/reconciliations", {"channel": CHANNEL, "day": today})
    assert (asked.status_code, asked.json()["workflow_id"]) == (202, f"reconciliation/{CHANNEL}/{today}"), asked.text
    await counter.shop.temporal.get_workflow_handle(reconciliation_id(CHANNEL, date.fromisoformat(today))).result()

    listed = (await finance.http.get("/v1/reconciliations", params={"channel": CHANNEL, "limit": 1})).json()
    (report,) = listed["items"]
    assert (await finance.http.get(f"/v1/reconciliations/{report['number']}")).json() == report
    assert (await finance.http.get("/v1/reconciliations", params={"day": "2020-01-01"})).json()["items"] == []

    paged, cursor = [], None
    while True:
        params: dict[str, Any] = {"limit": 7} | ({"cursor": cursor} if cursor else {})
        page = (await finance.http.get(f"/v1/reconciliations/{report['number']}/differences", params=params)).json()
        paged += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [each["number"] for each in paged] == list(range(1, report["differences"] + 1))

    exported = await finance.http.get(f"/v1/reconciliations/{report['number']}/differences.csv")
    assert f"reconciliation-{CHANNEL}-{today}" in exported.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(exported.text)))
    assert [row["transaction_id"] for row in rows] == [each["transaction_id"] or "" for each in paged]
    assert sold.attempt.attempt_id not in {row["attempt_id"] for row in rows}  # booked within the hour: judged tomorrow


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"channel": "no_such_channel", "day": "2026-11-01"}, 422),
        ({"channel": CHANNEL, "day": "2999-01-01"}, 422),
        ({"channel": CHANNEL, "day": "0001-01-01"}, 422),
        ({"channel": CHANNEL, "day": "yesterday"}, 422),
    ],
)
async def test_a_day_that_makes_no_sense_is_refused(counter: Counter, body: dict[str, str], status: int) -> None:
    finance = await counter.person("finance")
    assert (await finance.post("/v1/reconciliations", body)).status_code == status


async def test_only_finance_sees_or_starts_reconciliations(counter: Counter) -> None:
    service = await counter.person("service")
    answers: list[httpx.Response] = [
        await service.post("/v1/reconciliations", {"channel": CHANNEL, "day": "2026-11-01"}),
        *[await service.http.get(f"/v1/reconciliations{path}") for path in ("", "/1", "/1/differences")],
        await service.http.get("/v1/reconciliations/1/differences.csv"),
    ]
    assert {answer.status_code for answer in answers} == {403}
    finance = await counter.person("finance")
    assert (await finance.http.get("/v1/reconciliations/999999999")).status_code == 404
