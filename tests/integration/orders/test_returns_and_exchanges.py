"""More parcels than were planned: split in two, sent in exchange, on their way back; and what carriers say about all of them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.announcing import Announcer
from activities.fulfillment import FulfillmentActivities
from activities.reports import Reports
from activities.siblings import Siblings
from activities.tracking import TrackingActivities
from bus.publisher import Publisher
from channels.carrier.contract import TrackingPush
from hanse.settings import Settings
from hanse.temporal import connect
from models.fulfillment.errors import IllegalShipmentStep, ReturnUnderWay, ShipmentStopped, SplitInvalid
from models.fulfillment.messages import FulfillmentInput, OpenSplit, TrackingReport
from models.fulfillment.returning import BookReturn, CancelReturn, PlanExchange, SendExchange
from models.fulfillment.rules import reported
from models.fulfillment.types import Outbound, Shipment, ShipmentStatus, TrackingEvent, TrackingState
from models.fulfillment.watching import AskSilent, SignOffDelivered
from models.inventory.types import Allocation, WarehouseDetails
from models.orders.types import FulfillmentStatus, LineRequest
from models.shared.ids import AftersaleId, ShipmentId
from models.shared.refusals import NotFound
from stores.inventory import InventoryStore
from tests.carriers import CarriersAtHand, carriers_at_hand
from tests.conftest import OpenDatabase
from tests.integration.orders.shop import BUYER, HOUSE, LATER, OTHER_HOUSE, POT, SHOP, TEA, Shop, named

S, T = ShipmentStatus, TrackingState
AFTERSALE = AftersaleId.derive(LATER, "after-sale")
ONE_TEA = (LineRequest(sku_id=TEA.sku_id, quantity=1),)


@dataclass
class Desk:
    """The steps of fulfillment on real stores and real (sandbox) carriers, without workers."""

    shop: Shop
    parcels: FulfillmentActivities
    tracking: TrackingActivities
    reports: Reports
    carriers: CarriersAtHand
    temporal: Client

    async def signals(self, workflow_id: str) -> list[str]:
        """What a workflow was told so far; nothing when it was never started."""
        try:
            events = self.temporal.get_workflow_handle(workflow_id).fetch_history_events()
            return [
                event.workflow_execution_signaled_event_attributes.signal_name
                async for event in events
                if event.HasField("workflow_execution_signaled_event_attributes")
            ]
        except RPCError:
            return []

    async def listens(self, name: str, workflow_id: str) -> None:
        """A workflow that nobody works on: it keeps what it is told."""
        await self.temporal.start_workflow(name, id=workflow_id, task_queue="nobody works here")


@pytest.fixture
async def desk(
    shop: Shop, database: OpenDatabase, temporal: str, settings: Settings, tmp_path: Path
) -> AsyncIterator[Desk]:
    inventory = InventoryStore(await database("inventory"))
    for code, house in (("H", HOUSE), ("O", OTHER_HOUSE)):
        details = WarehouseDetails(code=code, merchant_id=SHOP, name="House", outbound="manual", city="Beijing")
        await inventory.add_warehouse(house, details, LATER)
    client = await connect(settings)
    siblings = Siblings(client)
    async with (
        carriers_at_hand(tmp_path) as carriers,
        Publisher("127.0.0.1:1", timeout_seconds=0.3) as nowhere,
    ):
        announcer, reports = Announcer(nowhere, patience=0.2), Reports(shop.parcels, siblings)
        yield Desk(
            shop,
            FulfillmentActivities(shop.parcels, inventory, carriers.all, siblings, announcer),
            TrackingActivities(shop.parcels, reports, carriers.all, siblings, lambda: LATER + timedelta(days=1)),
            reports,
            carriers,
            client,
        )


# ---- split in two ----------------------------------------------------------------------------------------------------


def split(parcel: Shipment, *items: LineRequest, name: str = "new") -> OpenSplit:
    start = FulfillmentInput(
        shipment_id=parcel.shipment_id,
        order_id=parcel.order_id,
        payment_id="pay_00000000000000000000000000",
        user_id=BUYER,
        items=parcel.items,
        outbound=Outbound.MANUAL,
    )
    new_id = ShipmentId.derive(parcel.created_at, parcel.shipment_id, name)
    return OpenSplit(
        shipment_id=parcel.shipment_id, new_id=new_id, items=items, start=start, at=LATER, actor="operator:1"
    )


async def test_a_parcel_becomes_two_and_the_order_waits_for_both(shop: Shop) -> None:
    (parcel,) = await shop.handed_over()
    wish = split(parcel, *ONE_TEA)
    new = await shop.parcels.split_once(wish)
    assert (await shop.parcels.split_once(wish)) == new
    kept = await shop.parcels.shipment(parcel.shipment_id)
    assert new.items == ONE_TEA
    assert {(item.sku_id, item.quantity) for item in kept.items} == {(TEA.sku_id, 1), (POT.sku_id, 1)}
    assert (new.merchant_id, new.warehouse_id, new.status) == (kept.merchant_id, kept.warehouse_id, S.PICKING)
    for one, waybill in ((kept, "W-kept"), (new, "W-new")):
        await shop.moved(one, S.OUTBOUND)
        await shop.booked(one, waybill=waybill)
        order = await shop.orders.order(parcel.order_id)
        expected = FulfillmentStatus.PART_SHIPPED if one is kept else FulfillmentStatus.SHIPPED
        assert order.fulfillment_status is expected
    assert await shop.breaks() == []


async def test_what_cannot_be_split_stays_one(shop: Shop) -> None:
    (parcel,) = await shop.handed_over()
    with pytest.raises(SplitInvalid):
        await shop.parcels.split_once(split(parcel, *parcel.items))
    await shop.moved(parcel, S.OUTBOUND)
    with pytest.raises(IllegalShipmentStep):
        await shop.parcels.split_once(split(parcel, *ONE_TEA))
    (other,) = await shop.handed_over("other")
    await shop.stop(other.order_id)
    with pytest.raises(ShipmentStopped):
        await shop.parcels.split_once(split(other, *ONE_TEA))


async def test_of_splits_and_calling_off_at_once_nothing_is_left_half_done(shop: Shop) -> None:
    for turn in range(4):
        (parcel,) = await shop.handed_over(f"order {turn}")
        await asyncio.gather(
            *(shop.parcels.split_once(split(parcel, *ONE_TEA, name=str(n))) for n in range(3)),
            shop.stop(parcel.order_id),
            return_exceptions=True,
        )
        all_of_them = await shop.parcels.shipments_of(parcel.order_id)
        assert {one.status for one in all_of_them} == {S.STOPPED}
        units = sum(item.quantity for one in all_of_them for item in one.items)
        assert units == sum(item.quantity for item in parcel.items)
    assert await shop.breaks() == []


async def test_a_split_tells_the_order_before_the_new_parcel_lives(desk: Desk) -> None:
    (parcel,) = await desk.shop.handed_over("told of the split")
    await desk.listens("Checkout", f"checkout/{parcel.order_id}")
    wish = split(parcel, *ONE_TEA)
    await desk.parcels.open_split(wish)
    assert await desk.signals(f"checkout/{parcel.order_id}") == ["parcel_split"]
    assert (await desk.temporal.get_workflow_handle(f"fulfillment/{wish.new_id}").describe()).id


# ---- sent in exchange ------------------------------------------------------------------------------------------------


def exchange(order_id: str, name: str) -> SendExchange:
    allocations = (
        Allocation(warehouse_id=HOUSE, merchant_id=SHOP, sku_id=TEA.sku_id, quantity=1),
        Allocation(warehouse_id=OTHER_HOUSE, merchant_id=SHOP, sku_id=POT.sku_id, quantity=1),
    )
    return SendExchange.model_validate(
        {
            "aftersale_id": AftersaleId.derive(LATER, name),
            "order_id": order_id,
            "at": LATER,
            "payment_id": "pay_00000000000000000000000000",
            "user_id": BUYER,
            "allocations": allocations,
        }
    )


async def test_an_exchange_is_sent_once_and_leaves_the_order_as_it_is(desk: Desk) -> None:
    shipped = await desk.shop.shipped("exchanged")
    await desk.shop.moved(shipped, S.SIGNED)
    send = exchange(shipped.order_id, "exchanged")
    plan = await desk.parcels.plan_exchange(
        PlanExchange(aftersale_id=send.aftersale_id, order_id=send.order_id, items=ONE_TEA)
    )
    assert plan.order_id != send.order_id
    assert plan.destination.city
    sent = await desk.parcels.send_exchange(send)
    assert sent == await desk.parcels.send_exchange(send)
    assert len(sent.shipment_ids) == 2
    order = await desk.shop.orders.order(shipped.order_id)
    assert order.fulfillment_status is FulfillmentStatus.DELIVERED
    assert await desk.shop.breaks() == []


# ---- on the way back -------------------------------------------------------------------------------------------------


async def test_a_return_is_booked_once_followed_and_called_off_in_time(desk: Desk) -> None:
    shipped = await desk.shop.shipped("returned")
    ask = BookReturn(aftersale_id=AFTERSALE, order_id=shipped.order_id, items=ONE_TEA, at=LATER)
    await desk.parcels.cancel_return(CancelReturn(aftersale_id=AFTERSALE, at=LATER))
    booked = (await desk.parcels.book_return(ask)).parcel
    assert booked == (await desk.parcels.book_return(ask)).parcel
    assert (booked.warehouse_id, booked.state, booked.carrier) == (shipped.warehouse_id, T.BOOKED, "sandbox")
    assert booked.pickup_at is not None
    await desk.listens("Aftersale", f"aftersale/{AFTERSALE}")
    for state, minutes in ((T.IN_TRANSIT, 20), (T.COLLECTED, 10), (T.IN_TRANSIT, 20)):
        push = TrackingPush(waybill=booked.waybill, report=told(state, minutes))
        assert await desk.reports.take_in("sandbox", push, LATER) == AFTERSALE
    known = await desk.shop.parcels.return_parcel(AFTERSALE)
    assert known is not None
    assert (known.state, [event.status for event in known.tracking]) == (T.IN_TRANSIT, ["collected", "in_transit"])
    assert await desk.signals(f"aftersale/{AFTERSALE}") == ["return_reported"] * 2
    await desk.carriers.moves(booked.waybill, "picked_up")
    with pytest.raises(ReturnUnderWay):
        await desk.parcels.cancel_return(CancelReturn(aftersale_id=AFTERSALE, at=LATER))


async def test_a_return_called_off_is_not_fetched(desk: Desk) -> None:
    shipped = await desk.shop.shipped("kept")
    mine = AftersaleId.derive(LATER, "kept")
    booked = (
        await desk.parcels.book_return(
            BookReturn(aftersale_id=mine, order_id=shipped.order_id, items=ONE_TEA, at=LATER)
        )
    ).parcel
    for _ in range(2):
        await desk.parcels.cancel_return(CancelReturn(aftersale_id=mine, at=LATER))
    known = await desk.shop.parcels.return_parcel(mine)
    assert known is not None
    assert (known.state, known.cancelled_at) == (T.CANCELLED, LATER)
    reports = await desk.carriers.quick.tracking(booked.waybill)
    assert [report.event.status for report in reports] == ["booked", "cancelled"]


# ---- what carriers say -----------------------------------------------------------------------------------------------


def told(state: TrackingState, minutes: int) -> TrackingReport:
    event = TrackingEvent(event_id=f"{state}-{minutes}", status=state, place="x", at=LATER + timedelta(minutes=minutes))
    return reported(state, event, LATER + timedelta(days=2))


async def test_sagas_hear_what_they_must_and_the_store_keeps_the_rest(desk: Desk) -> None:
    parcel = await desk.shop.shipped("followed")
    await desk.listens("Fulfillment", f"fulfillment/{parcel.shipment_id}")
    for state, minutes in ((T.DELIVERED, 40), (T.COLLECTED, 5), (T.IN_TRANSIT, 20), (T.COLLECTED, 5)):
        push = TrackingPush(waybill="W-followed", report=told(state, minutes))
        assert await desk.reports.take_in("sandbox", push, LATER) == parcel.shipment_id
    known = await desk.shop.parcels.shipment(parcel.shipment_id)
    assert [event.status for event in known.tracking] == ["collected", "in_transit", "delivered"]
    assert (known.status, known.delivered_at) == (S.DELIVERED, LATER + timedelta(minutes=40))
    assert known.estimated_at == LATER + timedelta(days=2)
    assert await desk.signals(f"fulfillment/{parcel.shipment_id}") == []
    signed = TrackingPush(waybill="W-followed", report=told(T.SIGNED, 50))
    await desk.reports.take_in("sandbox", signed, LATER)
    assert await desk.signals(f"fulfillment/{parcel.shipment_id}") == ["tracking_reported"]
    with pytest.raises(NotFound):
        await desk.reports.take_in("sandbox", TrackingPush(waybill="SBX1", report=told(T.LOST, 1)), LATER)


async def test_whoever_follows_an_order_hears_of_every_report_once(shop: Shop) -> None:
    parcel = await shop.shipped("followed live")
    news = [await shop.orders.news_of(parcel.order_id)]
    for state, minutes in ((T.COLLECTED, 5), (T.COLLECTED, 5), (T.DELIVERED, 9)):
        await shop.parcels.add_tracking(parcel.shipment_id, told(state, minutes))
        news.append(await shop.orders.news_of(parcel.order_id))
    assert news[0] < news[1] == news[2] < news[3]


async def test_a_report_about_a_packing_that_is_gone_leads_nowhere(desk: Desk) -> None:
    parcel = await desk.shop.shipped("packed anew")
    await desk.shop.parcels.add_tracking(parcel.shipment_id, told(T.LOST, 5))
    await desk.shop.moved(parcel, S.PICKING)
    late = TrackingPush(waybill="W-packed anew", report=told(T.SIGNED, 9))
    assert await desk.reports.take_in("sandbox", late, LATER) is None
    assert (await desk.shop.parcels.shipment(parcel.shipment_id)).status is S.PICKING


async def test_carriers_that_are_silent_are_asked_and_what_they_say_counts_as_pushed(desk: Desk) -> None:
    (parcel,) = await desk.shop.handed_over("unheard of")
    await desk.shop.moved(parcel, S.OUTBOUND)
    sent = await desk.shop.parcels.parcel_to_send(parcel.shipment_id)
    number = (await desk.carriers.quick.book_waybill(sent)).number
    await desk.shop.booked(parcel, waybill=number)
    for code, minutes in (("picked_up", 10), ("delivered", 30)):
        await desk.carriers.moves(number, code, at=(LATER + timedelta(minutes=minutes)).isoformat())
    silent = AskSilent(silent_since=LATER + timedelta(hours=18))
    asked = await desk.tracking.ask_silent(silent)
    assert (asked.asked, asked.news, asked.silent, asked.more) == (1, 3, 0, False)
    assert (await desk.shop.parcels.shipment(parcel.shipment_id)).status is S.DELIVERED
    assert (await desk.tracking.ask_silent(silent)).asked == 0, "it was heard of a moment ago"
    await desk.carriers.faults({"fault": "unavailable"})
    again = await desk.tracking.ask_silent(AskSilent(silent_since=LATER + timedelta(days=2)))
    assert (again.asked, again.silent, again.news) == (1, 1, 0)


async def test_who_was_delivered_long_ago_is_told_and_others_are_not(desk: Desk) -> None:
    long_ago, lately = [await desk.shop.shipped(name) for name in ("long ago", "lately")]
    for parcel, minutes in ((long_ago, 10), (lately, 60)):
        await desk.listens("Fulfillment", f"fulfillment/{parcel.shipment_id}")
        await desk.shop.parcels.add_tracking(parcel.shipment_id, told(T.DELIVERED, minutes))
    ask = SignOffDelivered(delivered_before=LATER + timedelta(minutes=30), at=LATER + timedelta(days=8))
    assert (await desk.tracking.sign_off_delivered(ask)).parcels == 1
    assert await desk.signals(f"fulfillment/{long_ago.shipment_id}") == ["silence_taken_for_yes"]
    assert await desk.signals(f"fulfillment/{lately.shipment_id}") == []


async def test_a_picking_list_is_everything_together_and_box_by_box(shop: Shop) -> None:
    first, second = [(await shop.handed_over(name))[0] for name in ("one", "two")]
    gone = (await shop.handed_over("gone"))[0]
    await shop.moved(gone, S.OUTBOUND)
    wanted = await shop.parcels.picking_list(HOUSE, 10)
    assert [box.shipment_id for box in wanted.parcels] == sorted([first.shipment_id, second.shipment_id])
    assert {(item.sku_id, item.quantity) for item in wanted.together} == {(TEA.sku_id, 4), (POT.sku_id, 2)}
    assert all(item.title for item in wanted.together)
    assert wanted.parcels[0].note == "ring twice"
    assert (await shop.parcels.picking_list(named(type(HOUSE), "nowhere"), 10)).parcels == ()
