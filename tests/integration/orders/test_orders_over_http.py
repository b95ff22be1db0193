"""Orders and parcels as buyers and operators meet them over HTTP."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from temporalio.client import Client

from api.orders.live import changes
from hanse.settings import Settings
from models.fulfillment.types import ExceptionKind, ShipmentStatus
from models.orders.messages import NoteStep
from models.orders.types import Order, OrderStatus, TimelineEntry
from models.shared.ids import OrderId, ShipmentId
from models.users.types import Permission, Role
from tests.conftest import OpenDatabase
from tests.homes import HOME
from tests.integration.orders.shop import LATER, SHOP, Shop, opening, to
from tests.integration.products.catalogue import Catalogue, open_catalogue
from tests.integration.users.shop import Person, open_shop
from tests.integration.users.shop import Shop as AccountsShop

NOBODYS_ORDER = OrderId.derive(LATER, "nobody")


@dataclass
class Front:
    """The api with accounts, an empty catalogue and the stores behind it."""

    accounts: AccountsShop
    shop: Shop
    catalogue: Catalogue
    buyer: Person
    other: Person

    async def order(self, name: str = "order", *, paid: bool = False) -> Order:
        """An order of the buyer."""
        order = await self.shop.orders.open_once(opening(name, user_id=self.buyer.id))
        return await self.shop.orders.advance(to(order.order_id, OrderStatus.PAID)) if paid else order


@pytest.fixture
async def front(
    shop: Shop,
    database: OpenDatabase,
    redis_url: str,
    tmp_path: Path,
    api: FastAPI,
    settings: Settings,
    temporal_client: Client,
) -> AsyncIterator[Front]:
    ops = await database("ops")
    catalogue = await open_catalogue(await database("products"), tmp_path)
    async with open_shop(api, await database("users"), ops, redis_url, tmp_path) as accounts:
        services = api.state.services
        services.settings, services.temporal, services.products = settings, temporal_client, catalogue.products
        services.orders, services.fulfillment = shop.orders, shop.parcels
        yield Front(accounts, shop, catalogue, await accounts.customer(), await accounts.customer())


async def get(who: Person, path: str, **query: Any) -> Any:
    answer = await who.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("prefix", ["", "/v1"])
async def test_a_buyer_reads_an_order_by_the_paths_of_the_contract(front: Front, prefix: str) -> None:
    order = await front.order()
    answer = await front.buyer.http.get(f"{prefix}/orders/{order.order_id}")
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"1"'
    assert Order.model_validate_json(answer.content) == order


async def test_another_buyer_sees_nothing_of_an_order_by_any_route(front: Front) -> None:
    order = await front.order(paid=True)
    (parcel,) = await front.shop.handed_over_of(order)
    attempts = [
        ("GET", "/orders/{}", None),
        ("GET", "/v1/orders/{}", None),
        ("GET", "/v1/orders/{}/timeline", None),
        ("GET", "/v1/orders/{}/buy-again", None),
        ("GET", "/v1/orders/{}/invoice", None),
        ("GET", "/v1/orders/{}/events", None),
        ("GET", "/v1/orders/{}/shipments", None),
        ("PUT", "/v1/orders/{}/hidden", {"hidden": True}),
        ("PUT", "/v1/orders/{}/invoice", {"kind": "personal", "title": "Eve", "email": "eve@example.com"}),
        ("PUT", "/v1/orders/{}/address", {"address_id": "adr_" + "0" * 26}),
    ]
    for method, path, body in attempts:
        answers = [
            await front.other.http.request(method, path.format(order_id), json=body)
            for order_id in (order.order_id, NOBODYS_ORDER)
        ]
        assert [answer.status_code for answer in answers] == [404, 404], path
        foreign, unknown = [json.dumps(answer.json() | {"trace_id": None}) for answer in answers]
        assert foreign.replace(order.order_id, NOBODYS_ORDER) == unknown, f"{path} tells that the order exists"
    answer = await front.other.http.get(f"/v1/shipments/{parcel.shipment_id}")
    assert answer.status_code == 404
    assert order.order_id not in answer.text
    assert (await get(front.other, "/v1/orders"))["items"] == []


async def test_without_a_login_or_the_permission_nothing_is_shown(front: Front) -> None:
    order = await front.order()
    stranger = front.accounts.stranger()
    for path in (f"/orders/{order.order_id}", "/v1/orders", "/v1/operators/orders", "/v1/operators/shipments"):
        assert (await stranger.http.get(path)).status_code == 401, path
    for path in ("/v1/operators/orders", "/v1/operators/shipments", f"/v1/operators/orders/{order.order_id}/notes"):
        assert (await front.buyer.http.get(path)).status_code == 403, path


async def test_operators_see_personal_data_only_if_they_talk_to_buyers(front: Front) -> None:
    order = await front.order()
    shelf_role = Role(name="shelf", title="Shelf", permissions=frozenset({Permission.STOCK}), version=0)
    await front.accounts.users.roles.save(shelf_role, front.accounts.clock())
    service, shelf = await front.accounts.operator("service"), await front.accounts.operator("shelf")
    for path in (f"/orders/{order.order_id}", f"/v1/operators/orders?order_id={order.order_id}"):
        clear, masked = [(await who.http.get(path)).text for who in (service, shelf)]
        assert order.address.recipient in clear
        assert order.address.phone in clear
        for personal in (order.address.recipient, order.address.phone, order.note):
            assert personal not in masked, path
        assert order.address.city in masked


async def test_lists_come_in_pages_and_hidden_orders_leave_them(front: Front) -> None:
    first, second = await front.order("1"), await front.order("2")
    newest, oldest = sorted((first.order_id, second.order_id), reverse=True)
    page = await get(front.buyer, "/v1/orders", limit=1)
    assert [order["order_id"] for order in page["items"]] == [newest]
    following = await get(front.buyer, "/v1/orders", limit=1, cursor=page["next"])
    assert [order["order_id"] for order in following["items"]] == [oldest]
    assert following["next"] is None
    hidden = await front.buyer.http.put(f"/v1/orders/{newest}/hidden", json={"hidden": True})
    assert hidden.json()["hidden"] is True
    assert [order["order_id"] for order in (await get(front.buyer, "/v1/orders"))["items"]] == [oldest]


async def test_the_timeline_links_operators_to_temporal_and_keeps_names_in_the_house(front: Front) -> None:
    order = await front.order()
    operator = await front.accounts.operator("service")
    entry = TimelineEntry(at=LATER, step="price_adjusted", actor=f"operator:{operator.id}", detail="a bad customer")
    await front.shop.orders.note_step(NoteStep(order_id=order.order_id, entry=entry))
    path = f"/v1/orders/{order.order_id}/timeline"
    buyers, operators = await get(front.buyer, path), await get(operator, path)
    assert [(e["actor"], e["detail"], e["temporal_url"]) for e in buyers] == [
        ("buyer", "", None),
        ("operator", "", None),
    ]
    assert operators[0]["temporal_url"].endswith(f"/workflows/checkout%2F{order.order_id}")
    assert operators[1]["detail"] == "a bad customer"


async def test_buying_again_tells_what_is_no_longer_sold(front: Front) -> None:
    order = await front.order()
    again = await get(front.buyer, f"/v1/orders/{order.order_id}/buy-again")
    assert again == {"lines": [], "no_longer_sold": [line.sku_id for line in order.lines]}


async def test_invoice_data_is_the_buyers_to_set_and_the_services_to_read(front: Front) -> None:
    order = await front.order()
    path = f"/v1/orders/{order.order_id}/invoice"
    assert await get(front.buyer, path) is None
    invoice = {"kind": "company", "title": "Hanse", "tax_id": "91110108", "email": "tax@example.com"}
    assert (await front.buyer.http.put(path, json=invoice)).status_code == 204
    assert await get(front.buyer, path) == invoice
    wrong = await front.buyer.http.put(path, json=invoice | {"tax_id": ""})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "validation_failed")
    service = await front.accounts.operator("service")
    assert await get(service, f"/v1/operators{path.removeprefix('/v1')}") == invoice


async def test_notes_are_for_operators_and_leave_an_audit_trail(front: Front) -> None:
    order = await front.order()
    path = f"/v1/operators/orders/{order.order_id}/notes"
    service = await front.accounts.operator("service")
    written = await service.http.post(path, json={"text": " called, nobody there "})
    assert (written.status_code, written.json()["text"]) == (201, "called, nobody there")
    assert await get(service, path) == [written.json()]
    unknown = await service.http.post(f"/v1/operators/orders/{NOBODYS_ORDER}/notes", json={"text": "?"})
    assert unknown.status_code == 404
    assert (await service.http.post(path, json={"text": " "})).status_code == 422


async def test_a_buyer_sends_an_order_to_another_address_of_the_own_book_only(front: Front) -> None:
    order = await front.order(paid=True)
    path = f"/v1/orders/{order.order_id}/address"
    own, foreign = [
        (await who.http.post("/v1/addresses", json=HOME.model_dump())).json()["id"]
        for who in (front.buyer, front.other)
    ]
    assert (await front.buyer.http.put(path, json={"address_id": foreign})).status_code == 404
    changed = await front.buyer.http.put(path, json={"address_id": own})
    assert (changed.status_code, changed.json()["address"]["recipient"]) == (200, HOME.recipient)
    (parcel,) = await front.shop.handed_over_of(order)
    await front.shop.moved(parcel, ShipmentStatus.OUTBOUND)
    await front.shop.booked(parcel)
    late = await front.buyer.http.put(path, json={"address_id": own})
    assert late.status_code == 200, "the address it has already is no change"
    service = await front.accounts.operator("service")
    corrected = await service.http.put(
        f"/v1/operators/orders/{order.order_id}/address", json=HOME.model_dump() | {"line": "2"}
    )
    assert (corrected.status_code, corrected.json()["code"]) == (409, "order_already_shipped")


async def test_a_correction_is_told_to_the_parcel_that_waits_for_it(front: Front, temporal_client: Client) -> None:
    order = await front.order(paid=True)
    (parcel,) = await front.shop.handed_over_of(order)
    await front.shop.moved(parcel, ShipmentStatus.EXCEPTION, exception=ExceptionKind.ADDRESS_ERROR)
    saga = await temporal_client.start_workflow(
        "Fulfillment", id=f"fulfillment/{parcel.shipment_id}", task_queue=f"nobody-{parcel.shipment_id}"
    )
    service = await front.accounts.operator("service")
    path = f"/v1/operators/orders/{order.order_id}/address"
    answer = await service.http.put(path, json=HOME.model_dump())
    assert answer.status_code == 200, answer.text
    told = [
        event.workflow_execution_signaled_event_attributes.signal_name
        async for event in saga.fetch_history_events()
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    assert told == ["address_corrected"]


async def test_parcels_are_followed_by_their_buyer_and_found_by_the_warehouse(front: Front) -> None:
    order = await front.order(paid=True)
    (parcel,) = await front.shop.handed_over_of(order)
    own = await get(front.buyer, f"/v1/orders/{order.order_id}/shipments")
    assert own == [await get(front.buyer, f"/v1/shipments/{parcel.shipment_id}")]
    warehouse = await front.accounts.operator("warehouse")
    found = await get(warehouse, "/v1/operators/shipments", status="picking", warehouse_id=parcel.warehouse_id)
    assert [shipment["shipment_id"] for shipment in found["items"]] == [parcel.shipment_id]
    assert (await get(warehouse, "/v1/operators/shipments", status="exception"))["items"] == []
    unknown = ShipmentId.derive(LATER, "unknown")
    assert (await front.buyer.http.get(f"/v1/shipments/{unknown}")).status_code == 404


async def test_shipping_rates_are_set_listed_and_removed(front: Front) -> None:
    warehouse = await front.accounts.operator("warehouse")
    path = "/v1/operators/shipping-rates"
    rate = {
        "merchant_id": SHOP,
        "sku_id": None,
        "country": "CN",
        "postal_prefix": "100",
        "base": {"minor": 800, "currency": "CNY"},
        "per_unit": {"minor": 50, "currency": "CNY"},
    }
    assert (await warehouse.http.put(path, json=rate)).status_code == 204
    assert await get(warehouse, path, merchant_id=SHOP) == [rate]
    for wrong in ({"country": "China"}, {"base": {"minor": -1}}, {"base": {"minor": 1, "currency": "USD"}}):
        assert (await warehouse.http.put(path, json=rate | wrong)).status_code == 422, wrong
    gone = await warehouse.http.delete(path, params={"merchant_id": SHOP, "country": "CN", "postal_prefix": "100"})
    assert gone.status_code == 204
    assert await get(warehouse, path, merchant_id=SHOP) == []
    assert (await front.buyer.http.put(path, json=rate)).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/orders/nonsense",
        "/v1/orders?cursor=nonsense",
        "/v1/orders?limit=101",
        "/v1/orders?status=lost",
        "/v1/operators/orders?user_id=ord_1",
        "/v1/operators/orders?text=",
        "/v1/operators/orders?nonsense=1",
        "/v1/operators/shipments?exception=stolen",
    ],
)
async def test_what_is_malformed_is_refused_with_a_problem(front: Front, path: str) -> None:
    service = await front.accounts.operator("service")
    answer = await service.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_a_stream_tells_where_the_order_stands_and_then_every_change(front: Front) -> None:
    order = await front.order()
    stream = changes(front.shop.orders, order.order_id, 0, looks=4, every=0.01)
    assert await anext(stream) == "retry: 1000\n\n"
    first = await anext(stream)
    assert first.startswith("event: order\nid: 1\ndata: {")
    assert json.loads(first.split("data: ")[1])["status"] == "pending_payment"
    await front.shop.orders.advance(to(order.order_id, OrderStatus.PAID))
    second = await anext(stream)
    assert json.loads(second.split("data: ")[1])["status"] == "paid"
    assert order.address.recipient not in first + second
    assert [event async for event in stream] == [], "a stream ends after its last look"


async def test_a_stream_goes_on_after_the_last_event_that_was_seen(front: Front) -> None:
    order = await front.order()
    stream = changes(front.shop.orders, order.order_id, order.version, looks=2, every=0.01)
    assert [event async for event in stream] == ["retry: 1000\n\n"]
