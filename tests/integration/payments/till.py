"""A till for tests: opens payments, takes and gives back money in the store, a second a move, with ids of its own."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from hanse.database import Database
from models.payments.bookings import Booked
from models.payments.messages import OpenPayment, PaymentReport, RefundHeld, RefundInput, SettleReport, payment_of
from models.payments.types import Attempt, Payment, RefundReason
from models.shared import Money
from models.shared.ids import AttemptId, OrderId, RefundId, UserId
from stores.payments import PaymentStore

OPENED = datetime(2026, 11, 1, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=30)
OpenDatabase = Callable[[str], Awaitable[Database]]


def cny(minor: int) -> Money:
    """That many fen."""
    return Money(minor=minor)


def left_to_refund(payment: Payment) -> Money:
    """What can still go back of what was kept."""
    return payment.captured - payment.refunded - payment.held - payment.charged_back


class Till:
    """Moves money in one payments store."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.store = PaymentStore(db)
        self.now = OPENED
        self._made = 0

    def _entropy(self) -> bytes:
        self._made += 1
        return self._made.to_bytes(10)

    def new_order(self) -> OrderId:
        return OrderId.mint(OPENED, self._entropy())

    def new_attempt(self) -> AttemptId:
        return AttemptId.mint(OPENED, self._entropy())

    def new_refund(self) -> RefundId:
        return RefundId.mint(OPENED, self._entropy())

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def ask(self, amount: int, order_id: OrderId | None = None) -> OpenPayment:
        order_id = order_id or self.new_order()
        return OpenPayment(
            order_id=order_id,
            payment_id=payment_of(order_id),
            user_id=UserId.mint(OPENED, b"buyer-0001"),
            amount=cny(amount),
            due_at=OPENED + WINDOW,
            at=OPENED,
            placement="inline",
        )

    async def open(self, amount: int = 10_000) -> Payment:
        """A payment that waits for `amount`."""
        return await self.store.open_payment(self.ask(amount))

    async def attempt(self, payment: Payment, amount: int | None = None, channel: str = "sandbox_card") -> Attempt:
        """A try that its channel knows of."""
        wanted = None if amount is None else cny(amount)
        opened = await self.store.open_attempt(
            payment.payment_id, channel, "card", wanted, self.new_attempt(), OPENED + timedelta(seconds=1)
        )
        return await self.store.bind_attempt(opened.attempt_id, f"ref-{opened.attempt_id}", "http://pay.example/x")

    def report(self, attempt: Attempt, transaction: str | None = None, amount: Money | None = None) -> SettleReport:
        """What its channel says when the buyer has paid."""
        transaction = transaction or f"txn-{attempt.attempt_id}"
        report = PaymentReport(
            attempt_id=attempt.attempt_id,
            channel_transaction=transaction,
            amount=amount or attempt.amount,
            paid_at=self.now,
            event_id=f"evt-{transaction}",
            source="callback",
        )
        return SettleReport(order_id=attempt.order_id, report=report, at=self.tick())

    async def capture(
        self, attempt: Attempt, transaction: str | None = None, amount: Money | None = None, fee: int = 0
    ) -> Booked:
        return await self.store.settle(self.report(attempt, transaction, amount), lambda _: cny(fee))

    async def paid(self, amount: int = 10_000) -> tuple[Payment, Attempt]:
        """A payment that one capture completed."""
        payment = await self.open(amount)
        booked = await self.capture(await self.attempt(payment))
        return booked.payment, booked.attempt

    def refund_of(
        self,
        payment: Payment,
        amount: int | None = None,
        *,
        surplus: Attempt | None = None,
        refund_id: RefundId | None = None,
    ) -> RefundInput:
        return RefundInput(
            refund_id=refund_id or self.new_refund(),
            order_id=payment.order_id,
            payment_id=payment.payment_id,
            user_id=payment.user_id,
            amount=None if amount is None else cny(amount),
            reason=RefundReason.LATE_PAYMENT if surplus else RefundReason.BY_OPERATOR,
            actor="operator",
            attempt_id=surplus.attempt_id if surplus else None,
        )

    async def hold(
        self,
        payment: Payment,
        amount: int | None = None,
        *,
        surplus: Attempt | None = None,
        refund_id: RefundId | None = None,
    ) -> RefundHeld:
        ask = self.refund_of(payment, amount, surplus=surplus, refund_id=refund_id)
        return await self.store.hold_refund(ask, self.tick())

    async def fresh(self, payment: Payment) -> Payment:
        return await self.store.payment(payment.payment_id)

    async def sound(self) -> bool:
        """No break of invariant 2, looked at long after everything."""
        breaks = await self.store.audit(self.now + timedelta(days=1))
        balances = await self.store.trial_balance()
        assert sum(balance.balance for balance in balances) == 0
        assert breaks == ()
        return True
