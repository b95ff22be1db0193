"""Reviews as buyers, readers and operators meet them over HTTP."""

import io
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from PIL import Image
from temporalio.worker import Worker

from activities.announcing import Announcer
from activities.refusals import RefusalInterceptor
from activities.reviews import ReviewActivities
from api.showcase.shelf import Shelf
from hanse.blobs import LocalBlobs
from hanse.caching import ReadThrough
from hanse.settings import Settings
from hanse.temporal import connect
from models.fulfillment.types import ShipmentStatus
from models.orders.types import Order, OrderStatus
from models.reviews.types import Verdict
from stores.idempotency import IdempotencyStore
from stores.inventory import InventoryStore
from stores.products import CatalogueCopies, ProductStore, TaxonomyStore
from stores.reviews import ReviewPictures
from tests.conftest import OpenDatabase
from tests.integration.inventory.over_http import Listener
from tests.integration.orders.shop import Shop as OrdersShop
from tests.integration.orders.shop import opening, to
from tests.integration.reviews.desk import Desk
from tests.integration.users.shop import Person, Shop, open_shop
from workers.sandbox import runner
from workflows.options import TaskQueue
from workflows.review_change import ReviewChange


@dataclass
class Front:
    """The api with accounts, orders and reviews."""

    shop: Shop
    orders: OrdersShop
    desk: Desk
    listener: Listener

    async def order(self, buyer: Person, name: str = "order", *, signed: bool = True) -> Order:
        """A paid order whose only parcel is on its way, or signed for."""
        order = await self.orders.orders.open_once(opening(name, user_id=buyer.id))
        await self.orders.orders.advance(to(order.order_id, OrderStatus.PAID))
        (parcel,) = await self.orders.handed_over_of(order)
        parcel = await self.orders.moved(parcel, ShipmentStatus.OUTBOUND)
        parcel = await self.orders.booked(parcel, waybill=f"W-{name}")
        if signed:
            await self.orders.moved(parcel, ShipmentStatus.SIGNED)
        return order

    async def reviewed(self, buyer: Person, order: Order, line_no: int = 1, key: str = "", **said: Any) -> Any:
        body = {"stars": 5, "text": "很好 very good"} | said
        return await post(buyer, f"/v1/orders/{order.order_id}/lines/{line_no}/review", body, key=key)


async def post(who: Person, path: str, body: Any = None, *, key: str = "", version: int | None = None) -> Any:
    headers = {"idempotency-key": key or secrets.token_hex(8)}
    if version is not None:
        headers["if-match"] = f'"{version}"'
    return await who.http.post(path, json=body, headers=headers)


def path_of(order: Order, review_id: str = "") -> str:
    return f"/v1/products/{order.lines[0].spu_id}/reviews" + (f"/{review_id}" if review_id else "")


@pytest.fixture
async def front(
    desk: Desk, database: OpenDatabase, redis_url: str, temporal: str, settings: Settings, tmp_path: Path, api: FastAPI
) -> AsyncIterator[Front]:
    ops, listener, client = await database("ops"), Listener(), await connect(settings)
    orders = OrdersShop(await database("orders"))
    steps = ReviewActivities(desk.store, Announcer(listener))
    async with AsyncExitStack() as stack:
        for queue, workflows in ((TaskQueue.CHECKOUT, [ReviewChange]), (TaskQueue.REVIEWS, [])):
            worker = Worker(
                client,
                task_queue=queue,
                workflows=workflows,
                activities=[steps.change_review],
                workflow_runner=runner(),
                interceptors=[RefusalInterceptor()],
            )
            await stack.enter_async_context(worker)
        shop = await stack.enter_async_context(open_shop(api, await database("users"), ops, redis_url, tmp_path))
        services = api.state.services
        services.reviews, services.words, services.temporal = desk.store, desk.words, client
        services.orders, services.fulfillment = orders.orders, orders.parcels
        services.review_pictures = ReviewPictures(desk.db, LocalBlobs(tmp_path / "media"))
        services.idempotency = IdempotencyStore(ops)
        products, copies = await database("products"), CatalogueCopies(ReadThrough(services.redis))
        taxonomy, inventory = TaxonomyStore(products), InventoryStore(await database("inventory"))
        services.shelf = Shelf(ProductStore(products), taxonomy, inventory, copies, shop.clock)
        yield Front(shop, orders, desk, listener)


async def test_who_bought_it_reviews_it_once_it_was_signed_for(front: Front) -> None:
    anna, eve = await front.shop.customer(), await front.shop.customer()
    waiting = await front.order(anna, "waiting", signed=False)
    early = await front.reviewed(anna, waiting)
    assert (early.status_code, early.json()["code"]) == (409, "not_yet_reviewable")
    order = await front.order(anna)
    lines = (await anna.http.get(f"/v1/orders/{order.order_id}/reviews")).json()
    assert [(line["line_no"], line["reviewable"]) for line in lines] == [(1, True), (2, True)]
    assert (await front.reviewed(eve, order)).status_code == 404
    first, again = [await front.reviewed(anna, order, key="one") for _ in range(2)]
    assert (first.status_code, first.json()["main"]["state"]) == (201, "published")
    assert first.json() == again.json()
    stars_alone = await post(anna, f"/v1/orders/{order.order_id}/lines/2/review", {"stars": 2})
    assert (stars_alone.status_code, stars_alone.json()["main"]["state"]) == (201, "published")
    assert (await post(anna, f"/v1/reviews/{first.json()['review_id']}/follow-up", {"text": ""})).status_code == 422
    second = await front.reviewed(anna, order)
    assert (second.status_code, second.json()["code"]) == (409, "already_reviewed")
    assert (await front.reviewed(anna, order, 7)).status_code == 404
    assert [event.type for event in front.listener.heard] == ["hanse.reviews.review_published.v1"] * 2


async def test_everyone_reads_it_without_learning_who_wrote_it(front: Front) -> None:
    anna, reader = await front.shop.customer(), await front.shop.customer()
    order = await front.order(anna)
    written = (await front.reviewed(anna, order, stars=4)).json()
    shown = await front.shop.stranger().http.get(path_of(order))
    (review,) = shown.json()["items"]
    assert (review["author"], review["stars"], review["own"]) == ("A***a", 4, False)
    assert anna.id not in shown.text
    assert order.order_id not in shown.text
    summary = (await reader.http.get(f"{path_of(order)}/summary")).json()
    assert (summary["count"], summary["average"], summary["by_stars"]) == (1, 4.0, [0, 0, 0, 1, 0])
    path = f"{path_of(order, written['review_id'])}/useful"
    for _ in range(2):
        assert (await reader.http.put(path)).json() == {"useful": 1, "found_useful": True}
    assert (await anna.http.put(path)).json()["code"] == "own_review"
    assert (await reader.http.delete(path)).json()["useful"] == 0
    assert (await reader.http.get(path_of(order), params={"stars": [1, 2]})).json()["items"] == []
    assert (await reader.http.get(path_of(order), params={"cursor": "nonsense"})).status_code == 422


async def test_pictures_are_what_their_bytes_are_and_belong_to_who_uploaded_them(front: Front) -> None:
    anna, eve = await front.shop.customer(), await front.shop.customer()
    order = await front.order(anna)
    content = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(content, "JPEG", exif=b"Exif\x00\x00secret place")
    sent = await anna.http.post("/v1/reviews/pictures", files={"file": ("program.exe", content.getvalue())})
    assert sent.status_code == 201, sent.text
    renamed = await anna.http.post("/v1/reviews/pictures", files={"file": ("a.jpg", b"MZ\x90" + bytes(500))})
    assert (renamed.status_code, renamed.json()["code"]) == (422, "review_picture_refused")
    mine = [sent.json()["name"]]
    stolen = await front.reviewed(eve, await front.order(eve, "hers"), pictures=mine)
    assert (stolen.status_code, stolen.json()["code"]) == (422, "review_picture_unknown")
    assert (await front.reviewed(anna, order, pictures=mine)).status_code == 201
    (shown,) = (await eve.http.get(path_of(order), params={"with_pictures": "true"})).json()["items"]
    assert shown["main"]["pictures"] == [sent.json()["url"]]


async def test_what_the_list_holds_is_decided_by_an_operator_with_a_trail(front: Front) -> None:
    anna, service = await front.shop.customer(), await front.shop.operator("service")
    await front.desk.word("加微信", Verdict.HOLD)
    order = await front.order(anna)
    held = (await front.reviewed(anna, order, text="加 微 信")).json()
    assert (await front.shop.stranger().http.get(path_of(order))).json()["items"] == []
    assert (await anna.http.get("/v1/operators/reviews")).status_code == 403
    (waiting,) = (await service.http.get("/v1/operators/reviews", params={"held_for": "words"})).json()["items"]
    assert waiting["main"]["findings"][0]["word"] == "加微信"
    path = f"/v1/operators/reviews/{held['review_id']}/decisions"
    word = {"part": "main", "publish": False, "why": "an advertisement"}
    assert (await post(service, path, word)).status_code == 428
    assert (await post(service, path, word, version=7)).status_code == 412
    assert (await post(service, path, word, version=1)).json()["main"]["state"] == "rejected"
    own = (await anna.http.get(f"/v1/reviews/{held['review_id']}")).json()
    assert (own["main"]["state"], own["main"]["decided_why"]) == ("rejected", "an advertisement")
    appeal = await post(anna, f"/v1/reviews/{held['review_id']}/appeal", {"why": "I only quote"})
    assert appeal.json()["main"]["held_for"] == "appeal"
    published = await post(service, path, word | {"publish": True}, version=appeal.json()["version"])
    assert published.json()["main"]["state"] == "published"
    trail = await front.shop.audit_log.page(operator_id=service.id, subject=held["review_id"], before=None, limit=10)
    assert {entry.note.action for entry in trail} == {"reviews.decide"}


async def test_a_review_is_its_authors_to_change_and_nobody_elses(front: Front) -> None:
    anna, eve = await front.shop.customer(), await front.shop.customer()
    review = (await front.reviewed(anna, await front.order(anna))).json()
    path = f"/v1/reviews/{review['review_id']}"
    edit = {"stars": 1, "text": "broke"}
    for answer in (
        await eve.http.get(path),
        await eve.http.put(path, json=edit, headers={"if-match": '"1"'}),
        await eve.http.delete(path),
        await post(eve, f"{path}/follow-up", {"text": "x"}),
        await post(eve, f"{path}/appeal", {"why": "x"}),
    ):
        assert answer.status_code == 404, answer.text
    assert (await anna.http.put(path, json=edit, headers={"if-match": '"1"'})).json()["stars"] == 1
    assert (await post(anna, f"{path}/follow-up", {"text": "mended by now"})).json()["follow_up"][
        "text"
    ] == "mended by now"
    assert (await anna.http.delete(path)).status_code == 204
    assert [each["main"]["state"] for each in (await anna.http.get("/v1/reviews")).json()["items"]] == ["removed"]


async def test_operators_edit_the_list_of_words_live(front: Front) -> None:
    anna, service = await front.shop.customer(), await front.shop.operator("service")
    words = "/v1/operators/moderation-words"
    added = await post(service, words, {"text": "scam*", "verdict": "mask"})
    assert (added.status_code, added.headers["etag"]) == (201, '"1"')
    assert (await post(service, words, {"text": "SCAM*", "verdict": "hold"})).json()["code"] == "word_taken"
    assert (await post(service, words, {"text": "**", "verdict": "hold"})).json()["code"] == "word_empty"
    tried = (await service.http.post(f"{words}/trial", json={"text": "scammers!"})).json()
    assert (tried["verdict"], tried["shown"]) == ("mask", "****mers!")
    shown = (await front.reviewed(anna, await front.order(anna), text="scammers")).json()
    assert shown["main"]["shown"] == "****mers"
    terms = added.json()["terms"] | {"verdict": "reject"}
    path = f"{words}/{added.json()['word_id']}"
    assert (await service.http.put(path, json=terms, headers={"if-match": '"1"'})).json()["version"] == 2
    versions = (await service.http.get(f"{path}/versions")).json()
    assert [(each["version"], each["terms"]["verdict"]) for each in versions] == [(2, "reject"), (1, "mask")]
    assert (await anna.http.get(words)).status_code == 403
