"""The activities of orders and fulfillment, on real stores, with a real Kafka and a real Temporal, and with Kafka away."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from temporalio.client import Client
from temporalio.service import RPCError

from activities.announcing import Announcer
from activities.fulfillment import FulfillmentActivities
from activities.orders import OrderActivities
from activities.siblings import Siblings
from bus.publisher import Publisher
from channels.carrier.errors import CarrierUnknown
from channels.carrier.sandbox.depot import waybill_of
from hanse.settings import Settings
from hanse.temporal import connect
from models.fulfillment.events import ShipmentException, ShipmentShipped, ShipmentSigned
from models.fulfillment.messages import (
    AdvanceShipment,
    BookWaybill,
    FinishShipment,
    FulfillmentInput,
    StopShipments,
    TrackShipment,
)
from models.fulfillment.types import ExceptionKind, Outbound, Shipment, ShipmentStatus
from models.inventory.types import WarehouseDetails
from models.ops.errors import BuyerBlocked
from models.ops.lists import ListKind, ListSubject, NewEntry
from models.orders.errors import AddressNotFound, OrderConflict, OrderNotPaid, SkuUnpublished, UnknownSku
from models.orders.events import OrderCancelled, OrderCompleted, OrderCreated, OrderPaid, ReviewInvited
from models.orders.messages import Basket, DropReturn, OrderRef, ParcelEnd, QuoteBasket, TakeReturn
from models.orders.types import CancelReason, LineRequest, OrderStatus
from models.points.events import PointsChanged
from models.shared import Money
from models.shared.done import Done
from models.shared.ids import AddressId, ListEntryId, RefundId, ShipmentId, SkuId, UserId
from models.shared.refusals import InvalidRequest
from models.users.rules import parse_contact
from stores.inventory import InventoryStore
from stores.lists import ListStore
from stores.points import PointsStore
from stores.users import UsersStore
from tests.carriers import carriers_at_hand
from tests.conftest import OpenDatabase
from tests.homes import HOME
from tests.integration.orders.shop import BUYER, HOUSE, LATER, SHOP, Shop, hand_over, named, opening, report, to
from tests.integration.pricing import pricing_on
from tests.integration.products.catalogue import Catalogue, open_catalogue
from tests.unit.orders.baskets import rate
from workflows.fulfillment import Fulfillment

S = ShipmentStatus


@dataclass
class Steps:
    """What a worker would have, without the worker."""

    shop: Shop
    orders: OrderActivities
    parcels: FulfillmentActivities
    catalogue: Catalogue
    users: UsersStore
    temporal: Client
    lists: ListStore


@pytest.fixture
async def steps(
    shop: Shop, database: OpenDatabase, redis_url: str, tmp_path: Path, temporal: str, settings: Settings
) -> AsyncIterator[Steps]:
    """Kafka is away here: what happens must come back as unannounced."""
    catalogue = await open_catalogue(await database("products"), tmp_path)
    inventory = InventoryStore(await database("inventory"))
    details = WarehouseDetails(code="H", merchant_id=SHOP, name="House", outbound="automatic")
    await inventory.add_warehouse(HOUSE, details, LATER)
    client, promotions = await connect(settings), await database("promotions")
    lists = ListStore(await database("ops"), b"a key")
    redis, day = Redis.from_url(redis_url), timedelta(days=1)
    users = UsersStore.on(await database("users"), redis, access_token_lifetime=day, session_lifetime=day)
    async with (
        carriers_at_hand(tmp_path) as carriers,
        Publisher("127.0.0.1:1", timeout_seconds=0.3) as nowhere,
    ):
        announcer = Announcer(nowhere, patience=0.2)
        yield Steps(
            shop=shop,
            orders=OrderActivities(
                shop.orders,
                pricing_on(promotions, catalogue.products, shop.parcels),
                users.addresses,
                lists,
                PointsStore(promotions),
                announcer,
                lambda: LATER + timedelta(days=30),
            ),
            parcels=FulfillmentActivities(shop.parcels, inventory, carriers.all, Siblings(client), announcer),
            catalogue=catalogue,
            users=users,
            temporal=client,
            lists=lists,
        )
    await redis.aclose()


async def a_buyer_with_an_address(steps: Steps, name: str = "li") -> tuple[UserId, AddressId]:
    user_id, address_id = named(UserId, name), named(AddressId, name)
    contact = parse_contact(f"{name}@example.com")
    await steps.users.roles.ensure_operator(user_id, contact, "no hash", name, [], LATER)
    await steps.users.addresses.add(address_id, user_id, HOME, default=True, now=LATER)
    return user_id, address_id


def ask(user_id: UserId, address_id: AddressId, sku_id: SkuId, quantity: int = 2) -> QuoteBasket:
    lines = (LineRequest(sku_id=sku_id, quantity=quantity),)
    return QuoteBasket(order_id=opening().order_id, user_id=user_id, basket=Basket(lines=lines, address_id=address_id))


async def test_a_basket_is_quoted_from_catalogue_address_book_and_shipping_rates(steps: Steps) -> None:
    product = await steps.catalogue.on_sale()
    user_id, address_id = await a_buyer_with_an_address(steps)
    await steps.shop.parcels.put_rate(rate(800, 100, merchant=product.merchant_id, prefix="2000"))
    quoted = await steps.orders.quote_basket(ask(user_id, address_id, product.skus[0].sku_id))
    assert (quoted.quote.goods, quoted.quote.shipping) == (Money(minor=39800), Money(minor=1000))
    assert quoted.address.model_dump() == HOME.model_dump()


async def test_a_foreign_or_missing_address_is_refused_alike(steps: Steps) -> None:
    user_id, _ = await a_buyer_with_an_address(steps)
    _, foreign = await a_buyer_with_an_address(steps, "han")
    for address_id in (foreign, named(AddressId, "nowhere")):
        with pytest.raises(AddressNotFound):
            await steps.orders.quote_basket(ask(user_id, address_id, named(SkuId, "any")))


async def test_what_the_catalogue_does_not_sell_is_refused(steps: Steps) -> None:
    user_id, address_id = await a_buyer_with_an_address(steps)
    with pytest.raises(UnknownSku):
        await steps.orders.quote_basket(ask(user_id, address_id, named(SkuId, "unknown")))
    unpublished = await steps.catalogue.sku(await steps.catalogue.product(), "m", Size="M")
    await steps.catalogue.price(unpublished, Money(minor=100))
    with pytest.raises(SkuUnpublished):
        await steps.orders.quote_basket(ask(user_id, address_id, unpublished.skus[0].sku_id))


async def test_every_change_of_an_order_comes_back_unannounced_while_kafka_is_away(steps: Steps) -> None:
    asked = opening(secrets.token_hex(8))  # Temporal is shared, and its parcel starts there
    opened = await steps.orders.open_order(asked)
    handing = hand_over(await steps.shop.orders.order(asked.order_id))
    paid = await steps.parcels.hand_over(handing)
    again = await steps.parcels.hand_over(handing.model_copy(update={"at": LATER + timedelta(hours=1)}))
    completed = await steps.orders.advance_order(to(asked.order_id, OrderStatus.COMPLETED))
    told = [event for done in (opened, paid, completed) for event in done.unannounced]
    assert [type(event) for event in told] == [OrderCreated, OrderPaid, OrderCompleted, ReviewInvited, PointsChanged]
    assert again == paid, "a repeated step tells the same fact under the same id"
    assert Done.model_validate_json(opened.model_dump_json()) == opened, "it keeps its type through Temporal"


async def test_an_order_that_is_not_paid_in_time_is_told_as_such(steps: Steps) -> None:
    asked = opening()
    await steps.orders.open_order(asked)
    late = to(asked.order_id, OrderStatus.CANCELLED, CancelReason.PAYMENT_TIMEOUT)
    (event,) = (await steps.orders.advance_order(late)).unannounced
    assert isinstance(event, OrderCancelled)
    assert event.reason is CancelReason.PAYMENT_TIMEOUT


async def test_the_undo_of_opening_says_that_the_order_was_refused(steps: Steps) -> None:
    asked = opening()
    assert (await steps.orders.discard_order(OrderRef(order_id=opening("never").order_id))).unannounced == ()
    await steps.orders.open_order(asked)
    for _ in range(2):
        (event,) = (await steps.orders.discard_order(OrderRef(order_id=asked.order_id))).unannounced
        assert isinstance(event, OrderCancelled)
        assert event.reason is CancelReason.REFUSED


async def test_a_completed_order_earns_its_buyer_points_on_what_was_paid_once(steps: Steps) -> None:
    asked = opening()
    await steps.orders.open_order(asked)
    await steps.orders.advance_order(to(asked.order_id, OrderStatus.PAID))
    for _ in range(2):
        done = await steps.orders.advance_order(to(asked.order_id, OrderStatus.COMPLETED))
        [earned] = [event for event in done.unannounced if isinstance(event, PointsChanged)]
        assert earned.delta == asked.quote.total.minor // 100


async def test_units_go_back_for_what_was_paid_and_the_same_refund_is_answered_alike(steps: Steps) -> None:
    asked = opening()
    await steps.orders.open_order(asked)
    await steps.orders.advance_order(to(asked.order_id, OrderStatus.PAID))
    line = asked.quote.lines[0]
    take = TakeReturn(
        order_id=asked.order_id,
        refund_id=named(RefundId, "first"),
        lines=(LineRequest(sku_id=line.sku_id, quantity=1),),
        at=LATER,
    )
    first = await steps.orders.take_return(take)
    assert first.amount == Money(minor=1000)
    assert await steps.orders.take_return(take) == first
    with pytest.raises(OrderConflict):
        await steps.orders.take_return(
            take.model_copy(update={"lines": (LineRequest(sku_id=line.sku_id, quantity=2),)})
        )


async def test_of_many_returns_at_once_no_unit_goes_back_twice(steps: Steps) -> None:
    asked = opening()
    await steps.orders.open_order(asked)
    await steps.orders.advance_order(to(asked.order_id, OrderStatus.PAID))
    line = asked.quote.lines[0]

    async def take(number: int) -> int:
        ask = TakeReturn(
            order_id=asked.order_id,
            refund_id=named(RefundId, str(number)),
            lines=(LineRequest(sku_id=line.sku_id, quantity=1),),
            at=LATER,
        )
        try:
            return (await steps.orders.take_return(ask)).amount.minor
        except InvalidRequest:
            return 0

    amounts = await asyncio.gather(*[take(number) for number in range(line.quantity + 10)])
    assert sorted(amount > 0 for amount in amounts) == [False] * 10 + [True] * line.quantity
    assert sum(amounts) == line.total.minor


async def test_a_return_that_did_not_come_to_pass_can_be_taken_again(steps: Steps) -> None:
    asked = opening()
    await steps.orders.open_order(asked)
    line = asked.quote.lines[0]
    take = TakeReturn(
        order_id=asked.order_id,
        refund_id=named(RefundId, "first"),
        lines=(LineRequest(sku_id=line.sku_id, quantity=line.quantity),),
        at=LATER,
    )
    with pytest.raises(OrderNotPaid):
        await steps.orders.take_return(take)
    await steps.orders.advance_order(to(asked.order_id, OrderStatus.PAID))
    await steps.orders.take_return(take)
    drop = DropReturn(order_id=asked.order_id, refund_id=take.refund_id)
    for _ in range(2):
        await steps.orders.drop_return(drop)
    again = take.model_copy(update={"refund_id": named(RefundId, "second")})
    assert (await steps.orders.take_return(again)).amount == line.total


async def test_who_is_on_a_black_list_gets_no_quote_and_hears_no_reason(steps: Steps) -> None:
    user_id, address_id = await a_buyer_with_an_address(steps)
    product = await steps.catalogue.on_sale()
    entry = NewEntry(
        kind=ListKind.BLACK, subject=ListSubject.PHONE, value=HOME.phone, reason="chargebacks", starts_at=LATER
    )
    await steps.lists.add(named(ListEntryId, "one"), entry, user_id, LATER)
    with pytest.raises(BuyerBlocked) as refused:
        await steps.orders.quote_basket(ask(user_id, address_id, product.skus[0].sku_id))
    assert "phone" not in refused.value.detail.lower()


async def handed_over(steps: Steps) -> Shipment:
    order = await steps.shop.paid(secrets.token_hex(8))
    for _ in range(2):
        await steps.parcels.hand_over(hand_over(order))
    (parcel,) = await steps.shop.parcels.shipments_of(order.order_id)
    return parcel


async def signals(steps: Steps, shipment_id: ShipmentId) -> list[str]:
    saga = steps.temporal.get_workflow_handle(f"fulfillment/{shipment_id}")
    return [
        event.workflow_execution_signaled_event_attributes.signal_name
        async for event in saga.fetch_history_events()
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]


async def test_hand_over_starts_one_saga_for_each_parcel_however_often_it_is_repeated(steps: Steps) -> None:
    parcel = await handed_over(steps)
    saga = steps.temporal.get_workflow_handle_for(Fulfillment.run, f"fulfillment/{parcel.shipment_id}")
    first = (await saga.fetch_history()).events[0].workflow_execution_started_event_attributes
    (start,) = await steps.temporal.data_converter.decode(list(first.input.payloads), [FulfillmentInput])
    assert (start.items, start.outbound, start.carriers) == (
        parcel.items,
        Outbound.AUTOMATIC,
        ("sandbox", "sandbox_relay"),
    )


async def test_stopping_tells_the_sagas_of_the_parcels(steps: Steps) -> None:
    parcel = await handed_over(steps)
    await steps.parcels.stop_shipments(StopShipments(order_id=parcel.order_id, at=LATER, actor="buyer"))
    assert await signals(steps, parcel.shipment_id) == ["order_stopped"]


async def test_an_order_that_is_over_starts_no_saga(steps: Steps) -> None:
    order = await steps.shop.orders.open_once(opening(secrets.token_hex(8)))
    await steps.shop.orders.advance(to(order.order_id, OrderStatus.CANCELLED, CancelReason.BY_USER))
    with pytest.raises(Exception, match="nothing to pack"):
        await steps.parcels.hand_over(hand_over(order))
    with pytest.raises(RPCError, match="not found"):
        await signals(steps, order.parcels[0].shipment_id)


def step(parcel: Shipment, status: S) -> AdvanceShipment:
    return AdvanceShipment(
        shipment_id=parcel.shipment_id, order_id=parcel.order_id, to=status, at=LATER, actor="operator"
    )


async def test_a_booked_parcel_is_shipped_once_under_the_carriers_number(steps: Steps) -> None:
    parcel = await handed_over(steps)
    assert (await steps.parcels.advance_shipment(step(parcel, S.OUTBOUND))).unannounced == ()
    booking = BookWaybill(shipment_id=parcel.shipment_id, order_id=parcel.order_id, carrier="sandbox", at=LATER)
    bound = await steps.parcels.book_waybill(booking)
    assert bound.waybill == waybill_of("sandbox", f"{parcel.shipment_id}/1")
    assert await steps.parcels.book_waybill(booking) == bound
    (event,) = bound.unannounced
    assert isinstance(event, ShipmentShipped)
    with pytest.raises(CarrierUnknown):
        await steps.parcels.book_waybill(booking.model_copy(update={"carrier": "pigeon"}))


async def test_reports_and_the_end_of_a_parcel_are_told(steps: Steps) -> None:
    parcel = await steps.shop.shipped()
    delivered = TrackShipment(shipment_id=parcel.shipment_id, report=report(S.DELIVERED, 5))
    damaged = TrackShipment(
        shipment_id=parcel.shipment_id, report=report(S.EXCEPTION, 6, exception=ExceptionKind.DAMAGED)
    )
    assert (await steps.parcels.track_shipment(delivered)).moved
    told = await steps.parcels.track_shipment(damaged)
    assert (told.status, [type(event) for event in told.unannounced]) == (S.EXCEPTION, [ShipmentException])
    again = await steps.parcels.track_shipment(damaged)  # Temporal had not heard the first answer
    assert (again.moved, again.unannounced) == (True, told.unannounced)
    done = await steps.parcels.finish_shipment(FinishShipment(step=step(parcel, S.SIGNED), end=ParcelEnd.SIGNED))
    assert [type(event) for event in done.unannounced] == [ShipmentSigned]


async def test_with_kafka_there_nothing_stays_unannounced(kafka_bootstrap: str) -> None:
    created = OrderCreated(
        occurred_at=LATER, order_id=opening().order_id, user_id=BUYER, total=Money(minor=1), lines=()
    )
    async with Publisher(kafka_bootstrap) as publisher:
        announcer = Announcer(publisher, patience=10)
        assert await announcer.announce(created) == ()
        assert await announcer.announce() == ()


async def test_after_a_failure_kafka_is_left_alone_for_a_while() -> None:
    created = OrderCreated(
        occurred_at=LATER, order_id=opening().order_id, user_id=BUYER, total=Money(minor=1), lines=()
    )
    callers: list[asyncio.StreamWriter] = []

    async def accept_and_say_nothing(_: asyncio.StreamReader, caller: asyncio.StreamWriter) -> None:
        callers.append(caller)

    silent = await asyncio.start_server(accept_and_say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    async with silent, Publisher(f"127.0.0.1:{port}", timeout_seconds=5) as publisher:
        announcer = Announcer(publisher, patience=0.3, pause=60)
        assert await announcer.announce(created) == (created,)
        asked = len(callers)
        assert asked >= 1
        for _ in range(3):
            assert await announcer.announce(created) == (created,)
        assert len(callers) == asked
        for caller in callers:
            caller.close()
