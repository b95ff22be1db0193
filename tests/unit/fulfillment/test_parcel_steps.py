"""Which steps a parcel may take, what reports move it, and what parcels make of their order."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.fulfillment.errors import IllegalShipmentStep, PickedTooMuch
from models.fulfillment.rules import (
    FINAL,
    NEXT_STATUS,
    check_picked,
    check_step,
    fulfillment_status,
    moved_by_report,
)
from models.fulfillment.types import ExceptionKind, Shipment, ShipmentStatus, TrackingEvent
from models.orders.types import FulfillmentStatus, LineRequest
from models.shared.ids import OrderId, ShipmentId, SkuId, WarehouseId
from tests.unit.orders.baskets import NOW, SHOP, named

S = ShipmentStatus
LEGAL = {
    S.WAITING: "picking stopped",
    S.PICKING: "outbound exception stopped",
    S.OUTBOUND: "shipped exception stopped",
    S.SHIPPED: "delivered signed exception",
    S.DELIVERED: "signed exception",
    S.EXCEPTION: "picking outbound shipped delivered signed returning stopped",
    S.RETURNING: "returned",
}


def parcel(status: ShipmentStatus, *, shipped: bool = True, tracked: tuple[TrackingEvent, ...] = ()) -> Shipment:
    return Shipment(
        shipment_id=named(ShipmentId, "parcel"),
        order_id=named(OrderId, "order"),
        merchant_id=SHOP,
        warehouse_id=named(WarehouseId, "house"),
        items=(LineRequest(sku_id=named(SkuId, "tea"), quantity=2),),
        status=status,
        carrier="sandbox" if shipped else None,
        waybill="W1" if shipped else None,
        exception=ExceptionKind.LOST if status is S.EXCEPTION else None,
        tracking=tracked,
        created_at=NOW,
        shipped_at=NOW if shipped else None,
        version=1,
    )


@pytest.mark.parametrize(("current", "to"), list(product(S, S)))
def test_every_step_of_a_shipped_parcel_is_in_the_table_or_refused(current: S, to: S) -> None:
    if to.value in LEGAL.get(current, "").split():
        check_step(parcel(current), to)
    else:
        with pytest.raises(IllegalShipmentStep):
            check_step(parcel(current), to)


@pytest.mark.parametrize("to", [S.SHIPPED, S.DELIVERED, S.SIGNED, S.RETURNING])
def test_a_parcel_without_waybill_and_hand_over_neither_travels_nor_arrives(to: S) -> None:
    for current in (S.PICKING, S.OUTBOUND, S.EXCEPTION):
        with pytest.raises(IllegalShipmentStep):
            check_step(parcel(current, shipped=False), to)


def test_every_status_stands_in_the_table() -> None:
    assert set(NEXT_STATUS) == set(S)
    assert {S.SIGNED, S.RETURNED, S.STOPPED} == FINAL


def event(status: S, minutes: int) -> TrackingEvent:
    return TrackingEvent(event_id=f"{status}{minutes}", status=status, place="", at=NOW + timedelta(minutes=minutes))


@given(st.lists(st.sampled_from([S.SHIPPED, S.DELIVERED, S.SIGNED]), max_size=8))
def test_reports_in_any_order_only_lead_forward_and_end_where_the_furthest_points(reports: list[S]) -> None:
    way = [S.SHIPPED, S.DELIVERED, S.SIGNED]
    current = S.SHIPPED
    for report in reports:
        if moved_by_report(parcel(current), report, NOW):
            assert way.index(report) > way.index(current)
            current = report
    assert current is max([S.SHIPPED, *reports], key=way.index)


def test_late_trouble_does_not_take_a_delivered_parcel_back() -> None:
    delivered = parcel(S.DELIVERED, tracked=(event(S.DELIVERED, 10),))
    assert not moved_by_report(delivered, S.EXCEPTION, NOW + timedelta(minutes=5))
    assert moved_by_report(delivered, S.EXCEPTION, NOW + timedelta(minutes=15))


def test_a_late_report_does_not_lead_out_of_trouble_but_a_new_arrival_does() -> None:
    troubled = parcel(S.EXCEPTION, tracked=(event(S.EXCEPTION, 10),))
    assert not moved_by_report(troubled, S.DELIVERED, NOW + timedelta(minutes=5))
    assert not moved_by_report(troubled, S.SHIPPED, NOW + timedelta(minutes=15))
    assert moved_by_report(troubled, S.SIGNED, NOW + timedelta(minutes=15))


@pytest.mark.parametrize("status", [S.PICKING, S.OUTBOUND, S.STOPPED, S.RETURNING, S.RETURNED, S.SIGNED])
def test_no_report_moves_a_parcel_that_is_not_under_way(status: S) -> None:
    assert not any(moved_by_report(parcel(status), reported, NOW) for reported in S)


def test_nothing_older_than_the_present_packing_moves_a_parcel() -> None:
    packed_again = parcel(S.SHIPPED).model_copy(update={"round": 2})
    assert not moved_by_report(packed_again, S.SIGNED, NOW - timedelta(minutes=1))
    assert moved_by_report(packed_again, S.SIGNED, NOW)


@pytest.mark.parametrize(
    ("parcels", "makes"),
    [
        ([], FulfillmentStatus.UNFULFILLED),
        ([parcel(S.PICKING, shipped=False), parcel(S.OUTBOUND, shipped=False)], FulfillmentStatus.UNFULFILLED),
        ([parcel(S.PICKING, shipped=False), parcel(S.SHIPPED)], FulfillmentStatus.PART_SHIPPED),
        ([parcel(S.PICKING, shipped=False), parcel(S.SIGNED)], FulfillmentStatus.PART_SHIPPED),
        ([parcel(S.SHIPPED), parcel(S.SIGNED)], FulfillmentStatus.SHIPPED),
        ([parcel(S.EXCEPTION), parcel(S.SIGNED)], FulfillmentStatus.SHIPPED),
        ([parcel(S.EXCEPTION, shipped=False)], FulfillmentStatus.UNFULFILLED),
        ([parcel(S.DELIVERED), parcel(S.SIGNED)], FulfillmentStatus.DELIVERED),
        ([parcel(S.STOPPED, shipped=False), parcel(S.SIGNED)], FulfillmentStatus.DELIVERED),
        ([parcel(S.RETURNED), parcel(S.STOPPED)], FulfillmentStatus.STOPPED),
        ([parcel(S.PICKING)], FulfillmentStatus.UNFULFILLED),
    ],
)
def test_the_parcels_decide_how_far_the_order_is(parcels: list[Shipment], makes: FulfillmentStatus) -> None:
    assert fulfillment_status(parcels) is makes


def test_a_pick_is_part_of_what_belongs_into_the_parcel() -> None:
    tea, other = named(SkuId, "tea"), named(SkuId, "other")
    items = (LineRequest(sku_id=tea, quantity=2),)
    check_picked(named(ShipmentId, "parcel"), items, ())
    check_picked(named(ShipmentId, "parcel"), items, items)
    for wrong in (
        (LineRequest(sku_id=tea, quantity=3),),
        (LineRequest(sku_id=other, quantity=1),),
        (LineRequest(sku_id=tea, quantity=1), LineRequest(sku_id=tea, quantity=1)),
    ):
        with pytest.raises(PickedTooMuch):
            check_picked(named(ShipmentId, "parcel"), items, wrong)
