"""Stripe's webhook events: signature, then freshness, then what they say."""

from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import ValidationError

from channels.payment.contract import CALLBACK_TOLERANCE, CallbackKind, ChannelCallback, ChannelNotice
from channels.payment.errors import CallbackMalformed, CallbackSignatureInvalid, CallbackTimestampStale
from channels.payment.stripe.account import StripeAccount
from channels.payment.stripe.amounts import from_stripe
from channels.payment.stripe.signing import HEADER, is_genuine, read_header
from channels.payment.stripe.wire import Event, Refund, ReportedSession
from models.shared.ids import AttemptId, RefundId

_SESSIONS = {
    "checkout.session.completed": CallbackKind.PAYMENT_PAID,
    "checkout.session.async_payment_succeeded": CallbackKind.PAYMENT_PAID,
    "checkout.session.async_payment_failed": CallbackKind.PAYMENT_CLOSED,
    "checkout.session.expired": CallbackKind.PAYMENT_CLOSED,
}
_REFUND_EVENTS = ("refund.created", "refund.updated", "refund.failed")
_REFUNDS = {
    "succeeded": CallbackKind.REFUND_SUCCEEDED,
    "failed": CallbackKind.REFUND_REFUSED,
    "canceled": CallbackKind.REFUND_REFUSED,
}


def read_event(
    account: StripeAccount, headers: Mapping[str, str], raw_body: bytes, now: datetime
) -> ChannelCallback | ChannelNotice:
    """Verify and read an event."""
    given = {name.lower(): value for name, value in headers.items()}.get(HEADER, "")
    signature = read_header(given)
    if signature is None:
        raise CallbackMalformed("There is no readable Stripe-Signature header; only Stripe may call this.")
    if not is_genuine(account.webhook_secrets, signature, raw_body):
        raise CallbackSignatureInvalid("The signature does not fit the body; is the endpoint's secret the right one?")
    if abs(now.timestamp() - signature.timestamp) > CALLBACK_TOLERANCE.total_seconds():
        raise CallbackTimestampStale("It was signed more than 300 s away from now; send it again, signed afresh.")
    try:
        event = Event.model_validate_json(raw_body)
        return _told(event) or ChannelNotice(event_id=event.id, about=event.type[:200])
    except ValidationError as problem:
        raise CallbackMalformed(f"It is not an event of Stripe: {problem.errors()[0]['msg']}.") from problem
    except ValueError as problem:
        raise CallbackMalformed(f"It cannot be read: {problem}.") from problem


def _told(event: Event) -> ChannelCallback | None:
    if event.type in _SESSIONS:
        return _payment(event, ReportedSession.model_validate(event.data.object))
    if event.type in _REFUND_EVENTS:
        return _refund(event, Refund.model_validate(event.data.object))
    return None


def _payment(event: Event, session: ReportedSession) -> ChannelCallback | None:
    """None for a session that is not ours, and for one that was completed with money still to come."""
    kind = _SESSIONS[event.type]
    ours = (session.client_reference_id or "").startswith(f"{AttemptId.prefix}_")
    if not ours or (kind is CallbackKind.PAYMENT_PAID) != (session.payment_status == "paid"):
        return None
    if session.amount_total is None or session.currency is None:
        raise CallbackMalformed("It says nothing about the amount.")
    return ChannelCallback(
        event_id=event.id,
        kind=kind,
        channel_reference=session.id,
        attempt=AttemptId(session.client_reference_id or ""),
        amount=from_stripe(session.amount_total, session.currency),
        transaction_id=session.payment_intent if kind is CallbackKind.PAYMENT_PAID else None,
        occurred_at=datetime.fromtimestamp(event.created, UTC),
    )


def _refund(event: Event, refund: Refund) -> ChannelCallback | None:
    """None for a refund that somebody made in Stripe's dashboard, and for one under way."""
    kind = _REFUNDS.get(refund.status or "")
    ours = refund.metadata.get("refund_id")
    if kind is None or ours is None:
        return None
    return ChannelCallback(
        event_id=event.id,
        kind=kind,
        channel_reference=refund.metadata.get("session", ""),
        attempt=AttemptId(refund.metadata.get("attempt_id", "")),
        refund_id=RefundId(ours),
        amount=from_stripe(refund.amount, refund.currency),
        transaction_id=refund.id,
        reason=refund.failure_reason,
        occurred_at=datetime.fromtimestamp(event.created, UTC),
    )
