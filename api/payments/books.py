"""The books, for operators of money: what accounts hold at any moment, every entry, and what only a person can write in them."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor, row_number
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.sagas import answer_of
from api.edge.wired import Wired
from api.payments.schemas import AdjustmentRequest, ChargebackRequest
from models.payments.chargebacks import BookChargeback, Chargeback
from models.payments.ledger import Account, Adjustment, BookedTransfer, TransferKind, TrialBalance
from models.payments.ledger_errors import (
    AccountNotAdjustable,
    AdjustmentConflict,
    ChargebackConflict,
    ChargebackExceedsCapture,
    NothingCaptured,
)
from models.shared import Instant
from models.shared.ids import AdjustmentId, ChargebackId, OrderId, PaymentId
from models.shared.refusals import InvalidRequest, NotFound
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity

writes = idempotent_router(prefix="/v1", tags=["ledger"])
reads = APIRouter(prefix="/v1/ledger", tags=["ledger"])

Finance = Annotated[Identity, operator("finance")]
_WHO = (NotAuthenticated, PermissionMissing)
_LIST = refusals(*_WHO, InvalidRequest)
At = Annotated[Instant | None, Query(description="What was booked up to this moment; now, if it is left out.")]


@reads.get("/balances", summary="Balances of all accounts", responses=_LIST)
async def balances(_who: Finance, shop: Wired, at: At = None) -> TrialBalance:
    """Debits, credits and balance of every account and currency, now or at any past moment; the debits of a currency equal its
    credits, and `balanced` says whether they do."""
    moment = at or shop.clock()
    return TrialBalance.of(moment, await shop.payments.trial_balance(moment))


@reads.get("/entries", summary="Entries of the books", responses=_LIST)
async def list_entries(
    _who: Finance,
    shop: Wired,
    account: Annotated[Account | None, Query(description="Only entries with this account on either side.")] = None,
    kind: TransferKind | None = None,
    order_id: OrderId | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[BookedTransfer]:
    """Newest first. An entry moves its amount from the account it credits to the account it debits."""
    found = await shop.payments.entries(
        limit=limit + 1,
        before=read_cursor(cursor, row_number),
        account=account,
        kind=kind,
        order_id=order_id,
        since=since,
        until=until,
    )
    return page(found, limit, lambda entry: entry.number, lambda entry: entry)


@writes.post(
    "/payments/{payment_id}/chargebacks",
    status_code=201,
    summary="Book a chargeback",
    responses=refusals(*_WHO, NotFound, NothingCaptured, ChargebackExceedsCapture, ChargebackConflict, ServiceBusy),
)
async def book_chargeback(
    payment_id: PaymentId, ask: ChargebackRequest, who: Finance, errand: Once, shop: Wired, trail: Audit
) -> Chargeback:
    """A channel took money back from the shop. What was kept of the capture pays for it and can no longer be refunded. A case that
    the channel's statement tells of is booked by itself; `reference` is the channel's number of the case, and books it once. The
    order's timeline and whoever listens hear of it; while that cannot be promised the answer is 503: the same request again does."""
    attempt = await shop.payments.attempt(ask.attempt_id)
    if attempt.payment_id != payment_id:
        raise NotFound(f"Payment {payment_id} has no attempt {ask.attempt_id}.")
    now = shop.clock()
    chargeback = BookChargeback(
        chargeback_id=ChargebackId.derive(errand.first_seen_at, errand.caller, errand.key),
        source="operator",
        actor=f"operator:{who.user_id}",
        occurred_at=ask.occurred_at or now,
        **{name: getattr(ask, name) for name in ("attempt_id", "reference", "amount", "reason")},
    )
    told = {"amount": str(ask.amount), "reference": ask.reference, "reason": ask.reason}
    async with trail.action(who, "payments.chargeback", payment_id, **told):
        booked = await shop.payments.book_chargeback(chargeback, now)
    await answer_of(shop.siblings.tell_chargeback(booked))
    return booked


@reads.get("/chargebacks", summary="Chargebacks", responses=_LIST)
async def list_chargebacks(
    _who: Finance, shop: Wired, payment_id: PaymentId | None = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[Chargeback]:
    """Newest first, of one payment or all; `covered` is what kept money paid for, the rest of `amount` is the shop's loss."""
    before = read_cursor(cursor, ChargebackId)
    found = await shop.payments.list_chargebacks(limit=limit + 1, before=before, payment_id=payment_id)
    return page(found, limit, lambda chargeback: chargeback.chargeback_id, lambda chargeback: chargeback)


@writes.post(
    "/ledger/adjustments",
    status_code=201,
    summary="Adjust the books",
    responses=refusals(*_WHO, AccountNotAdjustable, AdjustmentConflict),
)
async def adjust(ask: AdjustmentRequest, who: Finance, errand: Once, shop: Wired, trail: Audit) -> Adjustment:
    """Move an amount between two accounts by an operator's word, with the reason; for instance a dispute that was won. Deposits and
    refunds belong to payments and cannot be adjusted. Nothing is ever changed: the opposite adjustment takes one back."""
    wanted = Adjustment(
        adjustment_id=AdjustmentId.derive(errand.first_seen_at, errand.caller, errand.key),
        actor=f"operator:{who.user_id}",
        at=shop.clock(),
        **{name: getattr(ask, name) for name in AdjustmentRequest.model_fields},
    )
    told = {"debit": ask.debit, "credit": ask.credit, "amount": str(ask.amount), "reason": ask.reason}
    channels = tuple(channel.terms.name for channel in shop.payment_channels.all())
    async with trail.action(who, "payments.adjust", wanted.adjustment_id, **told):
        return await shop.payments.adjust(wanted, channels)


@reads.get("/adjustments", summary="Adjustments", responses=_LIST)
async def list_adjustments(_who: Finance, shop: Wired, limit: Limit = 20, cursor: Cursor = None) -> Page[Adjustment]:
    """Newest first, with who wrote each, and why."""
    found = await shop.payments.list_adjustments(limit=limit + 1, before=read_cursor(cursor, AdjustmentId))
    return page(found, limit, lambda adjustment: adjustment.adjustment_id, lambda adjustment: adjustment)
