"""What every payment channel can do, whoever stands behind it: the sandbox today; Alipay, WeChat Pay and Stripe alike.

A channel moves money; it does not decide. Every call may be repeated: `create` is idempotent by attempt id, `refund` by
refund id. Three kinds of answer exist and never mix: a value (it happened, or this is how it stands), `ChannelRefused`
(a definitive no), `ChannelUnavailable` (nobody knows; ask again).
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import Field

from models.shared import Frozen, Instant, Money
from models.shared.ids import AttemptId, RefundId
from models.shared.money import Currency

CALLBACK_TOLERANCE = timedelta(seconds=300)
"""How far a callback's timestamp may lie from now, in both directions (WeChat Pay APIv3 and Stripe use the same)."""

Language = Literal["en", "zh"]


class FeeRule(Frozen):
    """What the channel keeps of a payment: basis points of the amount, rounded half up, plus a fixed part."""

    basis_points: Annotated[int, Field(ge=0, le=10_000)]
    fixed_minor: Annotated[int, Field(ge=0)] = 0

    def on(self, amount: Money) -> Money:
        """The fee on a payment of `amount`, in its currency."""
        return Money(
            minor=(amount.minor * self.basis_points + 5_000) // 10_000 + self.fixed_minor, currency=amount.currency
        )


class ChannelTerms(Frozen):
    """What a cashier shows of a channel. Limits are minor units, inclusive, in whichever of its currencies is paid."""

    name: str
    """Stable; stored with each attempt."""
    display_names: dict[Language, str]
    currencies: frozenset[Currency]
    min_minor: int
    max_minor: int
    fee: FeeRule
    statement_zone: str = "UTC"
    """The time zone, as IANA names it, in which a day of its statements begins and ends."""
    needs: frozenset[Literal["client_ip", "payer_id"]] = frozenset()
    """What must stand in the metadata of a payment; nobody else is told it."""

    def accepts(self, amount: Money) -> bool:
        """Whether an amount can be paid here at all: its currency is taken and it lies within the limits."""
        return amount.currency in self.currencies and self.min_minor <= amount.minor <= self.max_minor


class CreatePayment(Frozen):
    """Ask the channel to be ready for one payment of one attempt."""

    attempt: AttemptId
    amount: Money
    description: Annotated[str, Field(min_length=1, max_length=200)]
    notify_url: str
    """Where the channel reports; an http(s) address."""
    return_url: str
    """Where the buyer's browser goes afterwards. Arriving there proves nothing."""
    expires_at: Instant
    language: Language = "en"
    metadata: dict[str, str] = Field(default_factory=dict)
    """Channel-specific extras: `instalments`, and what the terms' `needs` names: `client_ip`, the buyer's address; `payer_id`,
    the buyer as the channel knows them (the openid of WeChat Pay JSAPI)."""


class CreatedPayment(Frozen):
    """The channel is ready. `cashier_url` is where the buyer pays."""

    channel_reference: str
    """Whatever this channel needs to find the payment again."""
    cashier_url: str
    """An http(s) address to send the browser to. One exception: a `weixin:` address (WeChat Pay Native) is not to be
    visited but shown as a QR code, which the buyer scans with the WeChat of their phone."""


class PaymentState(StrEnum):
    """How a payment stands at the channel; closed means that nobody can pay it any more, as far as the channel knows."""

    PENDING = "pending"
    PAID = "paid"
    CLOSED = "closed"
    UNKNOWN_PAYMENT = "unknown_payment"


class ChannelPayment(Frozen):
    """How a payment stands. A refunded payment is still `paid`. `amount` is present when paid, and before that where the
    channel tells it; an unknown payment has none."""

    status: PaymentState
    channel_reference: str
    amount: Money | None = None
    transaction_id: str | None = None
    """The channel's own number of this movement of money, as in its statement. Present when paid."""
    paid_at: Instant | None = None


class RefundRequest(Frozen):
    """Money back to where it came from. Repeating a refund id never moves money twice."""

    refund_id: RefundId
    channel_reference: str
    amount: Money
    paid: Money
    """The whole amount of the payment; some channels check it."""
    reason: Annotated[str, Field(max_length=80)]
    notify_url: str


class RefundState(StrEnum):
    """How a refund stands at the channel. `refused` is final; the same money may be asked for under another refund id."""

    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    UNKNOWN_REFUND = "unknown_refund"


class ChannelRefund(Frozen):
    """How a refund stands. `reason` is the channel's own words when refused."""

    status: RefundState
    refund_id: RefundId
    amount: Money | None = None
    transaction_id: str | None = None
    """The channel's own number of this refund, as in its statement."""
    reason: str | None = None
    settled_at: Instant | None = None


class CallbackKind(StrEnum):
    """What a channel reports on its own."""

    PAYMENT_PAID = "payment_paid"
    PAYMENT_CLOSED = "payment_closed"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_REFUSED = "refund_refused"


class ChannelCallback(Frozen):
    """A report whose signature and freshness hold. It may still be a repeat, out of order, of a payment we do not know,
    or of an amount nobody asked for: compare it with what is owed before believing it."""

    event_id: str
    """The same for every repeat of one report; the key to seeing it only once."""
    kind: CallbackKind
    channel_reference: str
    attempt: AttemptId
    refund_id: RefundId | None = None
    amount: Money | None
    """Of the payment, or of the refund when the kind is one of a refund. Absent only for a refund of a channel that
    reports a running sum instead (Alipay); such a refund is known by its id."""
    transaction_id: str | None = None
    """As in ChannelPayment, or in ChannelRefund when the kind is one of a refund."""
    reason: str | None = None
    occurred_at: Instant


class ChannelNotice(Frozen):
    """Something the channel says and we need not act upon; genuine all the same, so it gets the answer of any other."""

    event_id: str
    about: str
    """What it is, in the channel's own words."""


class CallbackAnswer(Frozen):
    """What a channel wants to hear when its callback has been understood; anything else makes it send again."""

    status: int = 200
    body: bytes = b'{"received":true}'
    media_type: str | None = "application/json"


class StatementKind(StrEnum):
    """What a line of a statement says: money in, money back, what the channel kept, or what it took back from the shop."""

    PAYMENT = "payment"
    REFUND = "refund"
    FEE = "fee"
    CHARGEBACK = "chargeback"


class StatementLine(Frozen):
    """One movement as the channel booked it. Refunds, fees and chargebacks are negative; what the channel gives back of a fee, or of a
    refund that failed, is positive."""

    line: int
    """Where it stands among the movements of the file, from 1; a fee may share the line of what it was taken for."""
    kind: StatementKind
    transaction_id: str
    """Of the payment or refund; a fee carries that of its payment, a chargeback the number of its case."""
    channel_reference: str
    merchant_id: str
    """Our attempt id, or our refund id on a refund line; on a chargeback the attempt of its payment.
    Empty for a movement that this shop did not ask for."""
    amount: Money
    occurred_at: Instant


class PaymentChannel(Protocol):
    """One channel. All calls but `parse_callback` and `read_statement` go over the network and may raise
    ChannelUnavailable (outcome unknown) or ChannelRefused (definitive)."""

    @property
    def terms(self) -> ChannelTerms:
        """Name, display names, currencies, limits and fee."""
        ...

    @property
    def received(self) -> CallbackAnswer:
        """What to answer a callback that has been understood and is safe here, a repeat as well."""
        ...

    async def create(self, request: CreatePayment) -> CreatedPayment:
        """Open a payment. Idempotent by attempt id: a repeat answers the same; other content under it is refused, here or
        (Alipay, which only learns of a payment from the buyer) when the second buyer opens it."""
        ...

    async def query(self, channel_reference: str) -> ChannelPayment:
        """How the payment stands now; `unknown_payment` is a value, not an error."""
        ...

    async def close(self, channel_reference: str) -> ChannelPayment:
        """Stop anyone from paying. If it was paid already the answer is that payment: paid, with its facts."""
        ...

    async def refund(self, request: RefundRequest) -> ChannelRefund:
        """Send money back. Idempotent by refund id. ChannelRefused if the channel will not take the request (more than
        was paid, not paid, other content under this id); a refund it took and turned down later is status `refused`."""
        ...

    async def query_refund(self, refund_id: RefundId, channel_reference: str) -> ChannelRefund:
        """How that refund of the payment stands now; `unknown_refund` is a value, not an error, and means that the same
        request may be sent again."""
        ...

    def parse_callback(
        self, headers: Mapping[str, str], raw_body: bytes, now: datetime
    ) -> ChannelCallback | ChannelNotice:
        """Verify and read a callback. Raises CallbackMalformed, CallbackSignatureInvalid or CallbackTimestampStale."""
        ...

    async def fetch_statement(self, day: date, into: Path) -> Path:
        """Save the channel's statement of that day (of the channel's own calendar) under the directory `into`, unchanged, in
        bounded memory. StatementNotReady before it is published; a later fetch may bring a corrected file."""
        ...

    def read_statement(self, path: Path) -> Iterator[StatementLine]:
        """The lines of a fetched statement one by one, in bounded memory. Raises StatementCorrupt, for totals that disagree only
        after the last line: take all lines before you believe one."""
        ...
