"""Whatever happens to a payment, in any order: the real store agrees with a model that fits on a page."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hanse.database import Database
from models.orders.messages import SettlementKind
from models.payments.chargebacks import BookChargeback
from models.payments.errors import RefundExceedsRest
from models.payments.messages import BookRefund, RefundHeld, RefundLegState, RefundReport, ReleaseRefund, SettleResult
from models.payments.types import MAX_OPEN_ATTEMPTS, Attempt, RefundState
from models.shared import Refusal
from models.shared.ids import ChargebackId
from stores.payments import PaymentStore
from tests.databases import MigratedCopies
from tests.integration.payments.till import OPENED, Till, cny
from tests.lengths import examples

OWED = 1_000


@dataclass
class Expected:
    """Minor units, and the rules of money in their shortest form."""

    state: str = "pending"
    captured: int = 0
    refunded: int = 0
    held: int = 0
    charged_back: int = 0
    """As far as it is covered: which capture a refund left how full is the store's own choice."""
    booked: dict[str, str] = field(default_factory=dict)

    def report(self, attempt: Attempt, amount: int) -> SettleResult:
        if amount != attempt.amount.minor:
            return SettleResult.MISMATCH
        if attempt.attempt_id in self.booked:
            return SettleResult.KNOWN
        if self.state != "pending" or self.captured + amount > OWED:
            self.booked[attempt.attempt_id] = "surplus"
            return SettleResult.SURPLUS
        self.booked[attempt.attempt_id] = "kept"
        self.captured += amount
        if self.captured < OWED:
            return SettleResult.PART
        self.state = "paid"
        return SettleResult.PAID

    def close(self) -> None:
        if self.state == "pending":
            self.state, self.captured, self.charged_back = "closed", 0, 0
            self.booked = dict.fromkeys(self.booked, "surplus")


class MoneyMachine(RuleBasedStateMachine):
    """One payment an example, in one database for all of them."""

    runner: asyncio.Runner
    till: Till
    attempts = Bundle("attempts")
    refunds = Bundle("refunds")

    @initialize()
    def open(self) -> None:
        self.expected = Expected()
        self.tries = 0
        self.taken: dict[str, int] = {}
        self.payment = self.runner.run(self.till.open(OWED))

    @precondition(lambda self: self.tries < MAX_OPEN_ATTEMPTS)
    @rule(target=attempts, amount=st.one_of(st.none(), st.integers(1, OWED)))
    def try_to_pay(self, amount: int | None) -> object:
        self.tries += 1
        try:
            return self.runner.run(self.till.attempt(self.payment, amount))
        except Refusal:
            assert self.expected.state != "pending" or (amount or 0) > OWED - self.expected.captured
            return multiple()

    @rule(attempt=attempts, wrong=st.sampled_from([0, 0, 0, 1, -1]))
    def money_comes(self, attempt: Attempt, wrong: int) -> None:
        amount = attempt.amount.minor + wrong
        booked = self.runner.run(self.till.capture(attempt, amount=cny(amount), fee=1))
        assert booked.result is self.expected.report(attempt, amount)

    @rule(attempt=attempts)
    def an_attempt_closes(self, attempt: Attempt) -> None:
        self.runner.run(self.till.store.close_attempt(attempt.attempt_id))

    @rule(kind=st.sampled_from([SettlementKind.EXPIRED, SettlementKind.CANCELLED]))
    def the_window_ends(self, kind: SettlementKind) -> None:
        ended = self.runner.run(self.till.store.close_window(self.payment.order_id, kind, self.till.tick()))
        self.expected.close()
        assert (ended.kind is SettlementKind.PAID) == (self.expected.state == "paid")

    @rule(target=refunds, amount=st.one_of(st.none(), st.integers(1, OWED)))
    def a_refund_is_asked_for(self, amount: int | None) -> object:
        left = self.left()
        try:
            held = self.runner.run(self.till.hold(self.payment, amount))
        except Refusal:
            assert self.expected.state == "pending" or left == 0 or (amount or 0) > left
            return multiple()
        assert held.amount == cny(left if amount is None else amount)
        self.expected.held += held.amount.minor
        return held

    @rule(attempt=attempts)
    def surplus_goes_back(self, attempt: Attempt) -> None:
        try:
            held = self.runner.run(self.till.hold(self.payment, surplus=attempt))
        except RefundExceedsRest:
            assert self.expected.booked[attempt.attempt_id] == "surplus"
        except Refusal:
            assert self.expected.booked.get(attempt.attempt_id) != "surplus"
        else:
            assert self.expected.booked[attempt.attempt_id] == "surplus"
            assert held.amount == attempt.amount or attempt.attempt_id in self.taken
            assert held.amount <= attempt.amount

    @rule(attempt=attempts, amount=st.integers(1, OWED))
    def a_channel_takes_money_back(self, attempt: Attempt, amount: int) -> None:
        before = self.taken.get(attempt.attempt_id, 0)
        ask = BookChargeback(
            chargeback_id=ChargebackId.derive(self.till.tick(), attempt.attempt_id),
            attempt_id=attempt.attempt_id,
            reference=f"{attempt.attempt_id} {before}",
            amount=cny(amount),
            reason="the bank wrote",
            source="operator",
            actor="operator:test",
            occurred_at=self.till.now,
        )
        try:
            self.runner.run(self.till.store.book_chargeback(ask, self.till.now))
        except Refusal:
            assert attempt.attempt_id not in self.expected.booked or before + amount > attempt.amount.minor
        else:
            assert before + amount <= attempt.amount.minor
            self.taken[attempt.attempt_id] = before + amount
            self.some_is_covered(at_most=amount if self.expected.booked[attempt.attempt_id] == "kept" else 0)

    def some_is_covered(self, *, at_most: int) -> None:
        """What was left pays for chargebacks: never more than there is, nor than what just happened."""
        now = self.runner.run(self.till.fresh(self.payment)).charged_back.minor
        assert 0 <= now - self.expected.charged_back <= at_most
        self.expected.charged_back = now
        assert self.left() >= 0

    def left(self) -> int:
        expected = self.expected
        return expected.captured - expected.refunded - expected.held - expected.charged_back

    @rule(refund=consumes(refunds))
    def a_refund_arrives(self, refund: RefundHeld) -> None:
        ask = BookRefund(refund_id=refund.refund_id, order_id=self.payment.order_id, at=self.till.tick())
        for _ in range(2):
            assert self.runner.run(self.till.store.book_refund(ask)).state is RefundState.SUCCEEDED
        self.expected.held -= refund.amount.minor
        self.expected.refunded += refund.amount.minor

    @rule(target=refunds, refund=consumes(refunds), again=st.booleans())
    def a_refund_is_refused(self, refund: RefundHeld, again: bool) -> object:
        for leg in refund.legs:
            report = RefundReport(leg_id=leg.leg_id, state=RefundLegState.REFUSED)
            self.runner.run(self.till.store.record_leg(report, self.till.tick()))
        release = ReleaseRefund(refund_id=refund.refund_id, at=self.till.tick(), detail="no")
        self.runner.run(self.till.store.release_refund(release))
        self.expected.held -= refund.amount.minor
        self.some_is_covered(at_most=refund.amount.minor)
        if not again:
            return multiple()
        asked = self.runner.run(self.till.db.pool.fetchval(_ASKED, refund.refund_id))
        try:
            held = self.runner.run(self.till.hold(self.payment, asked, refund_id=refund.refund_id))
        except RefundExceedsRest:
            assert self.left() == 0
            return multiple()
        assert held.amount.minor == min(refund.amount.minor, self.left())
        self.expected.held += held.amount.minor
        return held

    def teardown(self) -> None:
        if hasattr(self, "payment"):
            after = self.runner.run(self.till.fresh(self.payment))
            found = (
                after.state,
                after.captured.minor,
                after.refunded.minor,
                after.held.minor,
                after.charged_back.minor,
            )
            want = self.expected
            assert found == (want.state, want.captured, want.refunded, want.held, want.charged_back)
            breaks = self.runner.run(self.till.store.audit(OPENED))  # no surplus is overdue by then
            assert breaks == ()


_ASKED = "SELECT asked_minor FROM refunds WHERE refund_id = $1"


@pytest.mark.hypothesis
def test_the_store_agrees_with_the_model_whatever_happens(migrated_copies: MigratedCopies) -> None:
    with asyncio.Runner() as runner:
        name = runner.run(migrated_copies.create("payments"))
        database = runner.run(Database(migrated_copies.dsn(name)).open())
        machine = type("Machine", (MoneyMachine,), {"runner": runner, "till": Till(database)})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples(80),
                stateful_step_count=30,
                deadline=None,
                database=None,
                phases=[Phase.generate],  # shrinking on a real database takes minutes
                suppress_health_check=list(HealthCheck),
            ),
        )
        balances = runner.run(PaymentStore(database).trial_balance())
        assert sum(entry.balance for entry in balances) == 0
        runner.run(database.close())
        runner.run(migrated_copies.drop(name))
