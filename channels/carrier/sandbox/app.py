"""Puts the sandbox carriers together: books, depot, courier and routes."""

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

from channels.carrier.sandbox.api import merchant_routes
from channels.carrier.sandbox.courier import Courier
from channels.carrier.sandbox.depot import Depot
from channels.carrier.sandbox.fate import Fate
from channels.carrier.sandbox.faults import Schedule, read_rules
from channels.carrier.sandbox.gate import Gate
from channels.carrier.sandbox.operator_view import operator_routes
from channels.carrier.sandbox.settings import CarrierSandboxSettings
from channels.carrier.sandbox.store import CarrierStore, open_books
from channels.carrier.sandbox.types import CarrierSaysNo

_SHORTEST_SECRET = 24


def _now() -> datetime:
    return datetime.now(UTC)


def _new_name(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(16)}"


async def _refused(_: Request, no: Exception) -> JSONResponse:
    assert isinstance(no, CarrierSaysNo)
    return JSONResponse({"code": no.code, "message": no.message}, no.status)


async def _malformed(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, RequestValidationError)
    first = problem.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return JSONResponse({"code": "request_malformed", "message": f"{where}: {first['msg']}"}, 422)


def build_app(books: Path, secret: str, settings: CarrierSandboxSettings, *, journey: timedelta) -> FastAPI:
    """The sandbox as an application. `books` is its SQLite file; `journey` zero moves no parcel by itself."""
    if len(secret) < _SHORTEST_SECRET:
        raise ValueError(
            f"HANSE_SANDBOX_CARRIER_SECRET needs at least {_SHORTEST_SECRET} characters; `hanse up` makes one."
        )
    connection = open_books(books)
    store = CarrierStore(connection)
    fate = Fate(connection)
    if settings.faults:
        fate.set_schedule(Schedule(seed=settings.fault_seed, rules=read_rules(settings.faults)), _now())
    depot = Depot(store, fate, _now, _new_name, journey=journey)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(timeout=settings.push_timeout_seconds, follow_redirects=False) as client:
            unit = timedelta(seconds=settings.push_unit_seconds)
            work = asyncio.create_task(Courier(depot, client, secret, unit=unit, tries=settings.push_tries).run())
            yield
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
        store.close()

    app = FastAPI(title="Hanse carrier sandbox", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_exception_handler(CarrierSaysNo, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.include_router(merchant_routes(depot))
    app.include_router(operator_routes(depot))
    app.add_middleware(Gate, depot=depot, secret=secret)
    return app
