"""What operators of money see: payments, refunds, what waits for a person, and the books."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.wired import Wired
from models.payments.ledger import BookedTransfer
from models.payments.types import Mismatch, MoneyBreak, Payment, PaymentState, Refund, RefundState
from models.shared.ids import PaymentId, RefundId, UserId
from models.shared.refusals import InvalidRequest
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity

router = APIRouter(prefix="/v1/operators", tags=["operators"])
Finance = Annotated[Identity, operator("finance")]
_READ = refusals(NotAuthenticated, PermissionMissing)
_LIST = refusals(NotAuthenticated, PermissionMissing, InvalidRequest)


@router.get("/payments", summary="Payments", responses=_LIST)
async def list_payments(
    _who: Finance,
    shop: Wired,
    state: Annotated[PaymentState | None, Query(description="Only payments in this state.")] = None,
    user_id: UserId | None = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Payment]:
    """Payments, newest first."""
    before = read_cursor(cursor, PaymentId)
    found = await shop.payments.list_payments(limit=limit + 1, before=before, state=state, user_id=user_id)
    return page(found, limit, lambda payment: payment.payment_id, lambda payment: payment)


@router.get("/refunds", summary="Refunds", responses=_LIST)
async def list_refunds(
    _who: Finance, shop: Wired, state: RefundState | None = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[Refund]:
    """Refunds, newest first; those in the state `refused` wait for a decision."""
    found = await shop.payments.list_refunds(limit=limit + 1, before=read_cursor(cursor, RefundId), state=state)
    return page(found, limit, lambda refund: refund.refund_id, lambda refund: refund)


@router.get("/payments/mismatches", summary="Reports that contradict what was asked", responses=_READ)
async def list_mismatches(_who: Finance, shop: Wired, limit: Limit = 100) -> list[Mismatch]:
    """Money of another amount, or under another transaction, than was asked for: nothing is booked, a person decides."""
    return list(await shop.payments.mismatches(limit=limit))


@router.get("/payments/{payment_id}/transfers", summary="The books of a payment", responses=_READ)
async def list_transfers(payment_id: PaymentId, _who: Finance, shop: Wired) -> list[BookedTransfer]:
    """Every transfer booked for the payment, in the order it was booked."""
    return list(await shop.payments.transfers(payment_id))


@router.get("/ledger/audit", summary="Breaks of the money invariant", responses=_READ)
async def audit(_who: Finance, shop: Wired) -> list[MoneyBreak]:
    """Everything that is not as it must be between payments, captures, refunds and the books; empty when all is well."""
    return list(await shop.payments.audit(shop.clock()))
