"""Puts the sandbox together: books, provider and routes."""

from datetime import timedelta
from pathlib import Path

from fastapi import FastAPI

from channels.payment.sandbox.api import merchant_routes
from channels.payment.sandbox.calls import MerchantCalls
from channels.payment.sandbox.cashier import cashier_routes
from channels.payment.sandbox.fate import Fate
from channels.payment.sandbox.faults import FaultRule, Schedule
from channels.payment.sandbox.operator_view import operator_routes
from channels.payment.sandbox.provider import Provider
from channels.payment.sandbox.settings import SandboxSettings
from channels.payment.sandbox.store import SCHEMA, SandboxStore
from channels.sandbox.books import open_books
from channels.sandbox.serving import Persistence, new_name, now, refuse_short_secret, sandbox_app


def build_app(books: Path, own_url: str, secret: str, settings: SandboxSettings) -> FastAPI:
    """The sandbox as an application. `books` is its SQLite file, `own_url` where buyers and the merchant reach it."""
    refuse_short_secret(secret, "HANSE_SANDBOX_PAYMENT_SECRET")
    connection = open_books(books, SCHEMA)
    fate = Fate(connection, Schedule)
    if settings.faults:
        fate.set_schedule(Schedule(seed=settings.fault_seed, rules=FaultRule.read(settings.faults)), now())
    provider = Provider(
        SandboxStore(connection), fate, now, new_name, refund_delay=timedelta(seconds=settings.refund_seconds)
    )
    sending = Persistence(settings.callback_unit_seconds, settings.callback_tries, settings.callback_timeout_seconds)
    app = sandbox_app("Hanse payment sandbox", provider, MerchantCalls(provider), secret, sending)
    published_after = timedelta(seconds=settings.statement_delay_seconds)
    app.include_router(merchant_routes(provider, own_url, books, published_after))
    app.include_router(cashier_routes(provider))
    app.include_router(operator_routes(provider))
    return app
