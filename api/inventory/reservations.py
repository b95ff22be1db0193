"""Reserve, release and commit for other systems of the shop's owner. An order of this shop does all that by itself.

Whoever reserves here releases or commits here too: `expires_at` is written down, but no process of ours acts on it.
"""

from typing import Annotated

from fastapi import APIRouter

from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import operator
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.wired import Wired
from api.inventory.crossings import tell_crossings, tell_served, tell_turned
from models.inventory.errors import (
    NothingReserved,
    ReservationCommitted,
    ReservationConflict,
    ReservationReleased,
    SoldOut,
)
from models.inventory.messages import CommitStock, ReleaseStock, ReserveStock
from models.inventory.types import Reservation
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity

bare = idempotent_router(tags=["inventory"])
"""As R19 writes them."""

versioned = APIRouter(prefix="/v1")

StockOperator = Annotated[Identity, operator("stock")]
_WHO = (NotAuthenticated, PermissionMissing)


@bare.post(
    "/inventory/reserve",
    summary="Hold stock for an order",
    responses=refusals(*_WHO, SoldOut, ReservationConflict, ReservationReleased, ServiceBusy),
)
async def reserve(ask: ReserveStock, who: StockOperator, errand: Once, shop: Wired, trail: Audit) -> Reservation:
    """All lines or nothing. The same order and lines again are answered with the same reservation."""
    async with trail.action(who, "inventory.reserve", ask.order_id):
        held = await shop.inventory.reserve_all_or_nothing(
            ask.order_id, ask.lines, ask.destination, shop.clock(), ask.expires_at
        )
    await tell_crossings(shop, errand, held.low_stock)
    await tell_turned(shop, held.turned)
    return held


@bare.post(
    "/inventory/release", summary="Give held stock back", responses=refusals(*_WHO, ReservationCommitted, ServiceBusy)
)
async def release(ask: ReleaseStock, who: StockOperator, shop: Wired, trail: Audit) -> Reservation:
    """Gives back what the order holds, if anything; the order can never hold stock again."""
    async with trail.action(who, "inventory.release", ask.order_id):
        released = await shop.inventory.release(ask.order_id, shop.clock())
    await tell_served(shop, released.served)
    await tell_turned(shop, released.turned)
    return released


@bare.post(
    "/inventory/commit",
    summary="Take held stock off the books",
    responses=refusals(*_WHO, NothingReserved, ReservationReleased),
)
async def commit(ask: CommitStock, who: StockOperator, shop: Wired, trail: Audit) -> Reservation:
    """The order is paid: what it holds is sold. Repeating it changes nothing."""
    async with trail.action(who, "inventory.commit", ask.order_id):
        return await shop.inventory.commit(ask.order_id, shop.clock())


versioned.include_router(bare)
