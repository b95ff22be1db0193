"""Warehouses. None is ever deleted, since the journal speaks of it; `active: false` takes it out of service."""

from fastapi import APIRouter, Response

from api.edge.audit import Audit
from api.edge.followed import followed
from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.versions import ExpectedVersion, IfMatchMissing, set_etag
from api.edge.wired import Wired
from api.inventory.reservations import StockOperator
from models.inventory.errors import WarehouseCodeTaken
from models.inventory.types import Warehouse, WarehouseDetails
from models.search.messages import Scope
from models.shared.ids import WarehouseId
from models.shared.refusals import InvalidRequest, NotFound, StaleVersion
from models.users.errors import NotAuthenticated, PermissionMissing

adding = idempotent_router(prefix="/v1/inventory/warehouses", tags=["inventory"])
keeping = APIRouter(prefix="/v1/inventory/warehouses", tags=["inventory"])

_WHO = (NotAuthenticated, PermissionMissing)


@adding.post("", status_code=201, summary="Add a warehouse", responses=refusals(*_WHO, WarehouseCodeTaken))
async def add(
    ask: WarehouseDetails, who: StockOperator, errand: Once, response: Response, shop: Wired, trail: Audit
) -> Warehouse:
    """A new warehouse of one merchant, which keeps it for good."""
    warehouse_id = WarehouseId.derive(errand.first_seen_at, errand.caller, errand.key)
    async with trail.action(who, "inventory.add_warehouse", warehouse_id, code=ask.code):
        warehouse = await shop.inventory.add_warehouse(warehouse_id, ask, errand.first_seen_at)
    set_etag(response, warehouse.version)
    return warehouse


@keeping.get("", dependencies=[operator("stock")], summary="Warehouses", responses=refusals(*_WHO, InvalidRequest))
async def list_warehouses(shop: Wired, limit: Limit = 50, cursor: Cursor = None) -> Page[Warehouse]:
    """Every warehouse, in service or not, oldest first."""
    found = await shop.inventory.warehouses(after=read_cursor(cursor, WarehouseId), limit=limit + 1)
    return page(found, limit, lambda warehouse: warehouse.warehouse_id, lambda warehouse: warehouse)


@keeping.get(
    "/{warehouse_id}", dependencies=[operator("stock")], summary="A warehouse", responses=refusals(*_WHO, NotFound)
)
async def show(warehouse_id: WarehouseId, response: Response, shop: Wired) -> Warehouse:
    """One warehouse; its ETag is what an edit must name."""
    warehouse = await shop.inventory.warehouse(warehouse_id)
    set_etag(response, warehouse.version)
    return warehouse


@keeping.put(
    "/{warehouse_id}",
    summary="Edit a warehouse",
    responses=refusals(*_WHO, NotFound, WarehouseCodeTaken, IfMatchMissing, StaleVersion, ServiceBusy),
)
async def edit(
    warehouse_id: WarehouseId,
    ask: WarehouseDetails,
    who: StockOperator,
    version: ExpectedVersion,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Warehouse:
    """Replace all details but the merchant, which stays. What lies in a warehouse that is switched off cannot be bought."""
    note = trail.action(who, "inventory.edit_warehouse", warehouse_id, code=ask.code, active=ask.active)
    async with note, followed(shop, Scope(warehouse_id=warehouse_id)):
        warehouse = await shop.inventory.edit_warehouse(warehouse_id, ask, version)
    set_etag(response, warehouse.version)
    return warehouse
