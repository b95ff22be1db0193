"""Puts the sandbox carriers together: books, depot and routes."""

from datetime import timedelta
from pathlib import Path

from fastapi import FastAPI

from channels.carrier.sandbox.api import merchant_routes
from channels.carrier.sandbox.calls import MerchantCalls
from channels.carrier.sandbox.depot import Depot
from channels.carrier.sandbox.fate import Fate
from channels.carrier.sandbox.faults import FaultRule, Schedule
from channels.carrier.sandbox.operator_view import operator_routes
from channels.carrier.sandbox.settings import CarrierSandboxSettings
from channels.carrier.sandbox.store import SCHEMA, CarrierStore
from channels.sandbox.books import open_books
from channels.sandbox.serving import Persistence, new_name, now, refuse_short_secret, sandbox_app


def build_app(books: Path, secret: str, settings: CarrierSandboxSettings, *, journey: timedelta) -> FastAPI:
    """The sandbox as an application. `books` is its SQLite file; `journey` zero moves no parcel by itself."""
    refuse_short_secret(secret, "HANSE_SANDBOX_CARRIER_SECRET")
    connection = open_books(books, SCHEMA)
    fate = Fate(connection, Schedule)
    if settings.faults:
        fate.set_schedule(Schedule(seed=settings.fault_seed, rules=FaultRule.read(settings.faults)), now())
    depot = Depot(CarrierStore(connection), fate, now, new_name, journey=journey)
    sending = Persistence(settings.push_unit_seconds, settings.push_tries, settings.push_timeout_seconds)
    app = sandbox_app("Hanse carrier sandbox", depot, MerchantCalls(depot), secret, sending)
    app.include_router(merchant_routes(depot))
    app.include_router(operator_routes(depot))
    return app
