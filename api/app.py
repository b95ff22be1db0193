"""Builds the FastAPI application from the wiring."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from api import (
    aftersales,
    cart,
    checkout,
    contract,
    docs,
    fulfillment,
    inventory,
    notifications,
    ops,
    orders,
    parcels,
    payments,
    points,
    products,
    promotions,
    reviews,
    search,
    system,
    users,
    webhooks,
)
from api.edge import problems
from api.edge.admission import Admission
from api.edge.body_limit import BodyLimit
from api.edge.limits import Limits
from api.edge.no_nul import NoNul
from api.edge.security_headers import SecurityHeaders
from api.showcase.at_hand import AtHand, is_at_hand
from api.wiring import Services, open_services
from hanse.http_telemetry import instrument
from hanse.settings import Settings

_ABOUT = """
A saga-first shop: every order is a durable workflow; stock, money, coupons and points are never lost, doubled or left in the air.

* Refusals are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem documents with a stable `code` and a `trace_id`.
* POSTs that move stock, money, coupons or points take an `Idempotency-Key`; answers are kept for 72 hours.
* Lists are paged by cursor: pass `next` of one page as `cursor` of the following one.
* Amounts are integers of minor units with an ISO 4217 currency. Times are UTC, RFC 3339.
"""


_LARGER_BODIES = (
    ("/v1/aftersale-evidence", 6_291_456),
    ("/v1/catalogue/media", 6_291_456),
    ("/v1/catalogue/import", 10_485_760),
    ("/v1/reviews/pictures", 6_291_456),
)
"""Pictures of 5 MB with their form around them; catalogue files. Everything else keeps to `max_body_bytes`."""


def build(settings: Settings, services: Services | None = None) -> FastAPI:
    """The application. Tests may hand in services of their own; otherwise they are opened with the application."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.services = services or await stack.enter_async_context(open_services(settings))
            yield

    app = FastAPI(
        title="Hanse",
        version="1",
        description=_ABOUT,
        lifespan=lifespan,
        generate_unique_id_function=contract.operation_id,
        openapi_url=None,  # `contract` gives it out
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # `instrument` does it, once
    )
    app.state.admission = Admission(settings)
    problems.install(app)
    docs.mount(app)
    contract.mount(app, settings)
    _mount(app, settings)
    _guard(app, settings)
    contract.describe(app)
    instrument(app, quiet=is_at_hand)
    return app


class CodecCors(CORSMiddleware):
    """Other origins are let in to the codec only, for the Temporal Web UI."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["path"].startswith("/codec"):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _guard(app: FastAPI, settings: Settings) -> None:
    """What stands before every route; the last one added sees a request first."""
    app.add_middleware(AtHand)
    app.add_middleware(NoNul)
    app.add_middleware(BodyLimit, limit=settings.max_body_bytes, larger=_LARGER_BODIES)
    if settings.rate_limits:
        app.add_middleware(Limits, settings=settings)
    app.add_middleware(
        CodecCors,
        allow_origins=[settings.temporal_ui_url],
        allow_methods=["POST"],
        allow_headers=["authorization", "content-type", "x-namespace"],
        allow_credentials=True,
    )
    app.add_middleware(SecurityHeaders)


def _mount(app: FastAPI, settings: Settings) -> None:
    """Every domain's routers, each named once. Routing looks at one after the other: what is asked most comes first."""
    routers: list[APIRouter] = [
        products.showing.router,
        *search.routers,
        checkout.r19,
        checkout.v1,
        *payments.routers,  # the last of a hundred routers is found after a millisecond
        *cart.routers,
        system.router,
        *users.routers,
        *inventory.routers,
        *products.routers,
        *promotions.routers,
        *orders.routers,
        *fulfillment.routers,
        *parcels.routers,
        *aftersales.routers,
        *ops.routers,
        *points.routers,
        *reviews.routers,
        *notifications.routers,
        *webhooks.routers,
    ]
    if settings.environment != "production":
        routers += users.development_routers
    for router in routers:
        app.include_router(router)
        if router is checkout.r19:
            app.include_router(router, prefix="/v1")
