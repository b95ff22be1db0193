"""What operators and machines ask of the api itself: health, metrics, contracts, and readable Temporal payloads."""

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.edge.identity import identify
from api.edge.wired import Wired
from api.spoken import Spoken
from api.wiring import Services
from bus.asyncapi import document
from hanse.codec_endpoint import NotPayloads, convert
from models.shared.refusals import InvalidRequest
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Permission

router = APIRouter(tags=["system"])


class Readiness(Spoken):
    """Which parts answer. The api serves what it can without the others."""

    ready: bool
    parts: dict[str, str]


@router.get("/healthz", summary="Is this process alive?")
async def healthz() -> dict[str, str]:
    """Answers as long as the process runs."""
    return {"status": "alive"}


@router.get("/readyz", summary="Do the parts behind it answer?", response_model=Readiness)
async def readyz(shop: Wired, response: Response) -> Readiness:
    """Asks PostgreSQL, Redis and Temporal, a second each at most; 503 when one does not answer."""
    names = ("postgresql", "redis", "temporal")
    asked = await asyncio.gather(*(_ask(call) for call in (_postgres(shop), _redis(shop), _temporal(shop))))
    parts = dict(zip(names, asked, strict=True))
    ready = all(answer == "ok" for answer in asked)
    response.status_code = 200 if ready else 503
    return Readiness(ready=ready, parts=parts)


@router.get("/metrics", summary="Prometheus metrics of this process", response_class=Response)
async def metrics() -> Response:
    """In Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/asyncapi.json", summary="The events on Kafka, as AsyncAPI")
async def asyncapi() -> dict[str, Any]:
    """Every topic and every event, with schema and example."""
    return document()


@router.post("/codec/{direction}", summary="Read or hide Temporal payloads", include_in_schema=False)
async def codec(
    direction: Literal["encode", "decode"], payloads: Annotated[Any, Body()], request: Request, shop: Wired
) -> dict[str, Any]:
    """Temporal's remote codec protocol. For operators with permission `ops`; on a developer's machine for its own Web UI."""
    await _may_read_payloads(request, shop)
    payload_codec = shop.temporal.data_converter.payload_codec
    assert payload_codec is not None
    try:
        return await convert(payload_codec, direction, payloads)
    except NotPayloads as error:
        raise InvalidRequest(str(error)) from None


async def _may_read_payloads(request: Request, shop: Services) -> None:
    who = await identify(request)
    if who is not None:
        if Permission.OPS not in who.permissions:
            raise PermissionMissing("Reading Temporal payloads takes the permission ops.", permission="ops")
        return
    own_web_ui = request.headers.get("origin") == shop.settings.temporal_ui_url
    if shop.settings.environment == "production" or not own_web_ui:
        raise NotAuthenticated("Set the codec's access token in the Temporal Web UI, or pass --codec-auth to the CLI.")


async def _ask(call: Awaitable[object]) -> str:
    try:
        async with asyncio.timeout(1):
            await call
    except Exception as error:  # any failure is the answer here
        return f"no answer ({type(error).__name__})"
    return "ok"


async def _postgres(shop: Services) -> None:
    await shop.idempotency.ping()


async def _redis(shop: Services) -> object:
    return await shop.redis.ping()


async def _temporal(shop: Services) -> object:
    return await shop.temporal.service_client.check_health()
