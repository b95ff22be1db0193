"""From something that happened to the callbacks that report it, well or badly. Pure: no clock, no database."""

import hashlib
from datetime import datetime

from channels.payment.sandbox.faults import FaultRule
from channels.payment.sandbox.types import Payment, Refund
from channels.payment.sandbox.wire import EventBody
from channels.sandbox.callbacks import NewCallback, spoiled
from models.shared.ids import AttemptId


def payment_event(payment: Payment, event_id: str) -> EventBody:
    """The report that a payment was paid or closed."""
    paid = payment.status == "paid"
    occurred = payment.paid_at if paid else payment.closed_at
    if occurred is None:
        raise ValueError(f"{payment.reference} is pending: there is nothing to report")
    return EventBody(
        event_id=event_id,
        kind="payment_paid" if paid else "payment_closed",
        reference=payment.reference,
        attempt_id=payment.attempt,
        refund_id=None,
        amount_minor=payment.amount.minor,
        currency=payment.amount.currency,
        transaction_id=payment.transaction_id,
        reason=None if paid else payment.closed_because,
        occurred_at=occurred,
    )


def refund_event(payment: Payment, refund: Refund, event_id: str) -> EventBody:
    """The report that a refund succeeded or was refused."""
    if refund.settled_at is None:
        raise ValueError(f"{refund.refund} is being processed: there is nothing to report")
    return EventBody(
        event_id=event_id,
        kind="refund_succeeded" if refund.status == "succeeded" else "refund_refused",
        reference=payment.reference,
        attempt_id=payment.attempt,
        refund_id=refund.refund,
        amount_minor=refund.amount.minor,
        currency=refund.amount.currency,
        transaction_id=refund.transaction_id,
        reason=refund.refusal,
        occurred_at=refund.settled_at,
    )


def plan_callbacks(event: EventBody, url: str, hits: list[FaultRule], now: datetime) -> list[NewCallback]:
    """The callbacks of one event under the faults that hit it."""
    strength: dict[str, float] = {rule.fault: rule.strength for rule in hits}
    told = event
    if "wrong_amount" in strength:
        told = event.model_copy(update={"amount_minor": event.amount_minor + int(strength["wrong_amount"])})
    plain = NewCallback(
        event_id=event.event_id,
        kind=event.kind,
        subject=event.reference,
        url=url,
        body=told.model_dump_json(),
        send_at=now,
    )
    planned = spoiled(plain, strength)
    if "unknown_payment" in strength:
        nobody = _of_nobody(event)
        planned.append(
            plain.model_copy(update={"event_id": nobody.event_id, "body": nobody.model_dump_json(), "once": True})
        )
    return planned


def _of_nobody(event: EventBody) -> EventBody:
    name = hashlib.sha256(event.event_id.encode()).hexdigest()[:26]
    return event.model_copy(
        update={
            "event_id": f"evt_{name}",
            "reference": f"sbx_{name}",
            "attempt_id": AttemptId.derive(event.occurred_at, event.reference, "nobody"),
            "transaction_id": f"txn_{name}",
        }
    )
