"""The provider's own view: is it alive, what happened lately, and what shall go wrong. For the people who test the shop."""

from collections import Counter
from typing import Any

from fastapi import APIRouter, Response

from channels.payment.sandbox.faults import MEANINGS, Schedule
from channels.payment.sandbox.pages import PAGES
from channels.payment.sandbox.provider import Provider
from channels.payment.sandbox.texts import money_text
from channels.payment.sandbox.types import Payment

_SHOWN = 100


def _row(provider: Provider, payment: Payment) -> dict[str, Any]:
    return {
        "payment": payment,
        "amount": money_text(payment.amount.minor, payment.amount.currency),
        "refunds": provider.store.refunds_of(payment.reference),
        "callbacks": provider.store.callbacks.about(payment.reference),
    }


def operator_routes(provider: Provider) -> APIRouter:
    """The index page, health, and the fault schedule. Unsigned: the sandbox listens on loopback for tests and demos."""
    routes = APIRouter(tags=["operator"])

    @routes.get("/")
    async def index() -> Response:
        """The latest payments with their refunds and callbacks; reloads itself."""
        rows = [_row(provider, payment) for payment in provider.store.recent_payments(_SHOWN)]
        states = Counter(row["payment"].status for row in rows)
        report = provider.fate.report()
        return PAGES.show("index.html", rows=rows, states=sorted(states.items()), report=report, shown=_SHOWN)

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Alive, and able to read its books."""
        provider.store.recent_payments(1)
        return {"status": "ok"}

    @routes.get("/faults")
    async def faults() -> dict[str, Any]:
        """The schedule, how often each rule hit, the latest hits, and every fault there is."""
        known = {fault: {"meaning": text, "default": value} for fault, (text, value) in MEANINGS.items()}
        return provider.fate.report() | {"known": known}

    @routes.post("/faults")
    async def set_faults(schedule: Schedule) -> dict[str, Any]:
        """Replace the schedule; an empty one ends all faults."""
        provider.fate.set_schedule(schedule, provider.clock())
        return provider.fate.report()

    return routes
