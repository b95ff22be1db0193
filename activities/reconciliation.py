"""Fetching what a channel says it moved, holding it against our books, and telling sagas what they did not hear."""

import asyncio
import gzip
import hashlib
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from prometheus_client import Counter
from temporalio import activity

from activities.siblings import Siblings
from channels.payment.contract import PaymentChannel, StatementLine
from channels.payment.errors import StatementCorrupt, StatementNotReady
from models.orders.messages import Placement
from models.payments.chargebacks import BookChargeback
from models.payments.ledger_errors import ChargebackConflict, ChargebackExceedsCapture
from models.payments.messages import PaymentReport, PaymentTimeoutInput, RefundLegState, RefundReport
from models.payments.reconciliation import (
    ChannelDay,
    CompareStatement,
    DayOf,
    Difference,
    Repair,
    RepairReport,
    RepairsDone,
    Report,
    StatementRepeats,
    StatementState,
    StatementTaken,
    TakeIn,
)
from models.shared import Money
from models.shared.ids import ChargebackId, RefundId
from models.shared.time import Clock

if TYPE_CHECKING:
    from channels.payment.registry import PaymentChannels
    from stores.payments import PaymentStore
    from stores.payments.statements import Line

_log = logging.getLogger(__name__)
_statements = Counter("hanse_statements", "Statements of payment channels that were taken in", ["channel", "state"])
_differences = Counter("hanse_reconciliation_differences", "What channels and books disagree on", ["channel", "kind"])
_repaired = Counter(
    "hanse_reconciliation_repaired", "Differences that were told to the saga that repairs them", ["repair"]
)
_charged_back = Counter("hanse_chargebacks", "Chargebacks that were booked from statements", ["channel"])
_AT_ONCE = 2_000
"""Lines that are read before others get a turn on this worker."""
_PIECE = 1_048_576
_REPAIRS = 50


class ReconciliationActivities:
    """Everything here may be repeated: a statement is known by its digest, a report by its statement, and a saga that is told
    twice knows it."""

    def __init__(
        self,
        store: "PaymentStore",
        channels: "PaymentChannels",
        siblings: Siblings,
        clock: Clock,
        *,
        placement: Placement,
    ) -> None:
        """`placement` is that of the windows that a report starts again."""
        self._store = store
        self._channels = channels
        self._siblings = siblings
        self._clock = clock
        self._placement = placement

    @activity.defn(name="reconciliation.day_of")
    async def day_of(self, ask: DayOf) -> ChannelDay:
        """Which day it is at the channel. Refusal: `channel_unknown`."""
        zone = ZoneInfo(self._channels.named(ask.channel).terms.statement_zone)
        return ChannelDay(day=ask.at.astimezone(zone).date())

    @activity.defn(name="reconciliation.take_in")
    async def take_in(self, ask: TakeIn) -> StatementTaken:
        """Fetch the statement of a day and keep it whole, if it can be believed: its totals agree with its lines, no line
        repeats another, every currency is one the channel takes, and it can be read to its end. What cannot be believed is
        kept as refused, with the line, and nothing of it. Refusal: `channel_unknown`, `channel_refused`."""
        channel = self._channels.named(ask.channel)
        with tempfile.TemporaryDirectory(prefix="hanse-statement-") as folder:
            try:
                file = await channel.fetch_statement(ask.day, Path(folder))
            except StatementNotReady as early:
                _log.info("%s of %s: %s", ask.channel, ask.day, early)
                return StatementTaken(state=StatementState.NOT_READY)
            digest = await asyncio.to_thread(_digest, file)
            known = await self._store.statement_known(ask.channel, ask.day, digest)
            if known is not None:
                return known
            taken = await self._kept(channel, ask.day, file, digest)
        _statements.labels(ask.channel, taken.state.value).inc()
        return taken

    async def _kept(self, channel: PaymentChannel, day: date, file: Path, digest: str) -> StatementTaken:
        name, now = channel.terms.name, self._clock()
        span = _span(day, channel.terms.statement_zone)
        try:
            return await self._store.keep_statement(name, day, span, digest, _lines(channel, file), now)
        except (StatementCorrupt, StatementRepeats) as bad:
            _log.error("the statement of %s for %s cannot be believed: %s", name, day, bad)
            return await self._store.refuse_statement(name, day, span, digest, bad.why, bad.line, now)

    @activity.defn(name="reconciliation.compare")
    async def compare(self, ask: CompareStatement) -> Report:
        """Hold the statement against our books, once, and keep the report; that of a refused statement was made with it."""
        report = await self._store.compare_statement(ask.statement, ask.carry_over, ask.at)
        if report.made_at == ask.at:
            for total in report.totals:
                _differences.labels(report.channel, total.kind.value).inc(total.count)
        return report

    @activity.defn(name="reconciliation.repair")
    async def repair(self, ask: RepairReport) -> RepairsDone:
        """Tell sagas some of what a report says they did not hear, and book fees and chargebacks as the channel states them;
        each is marked once that is done. A chargeback that an operator booked otherwise meanwhile is left to a person."""
        due = await self._store.repairs_due(ask.report, limit=_REPAIRS + 1)
        done = 0
        for difference in due[:_REPAIRS]:
            try:
                await self._repaired(difference)
            except (ChargebackConflict, ChargebackExceedsCapture) as no:
                _log.error("difference %s of report %s is left to a person: %s", difference.number, ask.report, no)
                continue
            await self._store.mark_repaired(ask.report, difference.number, self._clock())
            _repaired.labels(difference.repair or "").inc()
            done += 1
        return RepairsDone(done=done, left=len(due) - len(due[:_REPAIRS]) if done else 0)

    async def _repaired(self, difference: Difference) -> None:
        match difference.repair:
            case Repair.REPORT_PAYMENT:
                await self._report_payment(difference)
            case Repair.REPORT_REFUND:
                await self._report_refund(difference)
            case Repair.BOOK_FEE:
                await self._book_fee(difference)
            case Repair.BOOK_CHARGEBACK:
                await self._book_chargeback(difference)

    async def _report_payment(self, difference: Difference) -> None:
        assert difference.attempt_id is not None
        assert difference.theirs is not None
        attempt = await self._store.attempt(difference.attempt_id)
        payment = await self._store.payment(attempt.payment_id)
        report = PaymentReport(
            attempt_id=attempt.attempt_id,
            channel_transaction=difference.transaction_id or "",
            amount=Money(minor=difference.theirs, currency=difference.currency),
            paid_at=difference.occurred_at,
            event_id=f"statement/{difference.transaction_id}",
            source="statement",
            fee=await self._store.stated_fee(difference.report, difference.transaction_id or ""),
        )
        await self._siblings.report_payment(PaymentTimeoutInput.taking_up(payment, self._placement), report)

    async def _report_refund(self, difference: Difference) -> None:
        leg_id = RefundId(difference.merchant_id or "")
        refund = await self._store.refund_of_leg(leg_id)
        report = RefundReport(leg_id=leg_id, state=RefundLegState.SUCCEEDED, detail="found in the channel's statement")
        standing = await self._store.record_leg(report, self._clock())
        await self._siblings.report_refund(refund.refund_id, standing)

    async def _book_fee(self, difference: Difference) -> None:
        assert difference.attempt_id is not None
        assert difference.theirs is not None
        stated = Money(minor=difference.theirs, currency=difference.currency)
        await self._store.book_stated_fee(difference.attempt_id, stated, difference.report, self._clock())

    async def _book_chargeback(self, difference: Difference) -> None:
        assert difference.attempt_id is not None
        assert difference.theirs is not None
        assert difference.transaction_id is not None
        attempt = await self._store.attempt(difference.attempt_id)
        case = difference.transaction_id
        ask = BookChargeback(
            chargeback_id=ChargebackId.derive(difference.occurred_at, attempt.channel, case),
            attempt_id=attempt.attempt_id,
            reference=case,
            amount=Money(minor=difference.theirs, currency=difference.currency),
            reason="found in the channel's statement",
            source="statement",
            actor=f"reconciliation:{difference.report}",
            occurred_at=difference.occurred_at,
        )
        await self._siblings.tell_chargeback(await self._store.book_chargeback(ask, self._clock()))
        _charged_back.labels(attempt.channel).inc()


def _digest(file: Path) -> str:
    """Of what is packed in the file: the same content packed anew is the same statement. What cannot be unpacked is known
    by the file as it is."""
    for opener in (gzip.open, open):
        digest = hashlib.sha256()
        try:
            with opener(file, "rb") as content:
                while piece := content.read(_PIECE):
                    digest.update(piece)
        except (OSError, EOFError):
            continue
        return digest.hexdigest()
    raise OSError(f"{file.name} cannot be read")


def _span(day: date, zone: str) -> tuple[datetime, datetime]:
    """When a day begins and ends there; it may have 23 or 25 hours."""
    begins = datetime.combine(day, time(), ZoneInfo(zone))
    return begins, datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))


async def _lines(channel: PaymentChannel, file: Path) -> AsyncIterator["Line"]:
    """The lines of a statement as they are kept, read in a thread and some at a time, so that the sagas beside get their turn."""
    lines = channel.read_statement(file)
    while some := await asyncio.to_thread(_next, lines, channel):
        activity.heartbeat(some[-1][0])
        for line in some:
            yield line


def _next(lines: Iterator[StatementLine], channel: PaymentChannel) -> list["Line"]:
    return [_as_kept(line, channel) for line in islice(lines, _AT_ONCE)]


def _as_kept(line: StatementLine, channel: PaymentChannel) -> "Line":
    if line.amount.currency not in channel.terms.currencies:
        raise StatementCorrupt(f"{line.amount.currency} is not a currency of {channel.terms.name}", line.line)
    return (
        line.line,
        line.kind.value,
        line.transaction_id,
        line.merchant_id,
        line.channel_reference,
        line.amount.minor,
        line.amount.currency,
        line.occurred_at,
    )
