"""What moves a parcel: the warehouse, operators, carriers and buyers. Every route here speaks with the parcel's `Fulfillment`."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from temporalio.client import WorkflowHandle

from api.edge.audit import Audit, AuditTrail
from api.edge.idempotency import Errand, Once, idempotent_router
from api.edge.identity import operator
from api.edge.problems import refusals
from api.edge.refusals import BodyTooLarge, ServiceBusy
from api.edge.sagas import Fulfilled, ask_running, ask_until_heard
from api.edge.wired import Wired
from api.spoken import Spoken
from api.wiring import Services
from channels.carrier.errors import CarrierUnknown, TrackingForged, TrackingMalformed, TrackingStale
from models.fulfillment.errors import (
    IllegalShipmentStep,
    ParcelNotWaiting,
    PickedTooMuch,
    ShipmentStopped,
    SplitInvalid,
)
from models.fulfillment.messages import (
    DecideException,
    Dispatch,
    ExceptionDecision,
    GiveUpWaiting,
    ReceiveBack,
    ReportException,
    ShipmentAnswer,
    SignOff,
    SplitAnswer,
    SplitParcel,
    fulfillment_id,
)
from models.fulfillment.types import ExceptionKind, ShipmentStatus
from models.inventory.errors import SoldOut
from models.orders.types import LineRequest
from models.shared import Refusal
from models.shared.ids import AftersaleId, OrderId, ShipmentId
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity
from workflows.fulfillment import Fulfillment

warehouse = idempotent_router(prefix="/v1/shipments", tags=["operators"])
carriers = APIRouter(prefix="/v1/carriers", tags=["fulfillment"])
"""Repeats are known by the report's event id, not by an Idempotency-Key."""

routers = (warehouse, carriers)

StockOperator = Annotated[Identity, operator("stock")]
_PARCEL = (NotAuthenticated, PermissionMissing, NotFound, ParcelNotWaiting, ServiceBusy)
_UNDER_WAY = (ShipmentStatus.SHIPPED, ShipmentStatus.DELIVERED, ShipmentStatus.EXCEPTION)
_ENDED = (ShipmentStatus.SIGNED, ShipmentStatus.RETURNED, ShipmentStatus.STOPPED)
_END_OF: Mapping[type, ShipmentStatus] = {
    SignOff: ShipmentStatus.SIGNED,
    ReceiveBack: ShipmentStatus.RETURNED,
    DecideException: ShipmentStatus.STOPPED,
    GiveUpWaiting: ShipmentStatus.STOPPED,
}
"""What a parcel is after the wishes that end it."""
_FITS: Mapping[type, tuple[ShipmentStatus, ...]] = {
    SignOff: (ShipmentStatus.SHIPPED, ShipmentStatus.DELIVERED),
    ReportException: (ShipmentStatus.SHIPPED, ShipmentStatus.DELIVERED),
    ReceiveBack: (ShipmentStatus.RETURNING,),
}
"""What a parcel is in the books when its saga grants these wishes, or will as soon as it has heard."""
_MAX_PUSH_BYTES = 65_536
_Words = Annotated[str, Field(max_length=500)]


def _example(**body: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [body]})


class DispatchRequest(Spoken):
    """What was found on the shelf; without `picked`, all of it. What is missing is refunded, the rest is sent."""

    model_config = _example(picked=[{"sku_id": "sku_01jd8x4q2r7m9v3k5t6w8y0zab", "quantity": 1}])

    picked: Annotated[tuple[LineRequest, ...], Field(max_length=200)] | None = None


class GiveUpRequest(Spoken):
    """Why its goods are waited for no longer; kept in the order's timeline."""

    model_config = _example(why="the maker stopped producing it")

    why: _Words = ""


class SignOffRequest(Spoken):
    """Who took the parcel, in a few words; kept in the order's timeline."""

    model_config = _example(proof="left with the porter")

    proof: _Words = ""


class ExceptionRequest(Spoken):
    """What went wrong, and in a few words how it is known."""

    model_config = _example(kind="lost", detail="the carrier closed its search")

    kind: ExceptionKind
    detail: _Words = ""


class DecisionRequest(Spoken):
    """What becomes of a lost or damaged parcel: new goods, or the money back."""

    model_config = _example(decision="reship")

    decision: ExceptionDecision


class ReceiveBackRequest(Spoken):
    """Whether the goods can be sold again; if not, the buyer is refunded and nothing goes on the shelf."""

    model_config = _example(resellable=True)

    resellable: bool = True


class SplitRequest(Spoken):
    """What goes into a parcel of its own; something must stay."""

    model_config = _example(items=[{"sku_id": "sku_01jd8x4q2r7m9v3k5t6w8y0zab", "quantity": 1}])

    items: Annotated[tuple[LineRequest, ...], Field(min_length=1, max_length=200)]


class Tracked(Spoken):
    """What the report was about: a parcel, one that comes back, or neither when the parcel has been packed anew since."""

    shipment_id: ShipmentId | None = None
    aftersale_id: AftersaleId | None = None


@warehouse.post(
    "/{shipment_id}/dispatch",
    summary="Let a parcel out",
    responses=refusals(*_PARCEL, PickedTooMuch, IllegalShipmentStep),
)
async def dispatch(
    shipment_id: ShipmentId, ask: DispatchRequest, who: StockOperator, errand: Once, shop: Wired, trail: Audit
) -> ShipmentAnswer:
    """For warehouses that let parcels out by hand: it is picked and packed, and waits for its waybill."""
    wish = Dispatch(actor=f"operator:{who.user_id}", picked=ask.picked)
    return await _as_operator(Fulfillment.dispatch, wish, shipment_id, who, errand, shop, trail)


@warehouse.post("/{shipment_id}/give-up", summary="Wait for a parcel's goods no longer", responses=refusals(*_PARCEL))
async def give_up(
    shipment_id: ShipmentId, ask: GiveUpRequest, who: StockOperator, errand: Once, shop: Wired, trail: Audit
) -> ShipmentAnswer:
    """What was bought ahead of stock will not come (in time): the parcel is refunded, its place in the queue is free."""
    wish = GiveUpWaiting(actor=f"operator:{who.user_id}", why=ask.why)
    return await _as_operator(Fulfillment.give_up, wish, shipment_id, who, errand, shop, trail)


@warehouse.post(
    "/{shipment_id}/split",
    summary="Split a parcel in two",
    responses=refusals(*_PARCEL, SplitInvalid, IllegalShipmentStep, ShipmentStopped),
)
async def split(
    shipment_id: ShipmentId, ask: SplitRequest, who: StockOperator, errand: Once, shop: Wired, trail: Audit
) -> SplitAnswer:
    """Before it is let out by hand: too heavy for one box, or a part of it is found later. The order waits for both."""
    wish = SplitParcel(items=ask.items, actor=f"operator:{who.user_id}")
    answer = await _as_operator(Fulfillment.split, wish, shipment_id, who, errand, shop, trail)
    assert isinstance(answer, SplitAnswer)
    return answer


@warehouse.post("/{shipment_id}/sign-off", summary="Sign off a parcel", responses=refusals(*_PARCEL))
async def sign_off(
    shipment_id: ShipmentId, ask: SignOffRequest, who: StockOperator, errand: Once, shop: Wired, trail: Audit
) -> ShipmentAnswer:
    """The buyer has it, although no carrier said so; also a parcel that was thought lost."""
    wish = SignOff(actor=f"operator:{who.user_id}", at=shop.clock(), proof=ask.proof)
    return await _as_operator(Fulfillment.sign_off, wish, shipment_id, who, errand, shop, trail)


@warehouse.post("/{shipment_id}/exceptions", summary="Report what went wrong", responses=refusals(*_PARCEL))
async def report_exception(
    shipment_id: ShipmentId, ask: ExceptionRequest, who: StockOperator, errand: Once, shop: Wired, trail: Audit
) -> ShipmentAnswer:
    """A wrong address waits for the buyer, a refused parcel comes back, a lost or damaged one waits for `decide`."""
    wish = ReportException(kind=ask.kind, actor=f"operator:{who.user_id}", detail=ask.detail)
    return await _as_operator(Fulfillment.report_exception, wish, shipment_id, who, errand, shop, trail)


@warehouse.post(
    "/{shipment_id}/decide", summary="Decide about a lost or damaged parcel", responses=refusals(*_PARCEL, SoldOut)
)
async def decide(
    shipment_id: ShipmentId, ask: DecisionRequest, who: StockOperator, errand: Once, shop: Wired, trail: Audit
) -> ShipmentAnswer:
    """Send new goods from the shelf, or refund. Sold-out goods cannot be sent again; then decide to refund."""
    wish = DecideException(decision=ask.decision, actor=f"operator:{who.user_id}")
    return await _as_operator(Fulfillment.decide_exception, wish, shipment_id, who, errand, shop, trail)


@warehouse.post("/{shipment_id}/receive-back", summary="Receive a parcel back", responses=refusals(*_PARCEL))
async def receive_back(
    shipment_id: ShipmentId, ask: ReceiveBackRequest, who: StockOperator, errand: Once, shop: Wired, trail: Audit
) -> ShipmentAnswer:
    """The returning parcel is in the warehouse again; the buyer is refunded."""
    wish = ReceiveBack(actor=f"operator:{who.user_id}", resellable=ask.resellable)
    return await _as_operator(Fulfillment.receive_back, wish, shipment_id, who, errand, shop, trail)


async def _body(request: Request) -> bytes:
    """The report byte for byte, since it is signed."""
    body = await request.body()
    if len(body) > _MAX_PUSH_BYTES:
        raise BodyTooLarge(f"A tracking report has at most {_MAX_PUSH_BYTES} bytes.")
    return body


@carriers.post(
    "/{name}/tracking",
    status_code=202,
    summary="A carrier's report",
    responses=refusals(CarrierUnknown, TrackingMalformed, TrackingForged, TrackingStale, NotFound, BodyTooLarge),
)
async def track(name: str, request: Request, body: Annotated[bytes, Depends(_body)], shop: Wired) -> Tracked:
    """For carriers, about parcels and about those that come back. Late, doubled and reordered reports are harmless and get the
    same answer."""
    now = shop.clock()
    push = shop.carriers.named(name).parse_push(dict(request.headers), body, now)
    subject = await shop.reports.take_in(name, push, now)
    if isinstance(subject, AftersaleId):
        return Tracked(aftersale_id=subject)
    return Tracked(shipment_id=subject)


async def sign_off_as_buyer(order_id: OrderId, errand: Errand, shop: Services) -> None:
    """The buyer says that everything has come: each parcel of the order that is on its way is signed off. One that is not
    (any more) is left alone; whether the order can be confirmed is its own process's judgement."""
    wish = SignOff(actor="buyer", at=shop.clock())
    for parcel in await shop.fulfillment.shipments_of(order_id):
        if parcel.aftersale_id is None and parcel.status in _UNDER_WAY:
            try:
                await _asked(Fulfillment.sign_off, wish, parcel.shipment_id, errand, shop)
            except Refusal as refusal:
                if refusal.code != ParcelNotWaiting.code:
                    raise


async def have_all_ended(order_id: OrderId, shop: Services) -> bool:
    """Whether every parcel of the order has come to an end in the books, whatever its process has heard of that."""
    parcels = [parcel for parcel in await shop.fulfillment.shipments_of(order_id) if parcel.aftersale_id is None]
    return bool(parcels) and all(parcel.status in _ENDED for parcel in parcels)


async def _as_operator(
    update: Any, wish: Any, shipment_id: ShipmentId, who: Identity, errand: Errand, shop: Services, trail: AuditTrail
) -> ShipmentAnswer:
    await shop.fulfillment.shipment(shipment_id)
    details = wish.model_dump(mode="json", exclude={"actor", "at"}, exclude_none=True)
    async with trail.action(who, f"fulfillment.{update.__name__}", shipment_id, **details):
        return await _asked(update, wish, shipment_id, errand, shop)


async def _asked(update: Any, wish: Any, shipment_id: ShipmentId, errand: Errand, shop: Services) -> ShipmentAnswer:
    """The parcel's answer, the same for every repetition of this request."""
    update_id = f"{update.__name__}/{ShipmentId.derive(errand.first_seen_at, errand.caller, errand.key)}"
    over = ParcelNotWaiting(f"Parcel {shipment_id} has ended.")
    fulfilled = Fulfilled(errand.first_seen_at, lambda: _ended_as_wished(shop, shipment_id, wish))
    saga: WorkflowHandle[Any, Any] = shop.temporal.get_workflow_handle(fulfillment_id(shipment_id))

    async def is_ahead(refusal: Refusal) -> bool:
        """It has not begun, or has not heard yet that the parcel is where this wish fits."""
        if refusal.code != ParcelNotWaiting.code:
            return False
        status = (await shop.fulfillment.shipment(shipment_id)).status
        return status not in _ENDED if refusal is over else status in _FITS.get(type(wish), ())

    answer: ShipmentAnswer = await ask_until_heard(
        lambda: ask_running(saga, update, wish, update_id, over, fulfilled), is_ahead
    )
    return answer


async def _ended_as_wished(shop: Services, shipment_id: ShipmentId, wish: Any) -> ShipmentAnswer | None:
    """Whether the parcel came to the end that was asked for, although the answer was lost."""
    parcel = await shop.fulfillment.shipment(shipment_id)
    if parcel.status is not _END_OF.get(type(wish)):
        return None
    return ShipmentAnswer(shipment_id=shipment_id, status=parcel.status)
