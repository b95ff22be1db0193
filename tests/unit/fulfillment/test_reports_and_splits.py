"""Laws of what carriers say, and of parcels that become two."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.fulfillment.errors import SplitInvalid
from models.fulfillment.rules import (
    TRACKING_MEANS,
    exchange_id,
    fulfillment_status,
    moved_by_report,
    picked_together,
    reported,
    saga_must_hear,
    split_off,
)
from models.fulfillment.types import PickingItem, PickingParcel, Shipment, ShipmentStatus, TrackingEvent, TrackingState
from models.orders.types import FulfillmentStatus, LineRequest
from models.shared.ids import AftersaleId, MerchantId, OrderId, ShipmentId, SkuId, WarehouseId

T0 = datetime(2026, 11, 11, 12, tzinfo=UTC)
S, T = ShipmentStatus, TrackingState
SKUS = [SkuId.derive(T0, str(n)) for n in range(4)]
WAY = [T.COLLECTED, T.IN_TRANSIT, T.OUT_FOR_DELIVERY, T.DELIVERED, T.SIGNED]


def parcel(status: ShipmentStatus = S.SHIPPED, **facts: object) -> Shipment:
    return Shipment.model_validate(
        {
            "shipment_id": ShipmentId.derive(T0, "p"),
            "order_id": OrderId.derive(T0, "o"),
            "status": status,
            "merchant_id": MerchantId.derive(T0, "m"),
            "warehouse_id": WarehouseId.derive(T0, "w"),
            "items": (),
            "carrier": "sandbox",
            "waybill": "W1",
            "created_at": T0,
            "shipped_at": T0,
            "version": 1,
            **facts,
        }
    )


def event(state: TrackingState, place: int) -> TrackingEvent:
    return TrackingEvent(event_id=f"{state}-{place}", status=state, place="x", at=T0 + timedelta(hours=place + 1))


@given(st.permutations(list(range(len(WAY)))), st.integers(1, len(WAY)), st.lists(st.integers(0, len(WAY) - 1)))
def test_whatever_order_reports_come_in_and_how_often_the_parcel_ends_at_the_same_place(
    order: list[int], reached: int, doubled: list[int]
) -> None:
    """Only the part of the way that happened is reported: lost, late, doubled and reordered."""
    happened = [place for place in order if place < reached] + [place for place in doubled if place < reached]
    now = parcel()
    for place in happened:
        told = reported(WAY[place], event(WAY[place], place))
        if any(known.event_id == told.event.event_id for known in now.tracking):
            continue
        moves = moved_by_report(now, told.status, told.event.at)
        after = told.status if moves else now.status
        now = now.model_copy(update={"status": after, "tracking": (*now.tracking, told.event)})
    assert now.status is TRACKING_MEANS[WAY[reached - 1]][0]


@pytest.mark.parametrize("state", list(TrackingState))
def test_a_saga_on_the_straight_way_hears_signatures_and_troubles_only(state: TrackingState) -> None:
    told = reported(state, event(state, 0))
    expected = told.exception is not None or state is T.SIGNED
    assert saga_must_hear(parcel(S.SHIPPED), told) == saga_must_hear(parcel(S.DELIVERED), told) == expected
    assert saga_must_hear(parcel(S.EXCEPTION), told)
    assert saga_must_hear(parcel(S.RETURNING), told)


lines = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 5), min_size=1)


def as_lines(found: dict[SkuId, int]) -> tuple[LineRequest, ...]:
    return tuple(LineRequest(sku_id=sku, quantity=n) for sku, n in found.items())


@given(lines, lines)
def test_a_split_leaves_something_in_both_and_loses_no_unit(inside: dict[SkuId, int], out: dict[SkuId, int]) -> None:
    shipment_id = ShipmentId.derive(T0, "p")
    fits = all(n <= inside.get(sku, 0) for sku, n in out.items()) and sum(out.values()) < sum(inside.values())
    if not fits:
        with pytest.raises(SplitInvalid):
            split_off(shipment_id, as_lines(inside), as_lines(out))
        return
    stays = split_off(shipment_id, as_lines(inside), as_lines(out))
    assert stays
    left = {item.sku_id: item.quantity for item in stays}
    assert {sku: left.get(sku, 0) + out.get(sku, 0) for sku in inside} == inside


def test_an_exchange_leaves_the_order_as_it_is() -> None:
    mine = AftersaleId.derive(T0, "after-sale")
    arrived, sent = parcel(S.SIGNED, signed_at=T0), parcel(S.PICKING, aftersale_id=mine)
    assert fulfillment_status([arrived, sent]) is FulfillmentStatus.DELIVERED
    assert fulfillment_status([sent]) is FulfillmentStatus.UNFULFILLED
    assert exchange_id(mine) == exchange_id(mine) != exchange_id(AftersaleId.derive(T0, "another"))


def test_a_picking_list_names_each_sku_once() -> None:
    def box(name: str, *items: tuple[int, int]) -> PickingParcel:
        return PickingParcel(
            shipment_id=ShipmentId.derive(T0, name),
            order_id=OrderId.derive(T0, name),
            round=1,
            waiting_since=T0,
            note="",
            items=tuple(
                PickingItem(sku_id=SKUS[n], title=f"good {n}", options="", quantity=quantity) for n, quantity in items
            ),
        )

    together = picked_together([box("a", (2, 1), (0, 3)), box("b", (0, 2))])
    assert [(item.title, item.quantity) for item in together] == [("good 0", 5), ("good 2", 1)]
