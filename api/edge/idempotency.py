"""`Idempotency-Key` on every POST that moves stock, money, coupons or points (draft-ietf-httpapi-idempotency-key-header).

400 without a key, 409 while the first request runs, 422 when the key comes with another body, and otherwise the stored
answer, byte for byte, with `Idempotent-Replayed: true`. Refusals are answers and are kept; validation errors, 401, 403, 429,
orders that found no place (`admission.py`) and failures on our side are not, so a corrected or repeated request may go
through. Keys are scoped by caller, method and path.
"""

import hashlib
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from api.edge.caller import caller_of
from api.edge.problems import may_refuse, problem_of
from api.edge.refusals import (
    IdempotencyKeyInFlight,
    IdempotencyKeyMalformed,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    ShopFull,
)
from models.shared import Refusal
from stores.idempotency import Answered, IdempotencyStore, InFlight, Reused, TakenOn

LEASE = timedelta(seconds=40)
"""Longer than any answer takes (30 s at most), short enough that a crashed process does not lock a buyer out."""

_KEY = re.compile(r'^"?([\x21\x23-\x7e]{1,255})"?$')
_NOT_KEPT = {400, 401, 403, 413, 429}


@dataclass(frozen=True)
class Errand:
    """A request that is done once: its key, whose it is, and when it was first asked for."""

    caller: str
    key: str
    first_seen_at: datetime
    again: bool
    """It came before and was not answered: what it asks for may have been begun then."""


def parse_key(header: str | None) -> str:
    """The key, quoted as the draft writes it or bare as most clients send it."""
    if header is None:
        raise IdempotencyKeyMissing(
            "Send an Idempotency-Key header with a fresh random value (a UUID, say), and the same value when you repeat the request."
        )
    match = _KEY.match(header)
    if match is None:
        raise IdempotencyKeyMalformed(
            "Idempotency-Key takes 1 to 255 visible ASCII characters, with or without double quotes."
        )
    return match.group(1)


class IdempotentRoute(APIRoute):
    """A route whose every request is done once per key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            key = parse_key(request.headers.get("idempotency-key"))
            caller = await caller_of(request)
            store: IdempotencyStore = request.app.state.services.idempotency
            now: datetime = request.app.state.services.clock()
            scope = _digest(caller, request.method, request.url.path, key)
            fingerprint = _digest(request.url.query, (await request.body()).decode("latin-1"))
            found = await store.take_on(scope, fingerprint, now, LEASE)
            match found:
                case InFlight():
                    raise IdempotencyKeyInFlight(
                        "The first request with this Idempotency-Key is still running; ask again in a moment."
                    )
                case Reused():
                    raise IdempotencyKeyReused(
                        "This Idempotency-Key was used for another request; take a new key for a new request."
                    )
                case Answered(status=status, media_type=media_type, body=body):
                    return Response(body, status, {"Idempotent-Replayed": "true"}, media_type)
                case TakenOn(first_seen_at=first_seen_at, again=again):
                    request.state.errand = Errand(caller, key, first_seen_at, again)
            return await _do_and_keep(request, handle, store, scope, now)

        return once


async def _do_and_keep(
    request: Request,
    handle: Callable[[Request], Coroutine[Any, Any, Response]],
    store: IdempotencyStore,
    scope: bytes,
    now: datetime,
) -> Response:
    try:
        answer = await handle(request)
    except ShopFull as refusal:
        await store.forget(scope)
        return problem_of(refusal)
    except Refusal as refusal:
        answer = problem_of(refusal)
    except RequestValidationError:
        await store.forget(scope)
        raise
    except BaseException:
        await store.give_up(scope, now)
        raise
    if answer.status_code in _NOT_KEPT:
        await store.forget(scope)
    elif answer.status_code >= 500:
        await store.give_up(scope, now)
    else:
        await store.answer(
            scope,
            answer.status_code,
            answer.headers.get("content-type", "application/json"),
            bytes(answer.body),
        )
    return answer


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()


async def errand_of(request: Request) -> Errand:  # like every dependency: a plain function would be run in a thread
    """The errand that this request is."""
    errand: Errand = request.state.errand
    return errand


Once = Annotated[Errand, Depends(errand_of)]


@may_refuse(IdempotencyKeyMissing, IdempotencyKeyMalformed, IdempotencyKeyInFlight, IdempotencyKeyReused)
async def _key_header(
    idempotency_key: Annotated[
        str,
        Header(
            description="A value of your own that names this piece of work; repeat it when you repeat the request. Kept for 72 hours.",
            examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
            json_schema_extra={"pattern": _KEY.pattern},
        ),
    ],
) -> None:
    """Only documents the header: `IdempotentRoute` has read it already."""


def idempotent_router(**kwargs: Any) -> APIRouter:
    """A router whose POSTs are done once per Idempotency-Key."""
    return APIRouter(route_class=IdempotentRoute, dependencies=[Depends(_key_header)], **kwargs)
