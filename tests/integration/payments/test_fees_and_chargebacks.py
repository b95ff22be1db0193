"""What channels keep and take back: found in the sandbox's statements, written by operators, read over HTTP and in the terminal."""

from datetime import UTC, datetime
from typing import Any

import pytest

from models.payments.chargebacks import chargeback_told_id
from tests.integration.payments.counter import Counter, Customer
from tests.integration.payments.test_paying_over_http import is_paid, refund
from tests.integration.payments.test_reconciliation import hanse, reconcile, said_of, sale
from tests.integration.payments.till import left_to_refund


@pytest.fixture(autouse=True)
async def no_faults_afterwards(counter: Counter) -> Any:
    yield
    await counter.sandbox.set_faults()


async def kinds_booked(counter: Counter, payment_id: Any) -> list[str]:
    return [entry.kind for entry in await counter.shop.payments.transfers(payment_id)]


async def test_another_fee_than_the_booked_one_is_found_and_booked_once(counter: Counter) -> None:
    sold = await sale(counter)
    await counter.sandbox.set_faults({"fault": "statement_fee_differs", "value": 9})
    said = await said_of(counter, sold.attempt.attempt_id)
    assert (said["fee_differs"].ours, said["fee_differs"].theirs, said["fee_differs"].repair) == (60, 69, "book_fee")
    again = await reconcile(counter)
    assert again.repaired == 0
    booked = await counter.shop.payments.transfers(sold.payment.payment_id)
    assert [(entry.kind, entry.amount.minor) for entry in booked[1:]] == [("fee", 60), ("fee_correction", 9)]


async def test_a_payment_found_in_the_statement_is_booked_with_the_fee_that_stands_there(counter: Counter) -> None:
    sold = await sale(counter, "lost")
    await counter.sandbox.set_faults({"fault": "statement_fee_differs", "value": 11})
    await reconcile(counter)
    await counter.until(sold.payment, is_paid)
    booked = await counter.shop.payments.transfers(sold.payment.payment_id)
    assert [(entry.kind, entry.amount.minor) for entry in booked] == [("capture", 10_000), ("fee", 71)]


async def test_a_chargeback_in_the_statement_is_booked_once_and_no_refund_exceeds_what_is_left(
    counter: Counter,
) -> None:
    sold = await sale(counter)
    await counter.sandbox.set_faults({"fault": "statement_chargeback", "value": 4_000})
    said = await said_of(counter, sold.attempt.attempt_id)
    assert (said["chargeback_missing_here"].theirs, said["chargeback_missing_here"].repair) == (
        4_000,
        "book_chargeback",
    )
    await reconcile(counter)
    after = await counter.shop.payments.payment(sold.payment.payment_id)
    assert (after.charged_back.minor, left_to_refund(after).minor) == (4_000, 6_000)
    assert (await kinds_booked(counter, sold.payment.payment_id))[2:] == ["chargeback", "chargeback_cover"]
    finance = await counter.person("finance")
    refused = await refund(finance, sold.payment.payment_id, amount={"minor": 6_001})
    assert (refused.status_code, refused.json()["code"]) == (409, "refund_exceeds_rest")
    seen = (await sold.buyer.http.get(f"/payments/{sold.payment.payment_id}")).json()
    assert seen["charged_back"]["minor"] == 4_000


# ---- by an operator --------------------------------------------------------------------------------------------------


async def book(finance: Customer, sold: Any, key: str, **more: Any) -> Any:
    case = {
        "attempt_id": sold.attempt.attempt_id,
        "amount": {"minor": 2_500},
        "reference": f"case of {sold.attempt.attempt_id}",
        "reason": "the bank wrote to us",
    }
    return await finance.post(f"/v1/payments/{sold.payment.payment_id}/chargebacks", case | more, key)


async def test_finance_and_nobody_else_books_a_chargeback_and_each_case_once(counter: Counter) -> None:
    sold, finance, service = await sale(counter), await counter.person("finance"), await counter.person("service")
    first, again = [await book(finance, sold, f"one-{sold.attempt.attempt_id}") for _ in range(2)]
    assert (first.status_code, again.json()) == (201, first.json()), first.text
    other_key = await book(finance, sold, f"two-{sold.attempt.attempt_id}")
    assert other_key.json()["chargeback_id"] == first.json()["chargeback_id"]
    too_much = await book(finance, sold, "three", amount={"minor": 9_000}, reference="another case")
    assert (too_much.status_code, too_much.json()["code"]) == (409, "chargeback_exceeds_capture")
    assert (await book(service, sold, "four")).status_code == 403
    assert (await book(sold.buyer, sold, "five")).status_code == 403
    listed = await finance.http.get("/v1/ledger/chargebacks", params={"payment_id": sold.payment.payment_id})
    assert [entry["reason"] for entry in listed.json()["items"]] == ["the bank wrote to us"]
    told = counter.shop.temporal.get_workflow_handle(chargeback_told_id(first.json()["chargeback_id"]))
    assert (await told.describe()).workflow_type == "ChargebackNotice"


async def test_an_adjustment_is_written_with_its_reason_and_deposits_are_left_alone(counter: Counter) -> None:
    finance = await counter.person("finance")
    wish = {
        "debit": "channel:sandbox_card",
        "credit": "chargebacks",
        "amount": {"minor": 300},
        "reason": "the dispute was won",
    }
    first, again = [await finance.post("/v1/ledger/adjustments", wish, f"adjust-{finance.user_id}") for _ in range(2)]
    assert (first.status_code, again.json()) == (201, first.json()), first.text
    refused = await finance.post("/v1/ledger/adjustments", wish | {"credit": "customer_deposits"})
    assert (refused.status_code, refused.json()["code"]) == (422, "account_not_adjustable")
    nothing = await finance.post("/v1/ledger/adjustments", wish | {"amount": {"minor": 0}})
    assert nothing.status_code == 422
    entries = (await finance.http.get("/v1/ledger/entries", params={"kind": "adjustment", "limit": 1})).json()
    assert entries["items"][0]["reference"] == first.json()["adjustment_id"]
    listed = (await finance.http.get("/v1/ledger/adjustments")).json()["items"]
    assert (listed[0]["reason"], listed[0]["actor"]) == ("the dispute was won", f"operator:{finance.user_id}")


async def test_balances_of_a_past_moment_and_the_trial_balance_in_the_terminal(counter: Counter) -> None:
    finance, before = await counter.person("finance"), datetime.now(UTC)
    await sale(counter)

    async def card(**at: str) -> int:
        books = (await finance.http.get("/v1/ledger/balances", params=at)).json()
        assert books["balanced"]
        return sum(entry["debit"] for entry in books["accounts"] if entry["account"] == "channel:sandbox_card")

    assert await card() - await card(at=before.isoformat()) == 10_000
    code, said = await hanse(counter, "trial-balance")
    assert (code, "Debits equal credits." in said) == (0, True), said
    assert "customer_deposits" in said
    code, said = await hanse(counter, "trial-balance", "--at", "2020-01-01")
    assert (code, "The books are empty." in said) == (0, True), said
