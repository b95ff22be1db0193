"""The merchant's side: signed JSON over HTTP. The gate has checked the signature before anything here runs."""

import asyncio
import hashlib
from datetime import date
from pathlib import Path

from fastapi import APIRouter, Response

from channels.payment.sandbox.provider import Provider
from channels.payment.sandbox.statement import write_statement
from channels.payment.sandbox.types import Payment, ProviderRefusal, Refund
from channels.payment.sandbox.wire import (
    STATEMENT_DIGEST_HEADER,
    CreateBody,
    Method,
    PaymentAnswer,
    RefundAnswer,
    RefundBody,
)
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


def merchant_routes(provider: Provider, own_url: str, books: Path) -> APIRouter:
    """Routes under /v1. `own_url` is where buyers reach the cashier, `books` the store's file for long reads."""
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
        """The day's movements (UTC) of one method as gzipped CSV; today's so far."""
        now = provider.clock()
        if day > now.date():
            raise ProviderRefusal(
                404, "statement_not_ready", f"The day {day} has not begun; today is {now.date()} (UTC)."
            )
        packed = await asyncio.to_thread(write_statement, books, provider.fate.schedule, day, method)
        digest = hashlib.sha256(packed).hexdigest()
        return Response(packed, media_type="application/gzip", headers={STATEMENT_DIGEST_HEADER: digest})

    return routes
