"""An order's changes as server-sent events (WHATWG HTML, 9.2)."""

import asyncio
import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from api.edge.identity import CurrentUser
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.orders.seeing import visible_order
from models.orders.types import Order
from models.shared.ids import OrderId
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated
from stores.orders import OrderStore

router = APIRouter(prefix="/v1/orders", tags=["orders"])

LOOKS = 600
"""How often one stream looks at the order before it ends; the browser then opens the next one by itself."""
EVERY = 1.0
"""Seconds between two looks."""
QUIET = 15
"""After so many looks without news a comment is sent, so that proxies keep the line open."""


@router.get(
    "/{order_id}/events",
    summary="Follow an order",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}, **refusals(NotAuthenticated, NotFound)},
)
async def follow(
    order_id: OrderId, who: CurrentUser, shop: Wired, last_event_id: str = Header(default="", max_length=20)
) -> StreamingResponse:
    """Server-sent events `order`: where the order stands now, then each change within a second: of the order, of a parcel, or a
    carrier's report about one. `news` is the event's id. Ends after ten minutes."""
    await visible_order(shop, order_id, who)
    seen = int(last_event_id) if last_event_id.isdecimal() else 0
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(changes(shop.orders, order_id, seen), media_type="text/event-stream", headers=headers)


async def changes(
    orders: OrderStore, order_id: OrderId, seen: int, *, looks: int = LOOKS, every: float = EVERY
) -> AsyncIterator[str]:
    """The events of one stream: all news later than `seen`, as soon as a look finds it."""
    yield "retry: 1000\n\n"
    for look in range(1, looks + 1):
        news = await orders.news_of(order_id)
        if news > seen:
            seen = news
            yield _event(await orders.order(order_id), news)
        elif look % QUIET == 0:
            yield ": still here\n\n"
        await asyncio.sleep(every)


def _event(order: Order, news: int) -> str:
    """States and sums only, no personal data; whoever wants more reads the order."""
    fields = {"order_id", "status", "payment_status", "fulfillment_status", "total", "refunded", "version"}
    told = order.model_dump(mode="json", include=fields) | {"news": news}
    return f"event: order\nid: {news}\ndata: {json.dumps(told)}\n\n"
