"""From something that happened to the callbacks that report it, well or badly. Pure: no clock, no database."""

import hashlib
from datetime import datetime, timedelta

from channels.payment.sandbox.faults import FaultRule
from channels.payment.sandbox.types import NewDelivery, Payment, Refund
from channels.payment.sandbox.wire import EventBody
from models.shared.ids import AttemptId

_MOST_COPIES = 100


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


def plan_deliveries(event: EventBody, url: str, hits: list[FaultRule], now: datetime) -> list[NewDelivery]:
    """The callbacks of one event under the faults that hit it.

    A forged or stale callback is followed by a genuine try if the receiver refuses it, unless the callback is also lost.
    """
    strength = {rule.fault: rule.strength for rule in hits}
    told = event
    if "wrong_amount" in strength:
        told = event.model_copy(update={"amount_minor": event.amount_minor + int(strength["wrong_amount"])})
    disguised = "forged" in strength or "stale" in strength
    lost = "lost" in strength
    first = NewDelivery(
        event_id=event.event_id,
        kind=event.kind,
        reference=event.reference,
        url=url,
        body=told.model_dump_json(),
        send_at=now + timedelta(seconds=strength.get("late", 0) + strength.get("reordered", 0)),
        state="lost" if lost and not disguised else "waiting",
        disguise="forged" if "forged" in strength else "stale" if "stale" in strength else "genuine",
        stale_seconds=strength.get("stale", 0),
        once=lost,
        after_refund="reordered" in strength,
    )
    planned = [first] * min(max(1, int(strength.get("doubled", 1))), _MOST_COPIES)
    if "unknown_payment" in strength:
        planned.append(_report_of_nobody(event, url, now))
    return planned


def _report_of_nobody(event: EventBody, url: str, now: datetime) -> NewDelivery:
    name = hashlib.sha256(event.event_id.encode()).hexdigest()[:26]
    nobody = event.model_copy(
        update={
            "event_id": f"evt_{name}",
            "reference": f"sbx_{name}",
            "attempt_id": AttemptId.derive(event.occurred_at, event.reference, "nobody"),
            "transaction_id": f"txn_{name}",
        }
    )
    body = nobody.model_dump_json()
    return NewDelivery(
        event_id=nobody.event_id,
        kind=nobody.kind,
        reference=event.reference,
        url=url,
        body=body,
        send_at=now,
        once=True,
    )
