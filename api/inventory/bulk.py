"""Stock in bulk: batches, all or nothing, and lists as spreadsheets write them."""

from collections.abc import AsyncIterator, Sequence
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Body
from fastapi.responses import StreamingResponse

from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import operator
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.wired import Wired
from api.inventory.crossings import tell_of_change
from api.inventory.reservations import StockOperator
from api.inventory.schemas import BatchRequest
from api.inventory.stock import key_of
from models.inventory.batches import BatchDone
from models.inventory.errors import BatchRefused
from models.inventory.stock_list import read_stock_list, write_stock_list
from models.inventory.types import ImportReport
from models.shared.ids import WarehouseId
from models.shared.refusals import InvalidRequest
from models.users.errors import NotAuthenticated, PermissionMissing
from stores.inventory import InventoryStore

reading = APIRouter(prefix="/v1/inventory", tags=["inventory"])
changing = idempotent_router(prefix="/v1/inventory", tags=["inventory"])

_WHO = (NotAuthenticated, PermissionMissing)
_LINES_AT_ONCE = 500
"""How many lines of a stock list are locked together; the sale of other SKUs goes on meanwhile."""
_EXAMPLE = (
    "warehouse_code,sku_id,on_hand,reserved,safety,available,claimed,sells_ahead\r\n"
    "sh-1,sku_01jd8x4q2r7m9v3k5t6w8y0zab,120,2,5,113,0,backorder\r\n"
)


@changing.post("/batches", summary="Change many levels at once", responses=refusals(*_WHO, BatchRefused, ServiceBusy))
async def change_many(ask: BatchRequest, who: StockOperator, errand: Once, shop: Wired, trail: Audit) -> BatchDone:
    """Receive, adjust and count up to 500 levels, all or none; when none, each bad line is named with what is wrong."""
    async with trail.action(who, "inventory.change_many", errand.key, lines=len(ask.lines)):
        done = await shop.inventory.change_many(ask.lines, key=key_of(errand), actor=who.user_id, now=shop.clock())
    await tell_of_change(shop, errand, done.low_stock, done.served, {level.sku_id for level in done.levels})
    return done


@reading.get(
    "/stock-lists",
    dependencies=[operator("stock")],
    summary="Export the stock list",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}, "example": _EXAMPLE}}},
        **refusals(*_WHO),
    },
)
async def export_stock_list(shop: Wired, warehouse_id: WarehouseId | None = None) -> StreamingResponse:
    """Every level as a line that the import takes back. It is what lies there now: who sends it back later, unedited,
    says that nothing was sold since."""
    headers = {"Content-Disposition": 'attachment; filename="stock.csv"'}
    return StreamingResponse(
        _pages(shop.inventory, warehouse_id), media_type="text/csv; charset=utf-8", headers=headers
    )


async def _pages(store: InventoryStore, warehouse_id: WarehouseId | None) -> AsyncIterator[str]:
    yield write_stock_list([], heading=True)
    async for levels in store.stock_list(warehouse_id):
        yield write_stock_list(levels, heading=False)


@changing.post("/stock-lists", summary="Import a stock list", responses=refusals(*_WHO, InvalidRequest, ServiceBusy))
async def import_stock_list(
    text: Annotated[bytes, Body(media_type="text/csv", description="Columns `warehouse_code,sku_id,on_hand`, UTF-8.")],
    who: StockOperator,
    errand: Once,
    shop: Wired,
    trail: Audit,
) -> ImportReport:
    """Count many levels from a CSV list. Good lines count, each other line is reported; the answer names every one."""
    lines, unread = read_stock_list(_decoded(text))
    chunks = iter(lines)
    reports: list[ImportReport] = []
    async with trail.action(who, "inventory.import_stock_list", errand.key, lines=len(lines), unread=len(unread)):
        while chunk := list(islice(chunks, _LINES_AT_ONCE)):
            key = f"{key_of(errand)}#{len(reports) + 1}"
            reports.append(await shop.inventory.count_list(chunk, key=key, actor=who.user_id, now=shop.clock()))
        report = _together(reports, ImportReport(counted=0, errors=tuple(unread)))
    await tell_of_change(shop, errand, report.low_stock, report.served, {line.sku_id for _, line in lines})
    return report


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise InvalidRequest("The list is not UTF-8. Save it again as CSV (UTF-8).") from fault


def _together(reports: Sequence[ImportReport], unread: ImportReport) -> ImportReport:
    parts = [*reports, unread]
    return ImportReport(
        counted=sum(part.counted for part in parts),
        errors=tuple(sorted((error for part in parts for error in part.errors), key=lambda error: error.line)),
        low_stock=tuple(low for part in parts for low in part.low_stock),
        served=tuple(claim for part in parts for claim in part.served),
    )
