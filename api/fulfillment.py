"""Parcels as buyers follow them and warehouses work on them, and what sending costs.

What moves a parcel speaks with its saga and is not here.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.edge.audit import Audit
from api.edge.identity import CurrentUser, operator
from api.edge.paging import Page, Paged, page, read_cursor
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.orders.seeing import OrdersOperator, visible_order, works_with_orders
from channels.carrier.errors import CarrierAway, CarrierRefused, CarrierUnavailable
from models.fulfillment.errors import ParcelNotWaiting
from models.fulfillment.types import PickingList, Shipment, ShipmentSearch
from models.orders.types import ShippingRate
from models.shared.ids import MerchantId, OrderId, ShipmentId, SkuId, WarehouseId
from models.shared.refusals import InvalidRequest, NotFound
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity

following = APIRouter(prefix="/v1", tags=["fulfillment"])
working = APIRouter(prefix="/v1/operators", tags=["operators"])
routers = (following, working)

StockOperator = Annotated[Identity, operator("stock")]
_ONE = (NotAuthenticated, NotFound)
_OPERATOR = (NotAuthenticated, PermissionMissing)


@following.get("/orders/{order_id}/shipments", summary="Parcels of an order", responses=refusals(*_ONE))
async def shipments_of(order_id: OrderId, who: CurrentUser, shop: Wired) -> list[Shipment]:
    """Each with its waybill and its tracking, oldest report first; none before the order is handed over."""
    await visible_order(shop, order_id, who)
    return await shop.fulfillment.shipments_of(order_id)


@following.get("/shipments/{shipment_id}", summary="A parcel", responses=refusals(*_ONE))
async def show(shipment_id: ShipmentId, who: CurrentUser, shop: Wired) -> Shipment:
    """A parcel of one of your orders; operators see any."""
    if works_with_orders(who):
        return await shop.fulfillment.shipment(shipment_id)
    return await shop.fulfillment.shipment_of(shipment_id, who.user_id)


class _Looking(Paged, ShipmentSearch):
    """The filters, as query parameters beside those of paging."""


@working.get("/shipments", summary="Find parcels", responses=refusals(*_OPERATOR, InvalidRequest))
async def search(asked: Annotated[_Looking, Query()], _who: OrdersOperator, shop: Wired) -> Page[Shipment]:
    """Queues of work, oldest first: what waits to be let out (`status=picking`), what went wrong (`status=exception`)."""
    after = read_cursor(asked.cursor, ShipmentId)
    shipments = await shop.fulfillment.search(asked, limit=asked.limit + 1, after=after)
    return page(shipments, asked.limit, lambda shipment: shipment.shipment_id, lambda shipment: shipment)


@working.get("/picking-list", summary="Picking list of a warehouse", responses=refusals(*_OPERATOR))
async def picking_list(
    warehouse_id: WarehouseId, _who: StockOperator, shop: Wired, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> PickingList:
    """What waits to be let out by hand: all goods together, and box by box, the oldest first."""
    return await shop.fulfillment.picking_list(warehouse_id, limit)


@working.get(
    "/shipments/{shipment_id}/label",
    summary="Label of a parcel",
    response_class=Response,
    responses={
        **refusals(*_OPERATOR, NotFound, ParcelNotWaiting, CarrierRefused, CarrierAway),
        200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}},
    },
)
async def label(shipment_id: ShipmentId, _who: StockOperator, shop: Wired) -> Response:
    """As its carrier prints it, 100 × 150 mm; from the moment it has a waybill."""
    parcel = await shop.fulfillment.shipment(shipment_id)
    if parcel.carrier is None or parcel.waybill is None:
        raise ParcelNotWaiting(f"Parcel {shipment_id} is {parcel.status}; it has no waybill yet, and so no label.")
    try:
        pdf = await shop.carriers.named(parcel.carrier).label(parcel.waybill)
    except CarrierUnavailable as fault:
        raise CarrierAway(f"{parcel.carrier} does not answer; try again in a minute.") from fault
    headers = {"Content-Disposition": f'inline; filename="{parcel.waybill}.pdf"', "Cache-Control": "no-store"}
    return Response(pdf, media_type="application/pdf", headers=headers)


@working.get("/shipping-rates", summary="Shipping rates of a merchant", responses=refusals(*_OPERATOR))
async def list_rates(merchant_id: MerchantId, _who: OrdersOperator, shop: Wired) -> list[ShippingRate]:
    """The general ones first. A line takes the most specific rate that fits; without any, sending is free."""
    return await shop.fulfillment.rates_of(merchant_id)


@working.put("/shipping-rates", status_code=204, summary="Set a shipping rate", responses=refusals(*_OPERATOR))
async def put_rate(rate: ShippingRate, who: StockOperator, shop: Wired, trail: Audit) -> None:
    """For a merchant, one SKU or all, a country and the beginning of postal codes; replaces the rate for exactly these."""
    async with trail.action(who, "fulfillment.put_rate", rate.merchant_id, rate=rate.model_dump(mode="json")):
        await shop.fulfillment.put_rate(rate)


@working.delete("/shipping-rates", status_code=204, summary="Remove a shipping rate", responses=refusals(*_OPERATOR))
async def remove_rate(
    merchant_id: MerchantId,
    country: Annotated[str, Query(pattern=r"^[A-Z]{2}$")],
    who: StockOperator,
    shop: Wired,
    trail: Audit,
    sku_id: SkuId | None = None,
    postal_prefix: Annotated[str, Query(pattern=r"^[A-Z0-9]{0,12}$")] = "",
) -> None:
    """Exactly this one; nothing happens if there is none."""
    details = {"sku_id": sku_id, "country": country, "postal_prefix": postal_prefix}
    async with trail.action(who, "fulfillment.remove_rate", merchant_id, **details):
        await shop.fulfillment.remove_rate(merchant_id, sku_id, country, postal_prefix)
