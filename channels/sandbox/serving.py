"""The server around a sandbox: its courier runs while it serves, what it refuses is JSON, and it ends within a second."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from channels.sandbox.courier import Courier, Party
from channels.sandbox.gate import Calls, Gate
from channels.sandbox.refusal import SandboxRefusal
from hanse.absent import remember_absent
from hanse.settings import Settings

_SHORTEST_SECRET = 24


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def new_name(prefix: str) -> str:
    """An unguessable name with that prefix."""
    return f"{prefix}_{secrets.token_hex(16)}"


class Persistence(NamedTuple):
    """How callbacks are sent: the first pause between two tries, how many tries, and how long the merchant may take."""

    unit_seconds: float
    tries: int
    timeout_seconds: float


def refuse_short_secret(secret: str, variable: str) -> None:
    """A secret that can be guessed is an error that names its environment variable."""
    if len(secret) < _SHORTEST_SECRET:
        raise ValueError(f"{variable} needs at least {_SHORTEST_SECRET} characters; `hanse up` makes one.")


def sandbox_app(title: str, party: Party, calls: Calls, secret: str, sending: Persistence) -> FastAPI:
    """An application that a sandbox only has to add its routes to; it closes the party's store when it ends."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(timeout=sending.timeout_seconds, follow_redirects=False) as client:
            courier = Courier(party, client, secret, unit=timedelta(seconds=sending.unit_seconds), tries=sending.tries)
            work = asyncio.create_task(courier.run())
            yield
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
        party.store.close()

    app = FastAPI(title=title, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_exception_handler(SandboxRefusal, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_middleware(Gate, calls=calls, books=party.store, clock=party.clock, secret=secret)
    return app


async def _refused(_: Request, refusal: Exception) -> JSONResponse:
    assert isinstance(refusal, SandboxRefusal)
    return refusal.answer()


async def _malformed(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, RequestValidationError)
    first = problem.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return JSONResponse({"code": "request_malformed", "message": f"{where}: {first['msg']}"}, 422)


def serve(app: FastAPI, url: str, shared: Settings) -> None:
    """Serve where `url` says, until stopped. Calls that are held open on purpose do not delay the stop for more than a second."""
    remember_absent("sniffio")  # httpx looks for it four times a request
    host, port = shared.listen_on(url)
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level=shared.log_level.lower(),
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )
