"""A desk for tests: statements as a channel would send them, kept and compared in one payments store."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from models.payments.chargebacks import BookChargeback
from models.payments.messages import RefundLegState, RefundReport
from models.payments.reconciliation import CARRY_OVER, Difference, Report, StatementTaken
from models.payments.types import Attempt, Payment, RefundLeg
from models.shared.ids import ChargebackId, RefundId
from stores.payments.statements import Line
from tests.integration.payments.till import OPENED, Till, cny

DAY = date(2026, 11, 1)
NEXT = DAY + timedelta(days=1)
Wanted = tuple[str, str, str, int, str]
"""Kind, transaction, merchant id, minor units, currency."""


def paid(attempt: Attempt, amount: int | None = None, *, transaction: str | None = None) -> Wanted:
    """A line about a payment."""
    minor = attempt.amount.minor if amount is None else amount
    return ("payment", transaction or f"txn-{attempt.attempt_id}", attempt.attempt_id, minor, attempt.amount.currency)


def back(leg_id: RefundId, amount: int) -> Wanted:
    """A line about a refund."""
    return ("refund", f"rtx-{leg_id}", leg_id, -amount, "CNY")


def kept(attempt: Attempt, fee: int) -> Wanted:
    """A line about what the channel kept of a payment; negative for what it gave back of that."""
    return ("fee", f"txn-{attempt.attempt_id}", attempt.attempt_id, -fee, "CNY")


def taken_back(attempt: Attempt, amount: int, *, case: str = "case") -> Wanted:
    """A line about a chargeback."""
    return ("chargeback", f"{case}-{attempt.attempt_id}", attempt.attempt_id, -amount, "CNY")


async def streamed(lines: Sequence[Wanted], day: date = DAY) -> AsyncIterator[Line]:
    """Lines as they come from a file; the first stands below the header."""
    at = datetime.combine(day, time(12), UTC)
    for number, (kind, transaction, merchant_id, minor, currency) in enumerate(lines, 2):
        yield (number, kind, transaction, merchant_id, "ref", minor, currency, at)


class Desk:
    """Keeps and compares, on a channel of its own: tests beside it share the database and see nothing of each other."""

    def __init__(self, till: Till, channel: str) -> None:
        self.till = till
        self.store = till.store
        self.channel = channel
        till.now = OPENED

    async def attempt(self, payment: Payment | None = None) -> Attempt:
        """A try over this channel."""
        return await self.till.attempt(payment or await self.till.open(), channel=self.channel)

    async def paid(self, amount: int = 10_000, fee: int = 0) -> tuple[Payment, Attempt]:
        """A payment that one capture over this channel completed, and of which the channel should keep `fee`."""
        booked = await self.till.capture(await self.attempt(await self.till.open(amount)), fee=fee)
        return booked.payment, booked.attempt

    async def charged_back(self, attempt: Attempt, amount: int) -> None:
        """An operator books a chargeback under the channel's case."""
        ask = BookChargeback(
            chargeback_id=ChargebackId.derive(self.till.now, attempt.attempt_id),
            attempt_id=attempt.attempt_id,
            reference=taken_back(attempt, amount)[1],
            amount=cny(amount),
            reason="the bank wrote",
            source="operator",
            actor="operator:test",
            occurred_at=self.till.now,
        )
        await self.store.book_chargeback(ask, self.till.tick())

    async def keep(
        self, *lines: Wanted, day: date = DAY, digest: str = "first", fetched_at: datetime | None = None
    ) -> StatementTaken:
        """Keep a statement of these lines, fetched long after its day."""
        begins = datetime.combine(day, time(), UTC)
        span = (begins, begins + timedelta(days=1))
        return await self.store.keep_statement(
            self.channel, day, span, digest, streamed(lines, day), fetched_at or begins + timedelta(days=2)
        )

    async def compare(self, taken: StatementTaken, carry_over: timedelta = CARRY_OVER) -> Report:
        """Hold it against the books."""
        assert taken.number is not None
        return await self.store.compare_statement(taken.number, carry_over, datetime(2026, 11, 5, tzinfo=UTC))

    async def report(self, *lines: Wanted, day: date = DAY, digest: str = "first") -> Report:
        """Keep and compare."""
        return await self.compare(await self.keep(*lines, day=day, digest=digest))

    async def differences(self, report: Report) -> list[Difference]:
        """All of them."""
        return list(await self.store.differences(report.number, limit=1000))

    async def only_difference(self, *lines: Wanted) -> Difference:
        """The one difference that a statement of these lines shows."""
        (found,) = await self.differences(await self.report(*lines))
        return found

    async def sent_back(self, payment: Payment, amount: int, *, arrived: bool) -> RefundLeg:
        """Money on its way back over the channel, that the channel said has arrived or not yet."""
        (leg,) = (await self.till.hold(payment, amount)).legs
        await self.store.mark_leg_sent(leg.leg_id)
        if arrived:
            came = RefundReport(leg_id=leg.leg_id, state=RefundLegState.SUCCEEDED)
            await self.store.record_leg(came, self.till.tick())
        return leg
