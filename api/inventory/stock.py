"""Stock levels, the journal, and what operators do to them."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Query

from api.edge.audit import Audit
from api.edge.idempotency import Errand, Once, idempotent_router
from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.wired import Wired
from api.inventory.crossings import tell_crossings_of, tell_of_change, tell_served, tell_turned
from api.inventory.reservations import StockOperator
from api.inventory.schemas import AdjustRequest, CountRequest, ReceiveRequest, SkuAvailability, ThresholdRequest
from api.wiring import Services
from models.inventory.errors import SkuOfAnotherMerchant, StockIsReserved
from models.inventory.types import LowStock, Movement, StockChange, StockLevel
from models.shared.ids import SkuId, WarehouseId
from models.shared.refusals import InvalidRequest, NotFound
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity

reading = APIRouter(prefix="/v1/inventory", tags=["inventory"])
changing = idempotent_router(prefix="/v1/inventory", tags=["inventory"])

_READ = (NotAuthenticated, PermissionMissing, InvalidRequest)
_CHANGE = (*_READ, NotFound, SkuOfAnotherMerchant, ServiceBusy)


async def _tell(shop: Services, errand: Errand, change: StockChange) -> None:
    """What everyone concerned hears of a change of on-hand stock."""
    await tell_of_change(shop, errand, _crossed(change), change.served, _turned(change))


def _crossed(change: StockChange) -> tuple[LowStock, ...]:
    return (change.low_stock,) if change.low_stock else ()


def _turned(change: StockChange) -> tuple[SkuId, ...]:
    return (change.level.sku_id,) if change.turned else ()


def key_of(errand: Errand) -> str:
    """The key under which the store remembers what this request changed."""
    return f"{errand.caller}:{errand.key}"


@reading.get("/skus/{sku_id}", summary="How many can be sold")
async def show_sku(sku_id: SkuId, shop: Wired) -> SkuAvailability:
    """Over all warehouses, right now; 0 for a SKU that was never stocked. What is sold ahead of stock says when it ships. Only a
    reservation is a promise."""
    return SkuAvailability.of((await shop.inventory.sellable([sku_id], shop.clock()))[sku_id])


@reading.get("/levels", dependencies=[operator("stock")], summary="Stock levels", responses=refusals(*_READ))
async def list_levels(
    shop: Wired,
    warehouse_id: WarehouseId | None = None,
    sku_id: SkuId | None = None,
    only_low: Annotated[bool, Query(description="Only levels at or below their threshold.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[StockLevel]:
    """By warehouse, then SKU."""
    levels = await shop.inventory.levels(
        warehouse_id=warehouse_id,
        sku_id=sku_id,
        only_low=only_low,
        after=read_cursor(cursor, _level_name),
        limit=limit + 1,
    )
    return page(levels, limit, lambda level: f"{level.warehouse_id} {level.sku_id}", lambda level: level)


def _level_name(text: str) -> tuple[WarehouseId, SkuId]:
    warehouse_id, _, sku_id = text.partition(" ")
    return WarehouseId(warehouse_id), SkuId(sku_id)


@reading.get(
    "/journal", dependencies=[operator("stock")], summary="Every movement of stock", responses=refusals(*_READ)
)
async def list_movements(
    shop: Wired,
    warehouse_id: WarehouseId | None = None,
    sku_id: SkuId | None = None,
    reference: Annotated[str | None, Query(max_length=400, description="An order id or an operation's key.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Movement]:
    """Newest first: what changed, by how much, why and by whom."""
    movements = await shop.inventory.journal(
        warehouse_id=warehouse_id,
        sku_id=sku_id,
        reference=reference,
        before=read_cursor(cursor, _movement_number),
        limit=limit + 1,
    )
    return page(movements, limit, lambda movement: movement.number, lambda movement: movement)


def _movement_number(text: str) -> int:
    number = int(text)
    if not 0 < number < 2**63:
        raise ValueError("no movement has this number")
    return number


@reading.put(
    "/levels/{warehouse_id}/{sku_id}/thresholds", summary="Set the thresholds of a level", responses=refusals(*_CHANGE)
)
async def set_thresholds(
    warehouse_id: WarehouseId, sku_id: SkuId, ask: ThresholdRequest, who: StockOperator, shop: Wired, trail: Audit
) -> StockChange:
    """How many units are kept back from sale, and at how many an alert goes out. Where that alert cannot be sent right now the
    answer is 503: the same request again sends it, once."""
    async with trail.action(who, "inventory.set_thresholds", f"{warehouse_id}/{sku_id}", **ask.model_dump()):
        change = await shop.inventory.set_safety(warehouse_id, sku_id, ask.safety, ask.low_at, now=shop.clock())
    await tell_crossings_of(shop, f"{warehouse_id}/{sku_id}", _crossed(change), change.crossed_at or shop.clock())
    await tell_served(shop, change.served)
    await tell_turned(shop, (sku_id,))
    return change


@changing.post("/receive", summary="Receive goods", responses=refusals(*_CHANGE))
async def receive(ask: ReceiveRequest, who: StockOperator, errand: Once, shop: Wired, trail: Audit) -> StockChange:
    """Goods arrived in a warehouse. A SKU's first receipt there makes its level."""
    async with trail.action(who, "inventory.receive", f"{ask.warehouse_id}/{ask.sku_id}", quantity=ask.quantity):
        change = await _booked(shop.inventory.receive, ask.quantity, ask, who, errand, shop)
    await _tell(shop, errand, change)
    return change


@changing.post("/adjust", summary="Adjust a level", responses=refusals(*_CHANGE, StockIsReserved))
async def adjust(ask: AdjustRequest, who: StockOperator, errand: Once, shop: Wired, trail: Audit) -> StockChange:
    """Units were lost, broken or found; the note says how."""
    async with trail.action(who, "inventory.adjust", f"{ask.warehouse_id}/{ask.sku_id}", delta=ask.delta):
        change = await _booked(shop.inventory.adjust, ask.delta, ask, who, errand, shop)
    await _tell(shop, errand, change)
    return change


@changing.post("/count", summary="Count a level", responses=refusals(*_CHANGE, StockIsReserved))
async def count(ask: CountRequest, who: StockOperator, errand: Once, shop: Wired, trail: Audit) -> StockChange:
    """Someone counted what lies there, stock promised to orders included."""
    async with trail.action(who, "inventory.count", f"{ask.warehouse_id}/{ask.sku_id}", on_hand=ask.on_hand):
        change = await _booked(shop.inventory.count, ask.on_hand, ask, who, errand, shop)
    await _tell(shop, errand, change)
    return change


async def _booked(
    book: Callable[..., Awaitable[StockChange]],
    units: int,
    ask: ReceiveRequest | AdjustRequest | CountRequest,
    who: Identity,
    errand: Errand,
    shop: Services,
) -> StockChange:
    return await book(
        ask.warehouse_id, ask.sku_id, units, key=key_of(errand), actor=who.user_id, now=shop.clock(), note=ask.note
    )
