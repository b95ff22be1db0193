"""After-sales as the shop's people work on them: decide, receive, inspect, lower, close."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.aftersales.asking import asked
from api.aftersales.schemas import AuditRequest, CloseRequest, InspectionRequest, LowerRequest
from api.aftersales.seeing import ReturnsOperator, ServiceOperator
from api.edge.audit import Audit, AuditTrail
from api.edge.idempotency import Errand, Once, idempotent_router
from api.edge.paging import Page, Paged, page, read_cursor
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.wired import Wired
from api.wiring import Services
from models.aftersales.errors import AftersaleNotWaiting, InspectionMismatch, RefundNotLower
from models.aftersales.messages import Choose, Close, Decide, Inspect, Lower, Receive, TryRefund
from models.aftersales.types import AftersaleCase, AftersaleSearch
from models.shared.ids import AftersaleId
from models.shared.refusals import InvalidRequest, NotFound
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity
from workflows.aftersale import Aftersale

reading = APIRouter(prefix="/v1/operators/aftersales", tags=["operators"])
changing = idempotent_router(prefix="/v1/operators/aftersales", tags=["operators"])
_WHO = (NotAuthenticated, PermissionMissing)
_STEP = (*_WHO, NotFound, AftersaleNotWaiting, ServiceBusy)


class _Looking(Paged, AftersaleSearch):
    """The filters, as query parameters beside those of paging."""


@reading.get("", summary="After-sales", responses=refusals(*_WHO, InvalidRequest))
async def search(asked_for: Annotated[_Looking, Query()], _who: ReturnsOperator, shop: Wired) -> Page[AftersaleCase]:
    """By state, kind, order, buyer and escalation; oldest first. `state=auditing` is the queue of the audit."""
    after = read_cursor(asked_for.cursor, AftersaleId)
    found = await shop.aftersales.search(asked_for, limit=asked_for.limit + 1, after=after)
    return page(found, asked_for.limit, lambda case: case.aftersale_id, lambda case: case)


@changing.post("/{aftersale_id}/audit", summary="Decide an after-sale", responses=refusals(*_STEP, RefundNotLower))
async def audit(
    aftersale_id: AftersaleId, ask: AuditRequest, who: ServiceOperator, errand: Once, shop: Wired, trail: Audit
) -> AftersaleCase:
    """Approve it, perhaps with a lower refund, or reject it; the buyer may appeal a rejection once."""
    wish = Decide(**dict(ask), actor=_actor(who))
    return await _ask(Aftersale.decide, wish, aftersale_id, who, errand, shop, trail)


@changing.post("/{aftersale_id}/receive", summary="Receive returned goods", responses=refusals(*_STEP))
async def receive(
    aftersale_id: AftersaleId, who: ReturnsOperator, errand: Once, shop: Wired, trail: Audit
) -> AftersaleCase:
    """The parcel is here; nobody has looked into it yet. From now on the buyer cannot withdraw."""
    return await _ask(Aftersale.receive, Receive(actor=_actor(who)), aftersale_id, who, errand, shop, trail)


@changing.post(
    "/{aftersale_id}/inspect", summary="Inspect returned goods", responses=refusals(*_STEP, InspectionMismatch)
)
async def inspect(
    aftersale_id: AftersaleId, ask: InspectionRequest, who: ReturnsOperator, errand: Once, shop: Wired, trail: Audit
) -> AftersaleCase:
    """Line by line: what is accepted goes back as money or is replaced, what can be sold again goes on the shelf."""
    wish = Inspect(**dict(ask), actor=_actor(who))
    return await _ask(Aftersale.inspect, wish, aftersale_id, who, errand, shop, trail)


@changing.post("/{aftersale_id}/lower", summary="Lower a refund", responses=refusals(*_STEP, RefundNotLower))
async def lower(
    aftersale_id: AftersaleId, ask: LowerRequest, who: ServiceOperator, errand: Once, shop: Wired, trail: Audit
) -> AftersaleCase:
    """Before the money goes back, with a reason. It cannot be raised above what was really paid for the units."""
    wish = Lower(**dict(ask), actor=_actor(who))
    return await _ask(Aftersale.lower, wish, aftersale_id, who, errand, shop, trail)


@changing.post("/{aftersale_id}/close", summary="Close an after-sale", responses=refusals(*_STEP))
async def close(
    aftersale_id: AftersaleId, ask: CloseRequest, who: ServiceOperator, errand: Once, shop: Wired, trail: Audit
) -> AftersaleCase:
    """Without money, while nothing is on its way to the buyer. Its units can be claimed again."""
    wish = Close(because=ask.because, actor=_actor(who))
    return await _ask(Aftersale.close, wish, aftersale_id, who, errand, shop, trail)


@changing.post("/{aftersale_id}/try-refund", summary="Try a refused refund again", responses=refusals(*_STEP))
async def try_refund(
    aftersale_id: AftersaleId, who: ServiceOperator, errand: Once, shop: Wired, trail: Audit
) -> AftersaleCase:
    """The money was not there; lower the refund to what is left, then try again."""
    return await _ask(Aftersale.try_refund, TryRefund(actor=_actor(who)), aftersale_id, who, errand, shop, trail)


@changing.post("/{aftersale_id}/look-again", summary="Look again for a replacement", responses=refusals(*_STEP))
async def look_again(
    aftersale_id: AftersaleId, who: ReturnsOperator, errand: Once, shop: Wired, trail: Audit
) -> AftersaleCase:
    """The replacement was sold out; there is stock again."""
    wish = Choose(refund=False, actor=_actor(who))
    return await _ask(Aftersale.choose, wish, aftersale_id, who, errand, shop, trail)


def _actor(who: Identity) -> str:
    return f"operator:{who.user_id}"


async def _ask(
    update: Any, wish: Any, aftersale_id: AftersaleId, who: Identity, errand: Errand, shop: Services, trail: AuditTrail
) -> AftersaleCase:
    case = await shop.aftersales.case(aftersale_id)
    details = wish.model_dump(mode="json", exclude={"actor"}, exclude_none=True)
    async with trail.action(who, f"aftersales.{update.__name__}", aftersale_id, **details):
        return await asked(shop, case, errand, update, wish)
