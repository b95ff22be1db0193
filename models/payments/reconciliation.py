"""Our books beside the channel's statement of one day: what is compared, what a difference is, and what is safe to repair."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from models.orders.messages import Placement
from models.shared import Frozen, Instant, Money
from models.shared.ids import AttemptId, OrderId, PaymentId
from models.shared.money import Currency

ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]

CARRY_OVER = timedelta(hours=1)
"""A movement that we booked in the last hour of a day may stand in the channel's statement of the next: it is judged with the
next day. See `judged_between`."""


def reconciliation_id(channel: str, day: date) -> str:
    """The workflow that reconciles one day because somebody asked for it."""
    return f"reconciliation/{channel}/{day.isoformat()}"


def judged_between(
    begins: Instant, ends: Instant, fetched_at: Instant, carry_over: timedelta
) -> tuple[Instant, Instant]:
    """Of our own movements those booked between these two moments must stand in the statement of this day or of another
    one. `begins` and `ends` bound the day in the channel's calendar.

    The carry-over rule: the window is the day, moved back by `carry_over`. So every movement of ours is judged once, by one
    day; what was booked just before midnight is judged when the next day's statement is there, in which it may stand. A
    statement fetched before its day was over can be held against us only up to then.
    """
    return begins - carry_over, max(begins, min(ends, fetched_at)) - carry_over


class DifferenceKind(StrEnum):
    """What a movement turned out to be."""

    MATCHED = "matched"
    """Here and there, of the same amount. Counted, not listed."""
    MISSING_HERE = "missing_here"
    """The channel took money of which our books know nothing."""
    MISSING_THERE = "missing_there"
    """Our books hold a capture that stands in no statement of the channel."""
    AMOUNT_DIFFERS = "amount_differs"
    DUPLICATE = "duplicate"
    """The channel lists it on another day, too, or took money twice for one attempt."""
    REFUND_MATCHED = "refund_matched"
    REFUND_MISSING_HERE = "refund_missing_here"
    """The channel gave money back, and our books do not say so."""
    REFUND_MISSING_THERE = "refund_missing_there"
    REFUND_DIFFERS = "refund_differs"
    FEE_MATCHED = "fee_matched"
    """The channel kept of this payment what we booked, over all its statements so far. Counted, not listed."""
    FEE_DIFFERS = "fee_differs"
    """The payment agrees, but the channel kept another fee of it than was booked."""
    CHARGEBACK_MATCHED = "chargeback_matched"
    CHARGEBACK_MISSING_HERE = "chargeback_missing_here"
    """The channel took money back from the shop, and our books do not say so."""
    CHARGEBACK_MISSING_THERE = "chargeback_missing_there"
    """An operator booked a chargeback that stands in no statement."""
    CHARGEBACK_DIFFERS = "chargeback_differs"


AGREES = (
    DifferenceKind.MATCHED,
    DifferenceKind.REFUND_MATCHED,
    DifferenceKind.FEE_MATCHED,
    DifferenceKind.CHARGEBACK_MATCHED,
)
"""What is counted in the totals of a report and is no difference."""


class Repair(StrEnum):
    """What is done about a difference without asking a person. For payments and refunds, what the lost callback would have
    done: the saga that is told decides under its own lock, and knows a repeat. Fees and chargebacks have no saga: they are the
    channel's word alone, and are booked once (docs/decisions/0021)."""

    REPORT_PAYMENT = "report_payment"
    """Money for an attempt of ours, of its amount, that nobody has reported: told to its payment window."""
    REPORT_REFUND = "report_refund"
    """A refund that we wait for, of its amount, has gone back: booked, and told to its saga."""
    BOOK_FEE = "book_fee"
    """The channel states the fee of a payment that agrees: what is missing in the books, or too much, is booked."""
    BOOK_CHARGEBACK = "book_chargeback"
    """The channel took back a capture of ours, or a part of it: nobody asks us, so it is booked."""


class Outcome(StrEnum):
    """How a reconciliation ended."""

    BALANCED = "balanced"
    DIFFERS = "differs"
    FAILED = "failed"
    """The statement cannot be believed; nothing of it was compared or booked."""


class StatementState(StrEnum):
    """What became of fetching a statement."""

    NOT_READY = "not_ready"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class ReconciliationInput(Frozen):
    """Reconcile one channel for one day; without a day, for the day before the run was due, after the days before it."""

    channel: ChannelName
    day: date | None = None
    looks_back: Annotated[int, Field(ge=0, le=30)] = 3
    """Without a day: so many earlier days are fetched again first, since statements are corrected."""
    asks_again: timedelta = timedelta(minutes=30)
    """How long to wait before a statement that is not published yet is asked for again."""
    patience: timedelta = timedelta(days=3)
    """After so long a statement that never came is told to a person."""
    carry_over: timedelta = CARRY_OVER
    placement: Placement = "inline"


class StatementRepeats(Exception):
    """A statement lists one movement twice, so its sums cannot be right: nothing of it is believed."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"line {line}: {what} is listed before")
        self.line = line
        self.why = f"{what} is listed before"


class DayOf(Frozen):
    """Which day of the channel's calendar is it at that moment?"""

    channel: ChannelName
    at: Instant


class ChannelDay(Frozen):
    """A day of the channel's calendar."""

    day: date


class TakeIn(Frozen):
    """Fetch the statement of that day and keep what it says, whole or not at all."""

    channel: ChannelName
    day: date


class StatementTaken(Frozen):
    """The statement as it is kept. A file that was kept before is found again by its digest."""

    state: StatementState
    number: int | None = None
    revision: int | None = None
    lines: int = 0
    refusal: str | None = None


class CompareStatement(Frozen):
    """Hold a kept statement against our books."""

    statement: int
    carry_over: timedelta
    at: Instant


class DifferenceTotal(Frozen):
    """So many movements of one kind and currency, and what they sum to here and there, in minor units. Refunds count as
    positive."""

    kind: DifferenceKind
    currency: Currency
    count: int
    ours: int
    theirs: int


class Report(Frozen):
    """One reconciliation: immutable. A corrected statement makes another one, of the next revision."""

    number: int
    """Of the statement; a statement is reconciled once."""
    channel: str
    day: date
    revision: int
    digest: str
    """SHA-256 of the unpacked statement."""
    outcome: Outcome
    failure: str | None = None
    """Why the statement cannot be believed, and in which line that shows."""
    failure_line: int | None = None
    lines: int
    """How many movements the statement lists."""
    judged_from: Instant
    judged_until: Instant
    """Which of our own movements were looked for in it, by when we booked them."""
    totals: tuple[DifferenceTotal, ...]
    fees: tuple[Money, ...]
    """What the channel says that it kept."""
    differences: int
    repairs: int
    """How many of the differences are repaired without a person."""
    made_at: Instant


class Difference(Frozen):
    """One movement on which the channel and we disagree."""

    report: int
    number: int
    kind: DifferenceKind
    line: int | None
    """Where it stands in the statement; null when it does not."""
    transaction_id: str | None
    merchant_id: str | None
    """Our attempt or refund leg, as the channel names it."""
    attempt_id: AttemptId | None
    payment_id: PaymentId | None
    order_id: OrderId | None
    currency: Currency
    ours: int | None
    theirs: int | None
    occurred_at: Instant
    repair: Repair | None
    repaired_at: Instant | None


class RepairReport(Frozen):
    """Do some of what a report has left to repair."""

    report: int


class RepairsDone(Frozen):
    """How many were done now, and how many of the rest are worth another try."""

    done: int
    left: int


class DayReconciled(Frozen):
    """How one day ended."""

    day: date
    report: Report | None
    """None when there is no statement; `missing` says why."""
    missing: str | None = None
    repaired: int = 0


class Reconciled(Frozen):
    """What one run of `Reconciliation` came to."""

    channel: str
    days: tuple[DayReconciled, ...]
