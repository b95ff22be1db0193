"""Black and white lists. White beats black; a buyer who is kept out is not told by which entry, operators can try it out here."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.versions import ExpectedVersion, IfMatchMissing, with_etag
from api.edge.wired import Wired
from api.ops.schemas import EntryRequest, NewEntryRequest, OriginRequest
from models.ops.lists import Judgement, ListEntry, ListKind, ListSubject
from models.shared.ids import ListEntryId
from models.shared.refusals import InvalidRequest, NotFound, StaleVersion
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity

adding = idempotent_router(prefix="/v1/operators/list-entries", tags=["operators"])
keeping = APIRouter(prefix="/v1/operators/list-entries", tags=["operators"])
OpsOperator = Annotated[Identity, operator("ops")]
_READ = (NotAuthenticated, PermissionMissing)
_EDIT = (*_READ, NotFound, IfMatchMissing, StaleVersion, InvalidRequest)


@adding.post("", status_code=201, summary="Add a list entry", responses=refusals(*_READ, InvalidRequest))
async def add_entry(
    ask: NewEntryRequest, who: OpsOperator, errand: Once, response: Response, shop: Wired, trail: Audit
) -> ListEntry:
    """Black or white, from `starts_at` on. Phones and addresses are compared in one form and kept as digests only."""
    entry_id = ListEntryId.derive(errand.first_seen_at, errand.caller, errand.key)
    async with trail.action(who, "ops.add_list_entry", entry_id, kind=ask.kind, about=ask.subject, reason=ask.reason):
        return with_etag(await shop.lists.add(entry_id, ask, who.user_id, errand.first_seen_at), response)


@keeping.get("", summary="List entries", responses=refusals(*_READ, InvalidRequest))
async def list_entries(
    _who: OpsOperator,
    shop: Wired,
    kind: Annotated[ListKind | None, Query(description="Only black or only white.")] = None,
    subject: Annotated[ListSubject | None, Query(description="Only entries about this.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[ListEntry]:
    """Every entry, over or not, newest first."""
    before = read_cursor(cursor, ListEntryId)
    found = await shop.lists.page(limit=limit + 1, before=before, kind=kind, subject=subject)
    return page(found, limit, lambda entry: entry.entry_id, lambda entry: entry)


@keeping.post("/judgement", summary="Try the lists on an origin", responses=refusals(*_READ))
async def try_lists(ask: OriginRequest, _who: OpsOperator, shop: Wired) -> Judgement:
    """Whether an order from there would be refused, and which entries match: what customer service asks."""
    return await shop.lists.try_out(ask, shop.clock())


@keeping.get("/{entry_id}", summary="A list entry", responses=refusals(*_READ, NotFound))
async def show_entry(entry_id: ListEntryId, _who: OpsOperator, response: Response, shop: Wired) -> ListEntry:
    """One entry; its ETag is what an edit must name."""
    return with_etag(await shop.lists.get(entry_id), response)


@keeping.put("/{entry_id}", summary="Revise a list entry", responses=refusals(*_EDIT))
async def revise_entry(
    entry_id: ListEntryId,
    ask: EntryRequest,
    version: ExpectedVersion,
    who: OpsOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> ListEntry:
    """Set reason, note and window; whom it recognises stays."""
    window = {"starts_at": ask.starts_at.isoformat(), "ends_at": ask.ends_at.isoformat() if ask.ends_at else None}
    async with trail.action(who, "ops.revise_list_entry", entry_id, reason=ask.reason, **window):
        return with_etag(await shop.lists.revise(entry_id, version, ask, who.user_id, shop.clock()), response)


@keeping.put("/{entry_id}/ended", summary="End a list entry", responses=refusals(*_EDIT))
async def end_entry(
    entry_id: ListEntryId, version: ExpectedVersion, who: OpsOperator, response: Response, shop: Wired, trail: Audit
) -> ListEntry:
    """It counts no more from now on; it stays in the list, over."""
    async with trail.action(who, "ops.end_list_entry", entry_id):
        return with_etag(await shop.lists.end(entry_id, version, who.user_id, shop.clock()), response)
