"""The merchant's side: signed JSON over HTTP. The gate has checked the signature before anything here runs."""

import asyncio
import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from fastapi import APIRouter, Response

from channels.payment.sandbox.provider import Provider
from channels.payment.sandbox.statement import write_statement
from channels.payment.sandbox.types import Payment, Refund
from channels.payment.sandbox.wire import (
    STATEMENT_DIGEST_HEADER,
    CreateBody,
    Method,
    PaymentAnswer,
    RefundAnswer,
    RefundBody,
)
from channels.sandbox.refusal import SandboxRefusal
from models.shared.ids import RefundId


def payment_answer(payment: Payment, own_url: str) -> PaymentAnswer:
    """A payment as the merchant may see it."""
    return PaymentAnswer(
        reference=payment.reference,
        attempt_id=payment.attempt,
        method=payment.method,
        status=payment.status,
        amount_minor=payment.amount.minor,
        currency=payment.amount.currency,
        cashier_url=f"{own_url}/cashier/{payment.reference}",
        transaction_id=payment.transaction_id,
        expires_at=payment.expires_at,
        paid_at=payment.paid_at,
    )


def _refund_answer(refund: Refund) -> RefundAnswer:
    return RefundAnswer(
        refund_id=refund.refund,
        reference=refund.reference,
        status=refund.status,
        amount_minor=refund.amount.minor,
        currency=refund.amount.currency,
        transaction_id=refund.transaction_id,
        refusal=refund.refusal if refund.status == "refused" else None,
        settled_at=refund.settled_at,
    )


def merchant_routes(provider: Provider, own_url: str, books: Path, statement_delay: timedelta) -> APIRouter:
    """Routes under /v1. `own_url` is where buyers reach the cashier, `books` the store's file for long reads; a statement is
    published `statement_delay` after the end of its day."""
    routes = APIRouter(prefix="/v1", tags=["merchant"])

    @routes.post("/payments")
    async def create(body: CreateBody) -> PaymentAnswer:
        """Open a payment; idempotent by attempt id."""
        return payment_answer(provider.create(body), own_url)

    @routes.get("/payments/{reference}")
    async def query(reference: str) -> PaymentAnswer:
        """How a payment stands."""
        return payment_answer(provider.payment(reference), own_url)

    @routes.post("/payments/{reference}/close")
    async def close(reference: str) -> PaymentAnswer:
        """Stop it from being paid; a paid one is answered as paid."""
        return payment_answer(provider.close(reference), own_url)

    @routes.post("/refunds")
    async def refund(body: RefundBody) -> RefundAnswer:
        """Send money back; idempotent by refund id."""
        return _refund_answer(provider.refund(body))

    @routes.get("/refunds/{refund}")
    async def query_refund(refund: RefundId) -> RefundAnswer:
        """How a refund stands."""
        return _refund_answer(provider.find_refund(refund))

    @routes.get("/statements/{day}")
    async def statement(day: date, method: Method) -> Response:
        """The day's movements (UTC) of one method as gzipped CSV; those so far if it is published while the day lasts."""
        now = provider.clock()
        published_at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) + statement_delay
        if now < published_at:
            raise SandboxRefusal(
                404, "statement_not_ready", f"The statement of {day} is published at {published_at.isoformat()}."
            )
        packed = await asyncio.to_thread(write_statement, books, provider.fate.schedule_at(now), day, method)
        digest = hashlib.sha256(packed).hexdigest()
        return Response(packed, media_type="application/gzip", headers={STATEMENT_DIGEST_HEADER: digest})

    return routes
