"""Transfers between warehouses. Every POST here speaks with the transfer's own process, `transfer/{transfer_id}`."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from temporalio.client import WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.search_attributes import attributes
from api.edge.audit import Audit, AuditTrail
from api.edge.idempotency import Errand, Once, idempotent_router
from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.sagas import Fulfilled, ask_running, ask_starting, ask_until_heard
from api.edge.wired import Wired
from api.inventory.reservations import StockOperator
from api.inventory.schemas import TransferArrival, TransferLoss, TransferRecall, TransferRequest
from api.wiring import Services
from models.inventory.errors import (
    TransferExceedsAvailable,
    TransferExceedsTransit,
    TransferNotWaiting,
    TransferToItself,
    WarehouseOfAnotherMerchant,
)
from models.inventory.messages import (
    ArriveTransfer,
    DispatchTransfer,
    LoseTransfer,
    OpenTransfer,
    RecallTransfer,
    TransferInput,
    transfer_workflow_id,
)
from models.inventory.transfers import Transfer, TransferState, check_ends
from models.shared import Refusal
from models.shared.ids import TransferId, WarehouseId
from models.shared.refusals import InvalidRequest, NotFound
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity
from workflows.options import TaskQueue
from workflows.transfer import TransferSaga
from workflows.transfer_desk import FITS

reading = APIRouter(prefix="/v1/inventory/transfers", tags=["inventory"])
changing = idempotent_router(prefix="/v1/inventory/transfers", tags=["inventory"])

_WHO = (NotAuthenticated, PermissionMissing)
_STEP = (*_WHO, NotFound, TransferNotWaiting, ServiceBusy)


@reading.get("", dependencies=[operator("stock")], summary="Transfers", responses=refusals(*_WHO, InvalidRequest))
async def list_transfers(
    shop: Wired,
    state: TransferState | None = None,
    warehouse_id: Annotated[WarehouseId | None, Query(description="Those that leave it and those that come.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Transfer]:
    """Newest first; with `state=in_transit`, what is on its way."""
    found = await shop.inventory.transfers(
        state=state, warehouse_id=warehouse_id, before=read_cursor(cursor, TransferId), limit=limit + 1
    )
    return page(found, limit, lambda transfer: transfer.transfer_id, lambda transfer: transfer)


@reading.get(
    "/{transfer_id}", dependencies=[operator("stock")], summary="A transfer", responses=refusals(*_WHO, NotFound)
)
async def show_transfer(transfer_id: TransferId, shop: Wired) -> Transfer:
    """Where its goods are, line by line: arrived, returned, lost, or still in transit."""
    return await shop.inventory.transfer(transfer_id)


@changing.post(
    "",
    status_code=201,
    summary="Plan a transfer",
    responses=refusals(
        *_WHO, NotFound, TransferToItself, WarehouseOfAnotherMerchant, TransferExceedsAvailable, ServiceBusy
    ),
)
async def plan_transfer(ask: TransferRequest, who: StockOperator, errand: Once, shop: Wired, trail: Audit) -> Transfer:
    """Nothing moves until it is dispatched, and nothing is promised: what orders take meanwhile stays for them."""
    plan = OpenTransfer(
        transfer_id=TransferId.derive(errand.first_seen_at, errand.caller, errand.key),
        actor=f"operator:{who.user_id}",
        at=errand.first_seen_at,
        **dict(ask),
    )
    details = ask.model_dump(mode="json")
    async with trail.action(who, "inventory.plan_transfer", plan.transfer_id, **details):
        check_ends(plan.from_warehouse_id, plan.to_warehouse_id)
        answer: Transfer = await ask_starting(
            shop.temporal,
            TransferSaga.begin,
            None,
            _starting(plan, who, shop),
            f"begin/{plan.transfer_id}",
            transfer_workflow_id(plan.transfer_id),
            refusal=TransferSaga.refusal,
        )
        return answer


@changing.post(
    "/{transfer_id}/dispatch",
    summary="Let a transfer leave",
    responses=refusals(*_STEP, TransferExceedsAvailable),
)
async def dispatch_transfer(
    transfer_id: TransferId, who: StockOperator, errand: Once, shop: Wired, trail: Audit
) -> Transfer:
    """All that was planned leaves the warehouse, or nothing: what is promised to orders or kept back from sale stays."""
    wish = DispatchTransfer(actor=f"operator:{who.user_id}")
    return await _asked(TransferSaga.dispatch, wish, transfer_id, who, errand, shop, trail)


@changing.post(
    "/{transfer_id}/arrive", summary="Receive a transfer", responses=refusals(*_STEP, TransferExceedsTransit)
)
async def receive_transfer(
    transfer_id: TransferId, ask: TransferArrival, who: StockOperator, errand: Once, shop: Wired, trail: Audit
) -> Transfer:
    """All or a part of it arrived: where it goes to, or, when it was recalled, where it came from."""
    wish = ArriveTransfer(actor=f"operator:{who.user_id}", lines=ask.lines)
    return await _asked(TransferSaga.arrive, wish, transfer_id, who, errand, shop, trail)


@changing.post(
    "/{transfer_id}/lose", summary="Write goods of a transfer off", responses=refusals(*_STEP, TransferExceedsTransit)
)
async def lose_transfer(
    transfer_id: TransferId, ask: TransferLoss, who: StockOperator, errand: Once, shop: Wired, trail: Audit
) -> Transfer:
    """All or a part of what is on its way will not come; the journal keeps the reason."""
    wish = LoseTransfer(actor=f"operator:{who.user_id}", lines=ask.lines, reason=ask.reason)
    return await _asked(TransferSaga.lose, wish, transfer_id, who, errand, shop, trail)


@changing.post("/{transfer_id}/recall", summary="Recall a transfer", responses=refusals(*_STEP))
async def recall_transfer(
    transfer_id: TransferId, ask: TransferRecall, who: StockOperator, errand: Once, shop: Wired, trail: Audit
) -> Transfer:
    """Before it left it is called off; on its way it is turned round, and arrives where it came from."""
    wish = RecallTransfer(actor=f"operator:{who.user_id}", reason=ask.reason)
    return await _asked(TransferSaga.recall, wish, transfer_id, who, errand, shop, trail)


async def _asked(
    update: Any,
    wish: Any,
    transfer_id: TransferId,
    who: Identity,
    errand: Errand,
    shop: Services,
    trail: AuditTrail,
) -> Transfer:
    """The transfer's answer, the same for every repetition of this request."""
    await shop.inventory.transfer(transfer_id)
    details = wish.model_dump(mode="json", exclude={"actor"}, exclude_none=True)
    async with trail.action(who, f"inventory.{update.__name__}_transfer", transfer_id, **details):
        update_id = f"{update.__name__}/{TransferId.derive(errand.first_seen_at, errand.caller, errand.key)}"
        over = TransferNotWaiting.of(transfer_id, "settled", "waiting or on its way")
        fulfilled = Fulfilled(errand.first_seen_at, lambda: _booked(shop, transfer_id, update_id, wish))

        async def is_ahead(refusal: Refusal) -> bool:
            if refusal is over or refusal.code != TransferNotWaiting.code:
                return False
            return (await shop.inventory.transfer(transfer_id)).state in FITS[type(wish)][0]

        answer: Transfer = await ask_until_heard(
            lambda: ask_running(_saga(shop, transfer_id), update, wish, update_id, over, fulfilled), is_ahead
        )
        return answer


async def _booked(shop: Services, transfer_id: TransferId, update_id: str, wish: Any) -> Transfer | None:
    """Whether the last part was booked under this wish, or the transfer recalled, although the answer was lost."""
    transfer = await shop.inventory.transfer(transfer_id)
    if isinstance(wish, RecallTransfer):
        return transfer if transfer.state is TransferState.CANCELLED else None
    return transfer if await shop.inventory.part_is_booked(transfer_id, update_id) else None


def _saga(shop: Services, transfer_id: TransferId) -> WorkflowHandle[TransferSaga, Any]:
    return shop.temporal.get_workflow_handle_for(TransferSaga.run, transfer_workflow_id(transfer_id))


def _starting(plan: OpenTransfer, who: Identity, shop: Services) -> WithStartWorkflowOperation[TransferSaga, object]:
    return WithStartWorkflowOperation(
        TransferSaga.run,
        TransferInput(plan=plan, placement=shop.settings.placement),
        id=transfer_workflow_id(plan.transfer_id),
        task_queue=TaskQueue.CHECKOUT,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        search_attributes=attributes(
            UserId=who.user_id,
            ShipmentStatus=TransferState.PLANNED,
            SkuIds=sorted({str(line.sku_id) for line in plan.lines})[:20],
        ),
        static_summary=f"Transfer of {len(plan.lines)} SKU(s) from {plan.from_warehouse_id} to {plan.to_warehouse_id}",
    )
