"""Points as operators see and adjust them."""

from typing import Annotated

from fastapi import APIRouter
from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.search_attributes import attributes
from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.sagas import ask_starting
from api.edge.wired import Wired
from api.points.schemas import AdjustPointsRequest
from models.points.errors import PointsNotEnough
from models.points.messages import AdjustPoints, adjustment_id
from models.points.types import PointsAccount, PointsEntry
from models.shared.ids import PointsEntryId, UserId
from models.shared.refusals import InvalidRequest, NotFound
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity
from workflows.options import TaskQueue
from workflows.points_adjustment import PointsAdjustment

reading = APIRouter(prefix="/v1/operators/points", tags=["operators"])
changing = idempotent_router(prefix="/v1/operators/points", tags=["operators"])
Reader = Annotated[Identity, operator("service", "finance")]
Giver = Annotated[Identity, operator("finance")]
_READ = (NotAuthenticated, PermissionMissing, NotFound)


@reading.get("/{user_id}", summary="A buyer's points", responses=refusals(*_READ))
async def show_points_of(user_id: UserId, _who: Reader, shop: Wired) -> PointsAccount:
    """How many the buyer can spend right now, in lots by when they expire."""
    await shop.users.accounts.get(user_id)
    return await shop.points.account(user_id, shop.clock())


@reading.get("/{user_id}/entries", summary="A buyer's points ledger", responses=refusals(*_READ, InvalidRequest))
async def list_entries_of(
    user_id: UserId, _who: Reader, shop: Wired, limit: Limit = 50, cursor: Cursor = None
) -> Page[PointsEntry]:
    """Every change, newest first, with who made it and the balance after it."""
    await shop.users.accounts.get(user_id)
    entries = await shop.points.entries(user_id, before=read_cursor(cursor, PointsEntryId), limit=limit + 1)
    return page(entries, limit, lambda entry: entry.entry_id, lambda entry: entry)


@changing.post(
    "/{user_id}/adjust",
    summary="Give or take points",
    responses=refusals(*_READ, InvalidRequest, PointsNotEnough, ServiceBusy),
)
async def adjust_points(
    user_id: UserId, ask: AdjustPointsRequest, who: Giver, errand: Once, shop: Wired, trail: Audit
) -> PointsEntry:
    """Points given expire like earned ones; points taken are those that expire first. Answers the line of the ledger."""
    key = PointsEntryId.derive(errand.first_seen_at, "adjustment", errand.caller, errand.key)
    async with trail.action(who, "points.adjust", user_id, delta=ask.delta, why=ask.why):
        await shop.users.accounts.get(user_id)
        wish = AdjustPoints(
            user_id=user_id,
            delta=ask.delta,
            actor=f"operator:{who.user_id}",
            why=ask.why,
            key=key,
            at=errand.first_seen_at,
        )
        answer: PointsEntry = await ask_starting(
            shop.temporal,
            PointsAdjustment.begin,
            None,
            _starting(wish),
            f"begin/{key}",
            adjustment_id(key),
            refusal=PointsAdjustment.refusal,
        )
        return answer


def _starting(wish: AdjustPoints) -> WithStartWorkflowOperation[PointsAdjustment, object]:
    return WithStartWorkflowOperation(
        PointsAdjustment.run,
        wish,
        id=adjustment_id(wish.key),
        task_queue=TaskQueue.CHECKOUT,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        search_attributes=attributes(UserId=wish.user_id),
        static_summary=f"{wish.delta:+} points for {wish.user_id}",
    )
