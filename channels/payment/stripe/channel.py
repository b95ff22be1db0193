"""Stripe as a payment channel. It knows a payment as a Checkout Session, which shows the page and makes the payment."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from channels.payment.contract import (
    CallbackAnswer,
    ChannelCallback,
    ChannelNotice,
    ChannelPayment,
    ChannelRefund,
    ChannelTerms,
    CreatedPayment,
    CreatePayment,
    FeeRule,
    PaymentState,
    RefundRequest,
    RefundState,
    StatementLine,
)
from channels.payment.errors import ChannelRefused, ChannelUnavailable
from channels.payment.files import write_whole
from channels.payment.outside import TIMEOUT, Outside, refuse_what_is_not_taken
from channels.payment.stripe.account import StripeAccount
from channels.payment.stripe.amounts import from_stripe, takes_currency, to_stripe
from channels.payment.stripe.callbacks import read_event
from channels.payment.stripe.calls import StripeCalls
from channels.payment.stripe.statement import pack, read_stripe_statement
from channels.payment.stripe.wire import Refund, Session
from channels.payment.units import NotInTheseUnits
from models.shared import Money
from models.shared.ids import RefundId
from models.shared.money import Currency

_SESSIONS = "/v1/checkout/sessions"
_WHOLE = {"expand[]": "payment_intent.latest_charge"}
_SHORTEST, _LONGEST = timedelta(minutes=40), timedelta(hours=23, minutes=50)
"""Stripe takes sessions of 30 minutes to 24 hours, counted from when it is asked; ours are counted from the attempt."""
_REFUNDS = {
    "pending": RefundState.PROCESSING,
    "requires_action": RefundState.PROCESSING,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.REFUSED,
    "canceled": RefundState.REFUSED,
}
_MIN_MINOR, _MAX_MINOR = 50, 99_999_999


class StripeChannel:
    """Cards on Stripe's page. `client` is shared and closed by whoever built it."""

    def __init__(
        self,
        account: StripeAccount,
        currencies: frozenset[Currency],
        client: httpx.AsyncClient,
        fee: FeeRule,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        """NotInTheseUnits for a currency of which we do not know how Stripe counts it."""
        unknown = sorted(currency for currency in currencies if not takes_currency(currency))
        if unknown:
            raise NotInTheseUnits(f"it is not settled how Stripe counts {', '.join(unknown)}")
        self._account = account
        self._calls = StripeCalls(account, Outside("stripe", account.url, client, timeout))
        self._terms = ChannelTerms(
            name="stripe",
            display_names={"en": "Card (Stripe)", "zh": "银行卡（Stripe）"},
            currencies=currencies,
            min_minor=_MIN_MINOR,
            max_minor=_MAX_MINOR,
            fee=fee,
        )

    @property
    def terms(self) -> ChannelTerms:
        """Named `stripe`. Stripe's least amount differs by currency; below it, it refuses by itself."""
        return self._terms

    @property
    def received(self) -> CallbackAnswer:
        """See PaymentChannel. Stripe wants any 2xx."""
        return CallbackAnswer()

    async def create(self, request: CreatePayment) -> CreatedPayment:
        """See PaymentChannel. Cards only: they are paid or not before the page closes."""
        refuse_what_is_not_taken(self._terms, request.amount)
        made = request.attempt.minted_at
        expires = min(max(request.expires_at, made + _SHORTEST), made + _LONGEST)
        fields = {
            "mode": "payment",
            "payment_method_types[0]": "card",
            "client_reference_id": request.attempt,
            "metadata[attempt_id]": request.attempt,
            "payment_intent_data[metadata][attempt_id]": request.attempt,
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": request.amount.currency.lower(),
            "line_items[0][price_data][unit_amount]": str(_amount(request.amount)),
            "line_items[0][price_data][product_data][name]": request.description,
            "success_url": request.return_url,
            "cancel_url": request.return_url,
            "locale": request.language,
            "expires_at": str(int(expires.timestamp())),
        }
        session = await self._calls.ask("POST", _SESSIONS, Session, fields | _WHOLE, key=request.attempt)
        if session.url is None:
            raise ChannelRefused("stripe", f"session_{session.status}", f"{request.attempt} can no longer be paid")
        return CreatedPayment(channel_reference=session.id, cashier_url=session.url)

    async def query(self, channel_reference: str) -> ChannelPayment:
        """See PaymentChannel."""
        session = await self._session(channel_reference)
        unknown = ChannelPayment(status=PaymentState.UNKNOWN_PAYMENT, channel_reference=channel_reference)
        return unknown if session is None else _payment(session)

    async def close(self, channel_reference: str) -> ChannelPayment:
        """See PaymentChannel. Whatever expiring answers, the session says how the payment stands."""
        refusal: ChannelRefused | None = None
        try:
            await self._calls.ask("POST", f"{_SESSIONS}/{quote(channel_reference, safe='')}/expire", Session, _WHOLE)
        except ChannelRefused as no:
            refusal = no
        payment = await self.query(channel_reference)
        if payment.status is PaymentState.PENDING:
            raise ChannelUnavailable(f"stripe has not closed {channel_reference} yet: {refusal or 'it said it had'}")
        return payment

    async def refund(self, request: RefundRequest) -> ChannelRefund:
        """See PaymentChannel. Stripe forgets idempotency keys after a day, so its refunds are looked through first."""
        session = await self._session(request.channel_reference)
        if session is None or _payment(session).status is not PaymentState.PAID or session.payment_intent is None:
            raise ChannelRefused("stripe", "payment_not_paid", f"{request.channel_reference} has not been paid")
        found = await self._refund_of(session, request.refund_id)
        if found is None:
            fields = {
                "payment_intent": session.payment_intent.id,
                "amount": str(_amount(request.amount)),
                "metadata[refund_id]": request.refund_id,
                "metadata[attempt_id]": session.client_reference_id or "",
                "metadata[session]": session.id,
                "metadata[reason]": request.reason,
            }
            found = await self._calls.ask("POST", "/v1/refunds", Refund, fields, key=request.refund_id)
        refund = _refund(found, request.refund_id)
        if refund.amount != request.amount:
            raise ChannelRefused("stripe", "idempotency_error", f"refund {request.refund_id} was {refund.amount}")
        return refund

    async def query_refund(self, refund_id: RefundId, channel_reference: str) -> ChannelRefund:
        """See PaymentChannel."""
        session = await self._session(channel_reference)
        found = None if session is None else await self._refund_of(session, refund_id)
        if found is None:
            return ChannelRefund(status=RefundState.UNKNOWN_REFUND, refund_id=refund_id)
        return _refund(found, refund_id)

    def parse_callback(
        self, headers: Mapping[str, str], raw_body: bytes, now: datetime
    ) -> ChannelCallback | ChannelNotice:
        """See PaymentChannel."""
        return read_event(self._account, headers, raw_body, now)

    async def fetch_statement(self, day: date, into: Path) -> Path:
        """See PaymentChannel. Days are UTC; today's holds what happened so far."""
        start = datetime.combine(day, time(), UTC)
        end = start + timedelta(days=1)
        entries = [entry async for entry in self._calls.each("/v1/balance_transactions", _during(start, end) | _SOURCE)]
        sessions = _during(start - timedelta(days=1), end)  # a session lives for a day at most
        entries += [entry async for entry in self._calls.each(_SESSIONS, sessions)]
        file = into / f"{self._terms.name}-{day.isoformat()}.jsonl.gz"
        await asyncio.to_thread(write_whole, file, pack(entries))
        return file

    def read_statement(self, path: Path) -> Iterator[StatementLine]:
        """See PaymentChannel. What is missing or contradicts itself may show after the first lines; take all of them first."""
        return read_stripe_statement(path)

    async def _session(self, reference: str) -> Session | None:
        try:
            return await self._calls.ask("GET", f"{_SESSIONS}/{quote(reference, safe='')}", Session, _WHOLE)
        except ChannelRefused as refusal:
            if refusal.channel_code != "resource_missing":
                raise
            return None

    async def _refund_of(self, session: Session, refund_id: RefundId) -> Refund | None:
        if session.payment_intent is None:
            return None
        async for entry in self._calls.each("/v1/refunds", {"payment_intent": session.payment_intent.id}):
            if (entry.get("metadata") or {}).get("refund_id") == refund_id:
                try:
                    return Refund.model_validate(entry)
                except ValidationError as problem:
                    raise ChannelUnavailable(f"stripe's refund {refund_id} is unreadable") from problem
        return None


_SOURCE = {"expand[]": "data.source"}


def _during(start: datetime, end: datetime) -> dict[str, str]:
    return {"created[gte]": str(int(start.timestamp())), "created[lt]": str(int(end.timestamp()))}


def _amount(amount: Money) -> int:
    try:
        return to_stripe(amount)
    except NotInTheseUnits as problem:
        raise ChannelRefused("stripe", "amount_not_taken", str(problem)) from problem


def _payment(session: Session) -> ChannelPayment:
    intent = session.payment_intent
    paid = session.payment_status == "paid"
    if paid and intent is None:
        raise ChannelUnavailable(f"stripe says that {session.id} was paid, but not by which payment")
    charge = intent.latest_charge if intent else None
    return ChannelPayment(
        status=PaymentState.PAID if paid else _unpaid(session),
        channel_reference=session.id,
        amount=from_stripe(session.amount_total, session.currency),
        transaction_id=intent.id if intent and paid else None,
        paid_at=datetime.fromtimestamp(charge.created, UTC) if charge and paid else None,
    )


def _unpaid(session: Session) -> PaymentState:
    if session.status == "expired":
        return PaymentState.CLOSED
    if session.status == "open":
        return PaymentState.PENDING
    if session.status == "complete" and session.payment_intent is not None:
        ended = session.payment_intent.status in ("canceled", "requires_payment_method")
        return PaymentState.CLOSED if ended else PaymentState.PENDING
    raise ChannelUnavailable(f"stripe says {session.status!r}, {session.payment_status!r} of {session.id}")


def _refund(told: Refund, refund_id: RefundId) -> ChannelRefund:
    status = _REFUNDS.get(told.status or "")
    if status is None:
        raise ChannelUnavailable(f"stripe says {told.status!r} of refund {refund_id}")
    return ChannelRefund(
        status=status,
        refund_id=refund_id,
        amount=from_stripe(told.amount, told.currency),
        transaction_id=told.id,
        reason=told.failure_reason,
        settled_at=datetime.fromtimestamp(told.created, UTC) if status is RefundState.SUCCEEDED else None,
    )
