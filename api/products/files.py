"""Whole catalogues in and out over HTTP. Long files go by the command line: `hanse import`, which has no limit of size."""

import io
from collections.abc import AsyncIterator
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from activities.following_imports import FollowedImport
from api.edge.audit import Audit
from api.edge.followed import within_reach
from api.edge.problems import refusals
from api.edge.refusals import BodyTooLarge, ServiceBusy
from api.edge.wired import Wired
from api.products.editing import READ, CatalogueOperator
from api.products.schemas import ImportReport
from models.products.errors import FileTypeUnknown, ImportUnreadable
from models.products.files import FileFormat, read_file, write_page
from stores.products import BulkStore

router = APIRouter(prefix="/v1/catalogue", tags=["catalogue"])
_FORMATS: dict[str, FileFormat] = {
    "text/csv": "csv",
    "application/json": "json",
    "application/x-ndjson": "json",
    "application/jsonl": "json",
}
_SHOWN_FAULTS = 500
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "merchant_code,spu_code,sku_code,title,category_code,weight_g,price\nhansa,tee,tee-m,T恤,shirts,180,59.90\n",
            },
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}


@router.post(
    "/import",
    summary="Import a small catalogue file",
    openapi_extra=_BODY,
    responses=refusals(*READ, FileTypeUnknown, ImportUnreadable, BodyTooLarge, ServiceBusy),
)
async def import_file(request: Request, who: CatalogueOperator, shop: Wired, trail: Audit) -> ImportReport:
    """Upsert SKUs with their products by merchant code and SKU code, from CSV or JSON in UTF-8.

    Lines that cannot be done are reported by line and column, the others are done. The same file again changes nothing.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FORMATS:
        raise FileTypeUnknown(f"Send the file as one of {', '.join(_FORMATS)}, not as {kind[:60] or 'nothing'}.")
    report = ImportReport()
    lines = read_file(io.BytesIO(await request.body()), _FORMATS[kind])
    now = shop.clock()
    followed = FollowedImport(shop.following, now, waits=False)
    async with trail.action(who, "catalogue.import", "catalogue", kind=kind), within_reach(followed):
        try:
            async for done in shop.bulk.import_lines(lines, now=now, decided_by=who.user_id):
                report.add(done, shown=_SHOWN_FAULTS)
                await followed.batch(done.changes)
        finally:  # what was done of a file that broke off is done
            await shop.shelf.everything_changed()
    return report


@router.get(
    "/export",
    summary="Export the catalogue",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}, "application/x-ndjson": {}}}, **refusals(*READ)},
)
async def export_file(_who: CatalogueOperator, shop: Wired, format: FileFormat = "csv") -> StreamingResponse:  # noqa: A002
    """Every SKU as a line that the import takes back. A CSV cell that a spreadsheet would run as a formula is defused."""
    media_type = "text/csv; charset=utf-8" if format == "csv" else "application/x-ndjson"
    headers = {"Content-Disposition": f'attachment; filename="catalogue.{format}"'}
    return StreamingResponse(_pages(shop.bulk, format, shop.clock()), media_type=media_type, headers=headers)


async def _pages(bulk: BulkStore, file_format: FileFormat, now: datetime) -> AsyncIterator[str]:
    first = True
    async for page in bulk.export(now):
        yield write_page(page, file_format, first=first)
        first = False
    if first:
        yield write_page([], file_format, first=True)
