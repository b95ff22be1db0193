"""Puts the sandbox together: books, provider, courier and routes."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from channels.payment.sandbox.api import merchant_routes
from channels.payment.sandbox.cashier import cashier_routes
from channels.payment.sandbox.courier import Courier
from channels.payment.sandbox.fate import Fate
from channels.payment.sandbox.faults import Schedule, read_rules
from channels.payment.sandbox.gate import Gate
from channels.payment.sandbox.operator_view import operator_routes
from channels.payment.sandbox.provider import Provider
from channels.payment.sandbox.settings import SandboxSettings
from channels.payment.sandbox.store import SandboxStore, open_books
from channels.payment.sandbox.types import ProviderRefusal

_SHORTEST_SECRET = 24


def _now() -> datetime:
    return datetime.now(UTC)


def _new_name(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(16)}"


async def _refused(_: Request, refusal: Exception) -> JSONResponse:
    assert isinstance(refusal, ProviderRefusal)
    return JSONResponse({"code": refusal.code, "message": refusal.message}, refusal.status)


async def _malformed(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, RequestValidationError)
    first = problem.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return JSONResponse({"code": "request_malformed", "message": f"{where}: {first['msg']}"}, 422)


def build_app(books: Path, own_url: str, secret: str, settings: SandboxSettings) -> FastAPI:
    """The sandbox as an application. `books` is its SQLite file, `own_url` where buyers and the merchant reach it."""
    if len(secret) < _SHORTEST_SECRET:
        raise ValueError(
            f"HANSE_SANDBOX_PAYMENT_SECRET needs at least {_SHORTEST_SECRET} characters; `hanse up` makes one."
        )
    connection = open_books(books)
    store = SandboxStore(connection)
    fate = Fate(connection)
    if settings.faults:
        fate.set_schedule(Schedule(seed=settings.fault_seed, rules=read_rules(settings.faults)), _now())
    provider = Provider(store, fate, _now, _new_name, refund_delay=timedelta(seconds=settings.refund_seconds))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(timeout=settings.callback_timeout_seconds, follow_redirects=False) as client:
            unit = timedelta(seconds=settings.callback_unit_seconds)
            courier = Courier(provider, client, secret, unit=unit, tries=settings.callback_tries)
            work = asyncio.create_task(courier.run())
            yield
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
        store.close()

    app = FastAPI(title="Hanse payment sandbox", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_exception_handler(ProviderRefusal, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    published_after = timedelta(seconds=settings.statement_delay_seconds)
    app.include_router(merchant_routes(provider, own_url, books, published_after))
    app.include_router(cashier_routes(provider))
    app.include_router(operator_routes(provider))
    app.add_middleware(Gate, provider=provider, secret=secret)
    return app
