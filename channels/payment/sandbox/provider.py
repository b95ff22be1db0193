"""What the provider does: takes payments, closes them, sends money back, and reports. The rules of money are here.

Each method is one transaction of the store: what happened and the callbacks that report it are written together. No
method awaits, so two calls never interleave.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from channels.payment.sandbox.callbacks import payment_event, plan_callbacks, refund_event
from channels.payment.sandbox.fate import Fate
from channels.payment.sandbox.faults import FaultRule
from channels.payment.sandbox.store import SandboxStore
from channels.payment.sandbox.types import Payment, Refund
from channels.payment.sandbox.wire import CURRENCIES, MAX_MINOR, MIN_MINOR, CreateBody, RefundBody
from channels.sandbox.callbacks import Callback
from channels.sandbox.refusal import SandboxRefusal
from models.shared import Money
from models.shared.ids import RefundId
from models.shared.time import Clock

NewName = Callable[[str], str]
"""Gives an unguessable name with that prefix."""
_LONGEST_LIFE = timedelta(days=7)


class Provider:
    """The provider behind the api, the cashier and the courier."""

    def __init__(
        self, store: SandboxStore, fate: Fate, clock: Clock, new_name: NewName, *, refund_delay: timedelta
    ) -> None:
        self.store = store
        self.fate = fate
        self.clock = clock
        self._new_name = new_name
        self._refund_delay = refund_delay
        self.on_new_work: Callable[[], None] = lambda: None
        """Called after something was written that happens by itself later; the courier listens."""

    def create(self, body: CreateBody) -> Payment:
        """Open a payment, or find the one this attempt opened. Other content under the same attempt id is refused."""
        now = self.clock()
        with self.store.transaction():
            known = self.store.payment_of_attempt(body.attempt_id)
            if known is not None:
                return _same_or_refuse(known, body)
            _refuse_nonsense(body, now)
            payment = self.store.insert_payment(self._new_name("sbx"), body, now)
        self.on_new_work()
        return payment

    def payment(self, reference: str) -> Payment:
        """The payment as it stands; refused if there is none."""
        payment = self._find(reference)
        if payment.status == "pending" and payment.expires_at <= self.clock():
            return self._close_and_report(payment, "expired")
        return payment

    def pay(self, reference: str, asked: list[FaultRule]) -> Payment:
        """The buyer pays. Paying what is paid changes nothing; a closed payment takes no money, unless the fault
        `paid_although_closed` is asked for."""
        payment = self.payment(reference)
        if payment.status == "paid":
            return payment
        late = any(rule.fault == "paid_although_closed" for rule in asked)
        if payment.status == "closed" and not late:
            raise SandboxRefusal(409, "payment_closed", "This payment was closed and can no longer be paid.")
        return self._take_money(payment, asked)

    def _take_money(self, payment: Payment, asked: list[FaultRule]) -> Payment:
        now = self.clock()
        with self.store.transaction():
            paid = self.store.mark_paid(payment.reference, self._new_name("txn"), now, late=payment.status == "closed")
            self._report_payment(paid, asked, now)
        self.on_new_work()
        return paid

    def decline(self, reference: str) -> Payment:
        """The buyer gives up: the payment closes, and this is reported. A paid one stays paid."""
        payment = self.payment(reference)
        if payment.status != "pending":
            return payment
        return self._close_and_report(payment, "declined")

    def close(self, reference: str) -> Payment:
        """The merchant closes. A paid payment stays paid and is answered with its facts."""
        payment = self.payment(reference)
        if payment.status != "pending":
            return payment
        now = self.clock()
        with self.store.transaction():
            hits = self.fate.hits_on_payment("close", payment.number, payment.attempt, own_rules(payment), now)
            pays = [rule for rule in hits if rule.fault == "paid_although_closed"]
            pay_late_at = now + timedelta(seconds=pays[0].strength) if pays else None
            closed = self.store.mark_closed(reference, "merchant", now, pay_late_at)
        self.on_new_work()
        return closed

    def _close_and_report(self, payment: Payment, because: Literal["expired", "declined"]) -> Payment:
        now = self.clock()
        with self.store.transaction():
            closed = self.store.mark_closed(payment.reference, because, now, None)
            self._report_payment(closed, [], now)
        self.on_new_work()
        return closed

    def refund(self, body: RefundBody) -> Refund:
        """Send money back, or find the refund of this id. Never more than was paid, counting what is being processed."""
        now = self.clock()
        with self.store.transaction():
            known = self._known_refund(body)
            if known is not None:
                return known
            payment = self._refundable(body)
            hits = self.fate.hits_on_payment("refund", payment.number, payment.attempt, own_rules(payment), now)
            refused = any(rule.fault == "refund_refused" for rule in hits)
            refusal = "The account that paid has been closed." if refused else None
            due = now + self._refund_delay
            refund = self.store.insert_refund(body, self._new_name("rtx"), refusal, now, due)
            if not self._refund_delay:
                refund = self._settle(refund, now)
        self.on_new_work()
        return refund

    def _known_refund(self, body: RefundBody) -> Refund | None:
        try:
            known = self.store.refund(body.refund_id)
        except KeyError:
            return None
        same = (known.reference, known.amount.minor, known.amount.currency)
        if same != (body.reference, body.amount_minor, body.currency):
            raise SandboxRefusal(409, "refund_conflict", "Another refund has this id; use a new one.")
        return known

    def _refundable(self, body: RefundBody) -> Payment:
        payment = self._find(body.reference)
        if payment.status != "paid":
            raise SandboxRefusal(409, "payment_not_paid", "Only a paid payment can be refunded.")
        if body.currency != payment.amount.currency or body.amount_minor <= 0:
            raise SandboxRefusal(
                422, "refund_amount_invalid", "A refund is more than nothing, in the payment's currency."
            )
        left = payment.amount.minor - self.store.refunded_minor(body.reference)
        if body.amount_minor > left:
            raise SandboxRefusal(409, "refund_exceeds_payment", f"Only {left} of this payment can still be refunded.")
        return payment

    def _find(self, reference: str) -> Payment:
        try:
            return self.store.payment(reference)
        except KeyError:
            raise SandboxRefusal(404, "payment_unknown", "There is no payment with this reference.") from None

    def _settle(self, refund: Refund, now: datetime) -> Refund:
        settled = self.store.settle_refund(refund.refund, now)
        payment = self.store.payment(refund.reference)
        event = refund_event(payment, settled, self._new_name("evt"))
        hits = self.fate.hits_on_payment(event.kind, payment.number, payment.attempt, own_rules(payment), now)
        self.store.callbacks.insert(plan_callbacks(event, refund.notify_url, hits, now))
        return settled

    def find_refund(self, refund: RefundId) -> Refund:
        """The refund as it stands; refused if there is none."""
        try:
            return self.store.refund(refund)
        except KeyError:
            raise SandboxRefusal(404, "refund_unknown", "There is no refund with this id.") from None

    def advance(self) -> None:
        """Do what is due by itself: refunds settle, pending payments expire, late money arrives."""
        now = self.clock()
        for payment in self.store.expired_payments(now):
            self._close_and_report(payment, "expired")
        for payment in self.store.late_payments_due(now):
            self._take_money(payment, [])
        with self.store.transaction():
            for refund in self.store.refunds_due(now):
                self._settle(refund, now)

    def lets_go(self, callback: Callback, /) -> bool:
        """A paid callback that is held back waits for the report of a refund."""
        return callback.kind.startswith("refund")

    def _report_payment(self, payment: Payment, asked: list[FaultRule], now: datetime) -> None:
        event = payment_event(payment, self._new_name("evt"))
        own = asked + own_rules(payment)
        hits = self.fate.hits_on_payment(event.kind, payment.number, payment.attempt, own, now)
        self.store.callbacks.insert(plan_callbacks(event, payment.notify_url, hits, now))


def own_rules(payment: Payment) -> list[FaultRule]:
    """What the merchant asked to go wrong with this payment."""
    return FaultRule.read(payment.metadata.get("faults", ""))


def _same_or_refuse(known: Payment, body: CreateBody) -> Payment:
    asked = (Money(minor=body.amount_minor, currency=body.currency), body.method)
    if (known.amount, known.method) != asked:
        raise SandboxRefusal(409, "attempt_conflict", "This attempt opened a payment of another amount or method.")
    return known


def _refuse_nonsense(body: CreateBody, now: datetime) -> None:
    if body.currency not in CURRENCIES:
        raise SandboxRefusal(
            422, "currency_not_taken", f"{body.currency} is not taken here; {', '.join(CURRENCIES)} are."
        )
    if not MIN_MINOR <= body.amount_minor <= MAX_MINOR:
        raise SandboxRefusal(422, "amount_out_of_range", f"An amount lies between {MIN_MINOR} and {MAX_MINOR}.")
    if not now < body.expires_at <= now + _LONGEST_LIFE:
        raise SandboxRefusal(422, "expiry_out_of_range", "A payment expires in the future, within seven days.")
    try:
        FaultRule.read(body.metadata.get("faults", ""))
    except ValueError as problem:
        raise SandboxRefusal(422, "faults_invalid", str(problem)) from problem
