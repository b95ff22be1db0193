"""The catalogue over HTTP: what buyers see, what operators may change."""

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.showcase.shelf import Shelf
from api.showcase.views import Views
from hanse.caching import ReadThrough
from models.inventory.types import WarehouseDetails
from models.search.messages import Scope
from models.shared.events import Event
from models.shared.ids import MerchantId, SkuId, WarehouseId
from stores.inventory import InventoryStore
from stores.products import CatalogueCopies
from tests.conftest import OpenDatabase
from tests.integration.following import Away, Heard
from tests.integration.products.catalogue import NOW, Catalogue, open_catalogue, picture
from tests.integration.users.shop import Person, Shop, open_shop


class Published(list[Event]):
    """A Kafka that is a list."""

    async def publish(self, events: Iterable[Event]) -> None:
        self.extend(events)


@dataclass
class OpenShop:
    """The api over fresh databases, someone with the permission `catalogue`, and someone without an account."""

    shop: Shop
    catalogue: Catalogue
    inventory: InventoryStore
    operator: Person
    stranger: Person
    shelf: Shelf
    published: Published

    async def stock(self, sku_id: str, units: int) -> None:
        merchant_id = MerchantId(self.catalogue.merchant.merchant_id)
        details = WarehouseDetails(code="sh-1", name="Shanghai", merchant_id=merchant_id, country="CN", city="Shanghai")
        warehouse = await self.inventory.add_warehouse(WarehouseId.derive(NOW, "sh-1"), details, NOW)
        await self.inventory.receive(
            warehouse.warehouse_id, SkuId(sku_id), units, key=sku_id, actor="test", now=self.shop.clock()
        )
        await self.shelf.everything_changed()  # else the old stock is shown for a second

    async def edit(self, method: str, path: str, version: int | None, body: Any = None) -> httpx.Response:
        headers = {} if version is None else {"if-match": f'"{version}"'}
        return await self.operator.http.request(method, f"/v1/catalogue{path}", json=body, headers=headers)

    async def shirt(self) -> dict[str, Any]:
        """A published shirt at 199 yuan, made over HTTP; the operator's answer."""
        ask = {
            "merchant_id": self.catalogue.merchant.merchant_id,
            "code": "shirt",
            "title": "亚麻衬衫 Linen shirt",
            "category_id": self.catalogue.shirts.category_id,
            "attributes": {"fabric": "linen"},
        }
        product = await self._done("POST", "/products", None, ask)
        path = f"/products/{product['spu_id']}"
        sku = {"code": "shirt-m", "options": {"Size": "M"}, "weight_g": 280}
        product = await self._done("POST", f"{path}/skus", product["version"], sku)
        price = {"price": {"minor": 19900}}
        product = await self._done("PUT", f"/skus/{product['skus'][0]['sku_id']}/price", product["version"], price)
        return await self._done("PUT", f"{path}/published", product["version"], {})

    async def _done(self, method: str, path: str, version: int | None, body: Any) -> dict[str, Any]:
        answer = await self.edit(method, path, version, body)
        assert answer.is_success, answer.text
        assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def opened(database: OpenDatabase, redis_url: str, tmp_path: Path, api: FastAPI) -> AsyncIterator[OpenShop]:
    catalogue = await open_catalogue(await database("products"), tmp_path)
    inventory = InventoryStore(await database("inventory"))
    users, ops = await database("users"), await database("ops")
    async with open_shop(api, users, ops, redis_url, tmp_path) as shop:
        redis = shop.app.state.services.redis
        copies, published = CatalogueCopies(ReadThrough(redis)), Published()
        shelf = Shelf(catalogue.products, catalogue.taxonomy, inventory, copies, shop.clock)
        await shelf.everything_changed()
        vars(shop.app.state.services).update(
            shelf=shelf,
            views=Views(published, shop.clock, tell_every=0),
            products=catalogue.products,
            catalogue=catalogue.edits,
            taxonomy=catalogue.taxonomy,
            media=catalogue.media,
            bulk=catalogue.bulk,
            inventory=inventory,
            following=Heard(),
        )
        yield OpenShop(shop, catalogue, inventory, await shop.operator("catalogue"), shop.stranger(), shelf, published)


async def test_a_buyer_sees_price_and_live_stock_of_each_sku(opened: OpenShop) -> None:
    shirt = await opened.shirt()
    path = f"/v1/products/{shirt['spu_id']}"
    [before] = (await opened.stranger.http.get(path)).json()["skus"]
    await opened.stock(before["sku_id"], 7)
    [after] = (await opened.stranger.http.get(path)).json()["skus"]

    assert (before["available"], before["in_stock"]) == (0, False)
    assert (after["available"], after["in_stock"]) == (7, True)
    assert after["price"] == {"minor": 19900, "currency": "CNY"}
    assert "listed" not in after


async def test_products_are_browsed_by_filter_in_pages(opened: OpenShop) -> None:
    shirt = await opened.shirt()
    found = await opened.stranger.http.get("/v1/products", params={"text": "linen", "limit": 1})
    assert [card["spu_id"] for card in found.json()["items"]] == [shirt["spu_id"]]
    assert found.json()["next"] is None
    nothing = await opened.stranger.http.get("/v1/products", params={"brand_id": opened.catalogue.brand.brand_id})
    assert nothing.json()["items"] == []
    for bad in ({"limit": 1000}, {"cursor": "!"}, {"category_id": "shirts"}, {"colour": "red"}, {"text": "\x00"}):
        assert (await opened.stranger.http.get("/v1/products", params=bad)).status_code == 422, bad


async def test_an_unpublished_product_is_not_found(opened: OpenShop) -> None:
    shirt = await opened.shirt()
    answer = await opened.edit("PUT", f"/products/{shirt['spu_id']}/unpublished", shirt["version"], {})
    assert answer.json()["is_published"] is False
    hidden = await opened.stranger.http.get(f"/v1/products/{shirt['spu_id']}")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "product_unknown")


async def test_prices_to_come_are_seen_by_operators_only(opened: OpenShop) -> None:
    shirt = await opened.shirt()
    sku_id = shirt["skus"][0]["sku_id"]
    later = {"price": {"minor": 9900}, "effective_at": "2099-01-01T00:00:00+08:00"}
    assert (await opened.edit("PUT", f"/skus/{sku_id}/price", shirt["version"], later)).status_code == 200
    public = await opened.stranger.http.get(f"/v1/products/{shirt['spu_id']}/skus/{sku_id}/prices")
    all_of_them = await opened.operator.http.get(f"/v1/catalogue/skus/{sku_id}/prices")
    assert [point["price"]["minor"] for point in public.json()] == [19900]
    assert {point["decided_by"] for point in public.json()} == {"shop"}
    assert [point["price"]["minor"] for point in all_of_them.json()] == [9900, 19900]
    assert all_of_them.json()[0]["effective_at"] == "2098-12-31T16:00:00Z"


async def test_an_edit_without_if_match_or_with_a_stale_one_is_refused(opened: OpenShop) -> None:
    shirt = await opened.shirt()
    path = f"/skus/{shirt['skus'][0]['sku_id']}/price"
    body = {"price": {"minor": 1}}
    answers = [await opened.edit("PUT", path, version, body) for version in (None, shirt["version"] - 1)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (428, "if_match_missing"),
        (412, "stale_version"),
    ]
    assert answers[1].json()["current_version"] == shirt["version"]


async def test_only_operators_with_the_permission_edit_and_every_edit_is_written_down(opened: OpenShop) -> None:
    shirt = await opened.shirt()
    support = await opened.shop.operator("service")
    paths = [f"/v1/catalogue/products/{shirt['spu_id']}", "/v1/catalogue/export", "/v1/catalogue/products"]
    for path in paths:
        assert (await opened.stranger.http.get(path)).status_code == 401
        assert (await support.http.get(path)).status_code == 403
        assert (await opened.operator.http.get(path)).status_code == 200
    written = await opened.shop.ops.pool.fetch("SELECT DISTINCT action FROM audit_log WHERE action LIKE 'catalogue.%'")
    assert {row["action"] for row in written} == {
        "catalogue.create_product",
        "catalogue.create_sku",
        "catalogue.set_price",
        "catalogue.publish",
    }


@pytest.mark.parametrize(
    "body",
    [
        {"price": {"minor": -1}},
        {"price": {"minor": 1.5}},
        {"price": {"minor": 1, "currency": "yuan"}},
        {"price": {"minor": 1}, "effective_at": "2099-01-01T00:00:00"},
        {"price": {"minor": 1}, "version": 7},
        {},
    ],
)
async def test_a_price_that_makes_no_sense_is_refused(opened: OpenShop, body: dict[str, Any]) -> None:
    shirt = await opened.shirt()
    answer = await opened.edit("PUT", f"/skus/{shirt['skus'][0]['sku_id']}/price", shirt["version"], body)
    assert answer.status_code == 422, answer.text


async def test_a_picture_is_uploaded_shown_and_cached_for_ever(opened: OpenShop) -> None:
    shirt = await opened.shirt()
    upload = {"file": ("cat.exe", picture(), "application/octet-stream")}
    kept = (await opened.operator.http.post("/v1/catalogue/media", files=upload)).json()
    path = f"/products/{shirt['spu_id']}/media"
    assert (await opened.edit("PUT", path, shirt["version"], {"media_ids": [kept["media_id"]]})).status_code == 200
    [shown] = (await opened.stranger.http.get(f"/v1/products/{shirt['spu_id']}")).json()["media"]
    image = await opened.stranger.http.get(shown["small_url"])

    assert shown == kept
    assert image.headers["content-type"] == "image/webp"
    assert "immutable" in image.headers["cache-control"]
    assert image.content[8:12] == b"WEBP"
    assert (await opened.stranger.http.get("/media/nothing.webp")).status_code == 404
    renamed = {"file": ("cat.png", b"MZ" + bytes(300), "image/png")}
    refused = await opened.operator.http.post("/v1/catalogue/media", files=renamed)
    assert (refused.status_code, refused.json()["code"]) == (422, "media_refused")


async def test_the_category_tree_is_edited_over_http(opened: OpenShop) -> None:
    made = await opened.edit("POST", "/categories", None, {"code": "polos", "name": "Polos"})
    polo = made.json()
    path = f"/categories/{polo['category_id']}"
    below = {"parent_id": opened.catalogue.shirts.category_id}
    moved = (await opened.edit("PUT", f"{path}/parent", polo["version"], below)).json()
    size = {"code": "size", "label": "Size", "kind": "enum", "choices": ["S", "M"]}
    told = {"name": "Polo shirts", "attributes": [size]}
    changed = (await opened.edit("PUT", path, moved["version"], told)).json()
    tree = (await opened.stranger.http.get("/v1/categories")).json()
    assert tree[-1] == changed
    assert len(changed["path"]) == 3
    assert (await opened.edit("DELETE", path, changed["version"])).status_code == 204
    full = opened.catalogue.clothes
    answer = await opened.edit("DELETE", f"/categories/{full.category_id}", full.version)
    assert (answer.status_code, answer.json()["code"]) == (409, "category_not_empty")


async def test_merchants_and_brands_are_added_and_renamed(opened: OpenShop) -> None:
    merchant = {"code": "elbe", "name": "Elbe", "city": "Hamburg", "region": "HH"}
    added = (await opened.edit("POST", "/merchants", None, merchant)).json()
    del merchant["code"]
    renamed = await opened.edit("PUT", f"/merchants/{added['merchant_id']}", 1, {**merchant, "name": "Elbe & Co"})
    brand = (await opened.edit("POST", "/brands", None, {"code": "b", "name": "B"})).json()
    assert (await opened.edit("PUT", f"/brands/{brand['brand_id']}", 1, {"name": "BB"})).json()["version"] == 2
    assert (await opened.edit("POST", "/brands", None, {"code": "b", "name": "B"})).status_code == 409
    assert renamed.json() in (await opened.stranger.http.get("/v1/merchants")).json()
    assert {one["name"] for one in (await opened.stranger.http.get("/v1/brands")).json()} == {"Alster", "BB"}


async def test_a_small_file_is_imported_and_what_is_wrong_in_it_reported(opened: OpenShop) -> None:
    good = {"merchant_code": "hansa", "spu_code": "tee", "sku_code": "tee-m", "title": "T恤", "category_code": "shirts"}
    good |= {"weight_g": 180, "price": "59.90", "attributes": {"fabric": "cotton"}, "published": True}
    content = "\n".join(json.dumps(one) for one in (good, {**good, "sku_code": "tee-l", "weight_g": -1}))
    answer = await opened.operator.http.post(
        "/v1/catalogue/import", content=content, headers={"content-type": "application/x-ndjson"}
    )
    report = answer.json()
    assert (report["lines"], report["skus_created"], report["faults_total"]) == (2, 1, 1)
    assert [(fault["line"], fault["column"]) for fault in report["faults"]] == [(2, "weight_g")]
    exported = await opened.operator.http.get("/v1/catalogue/export")
    again = await opened.operator.http.post(
        "/v1/catalogue/import", content=exported.content, headers={"content-type": "text/csv"}
    )
    assert (again.json()["unchanged"], again.json()["faults"]) == (1, [])
    refused = await opened.operator.http.post(
        "/v1/catalogue/import", content=b"PK", headers={"content-type": "application/vnd.ms-excel"}
    )
    assert (refused.status_code, refused.json()["code"]) == (415, "file_type_unknown")


async def test_an_answer_that_the_asker_has_already_is_not_sent_again(opened: OpenShop) -> None:
    shirt = await opened.shirt()
    path = f"/v1/products/{shirt['spu_id']}"
    first = await opened.stranger.http.get(path)
    again = await opened.stranger.http.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "no-cache"

    price = {"price": {"minor": 17900}}
    await opened.edit("PUT", f"/skus/{shirt['skus'][0]['sku_id']}/price", shirt["version"], price)
    changed = await opened.stranger.http.get(path, headers={"if-none-match": first.headers["etag"]})
    assert changed.json()["skus"][0]["price"]["minor"] == 17900


async def test_lists_and_the_category_tree_follow_an_edit_at_once(opened: OpenShop) -> None:
    shirt = await opened.shirt()
    for path in ("/v1/products", "/v1/categories", "/v1/brands"):
        assert (await opened.stranger.http.get(path)).status_code == 200
    await opened.edit("PUT", f"/products/{shirt['spu_id']}/unpublished", shirt["version"], {})
    await opened.edit("POST", "/brands", None, {"code": "elbe", "name": "Elbe"})
    assert (await opened.stranger.http.get("/v1/products")).json()["items"] == []
    assert (await opened.stranger.http.get(f"/v1/products/{shirt['spu_id']}")).status_code == 404
    assert "Elbe" in [brand["name"] for brand in (await opened.stranger.http.get("/v1/brands")).json()]


async def test_views_of_a_product_are_told_in_batches_that_name_nobody(opened: OpenShop) -> None:
    shirt = await opened.shirt()
    for _ in range(3):
        await opened.stranger.http.get(f"/v1/products/{shirt['spu_id']}")
    await opened.shop.app.state.services.views.tell()
    told = [(view.spu_id, view.times) for event in opened.published for view in event.views]
    assert {spu_id for spu_id, _ in told} == {shirt["spu_id"]}
    assert sum(times for _, times in told) == 3


async def test_every_edit_is_announced_before_and_ended_after_it(opened: OpenShop) -> None:
    heard: Heard = opened.shop.app.state.services.following
    shirt = await opened.shirt()
    one = Scope(products=(shirt["spu_id"],))
    assert (heard.announced, heard.over) == ([one] * 4, [(one, True)] * 4)
    stale = await opened.edit("PUT", f"/products/{shirt['spu_id']}/published", 1, {})
    same = await opened.edit("PUT", f"/products/{shirt['spu_id']}/published", shirt["version"], {})
    assert (stale.status_code, same.status_code) == (412, 200)
    assert heard.over[4:] == [(one, False)] * 2, "neither a refused edit nor one that changes nothing is followed"
    shirts = opened.catalogue.shirts
    renamed = await opened.edit("PUT", f"/categories/{shirts.category_id}", shirts.version, {"name": "Hemden"})
    assert renamed.status_code == 200
    assert heard.over[6:] == [(Scope(category_id=shirts.category_id), True)]


async def test_an_edit_that_cannot_be_announced_changes_nothing(opened: OpenShop) -> None:
    shirt = await opened.shirt()
    opened.shop.app.state.services.following = Away()
    price = {"price": {"minor": 100}}
    answer = await opened.edit("PUT", f"/skus/{shirt['skus'][0]['sku_id']}/price", shirt["version"], price)
    told = await opened.operator.http.post(
        "/v1/catalogue/import", content=b"merchant_code,spu_code,sku_code,title,category_code,weight_g\n",
        headers={"content-type": "text/csv"},
    )  # fmt: skip
    assert (answer.status_code, told.status_code) == (503, 503)
    after = await opened.operator.http.get(f"/v1/catalogue/products/{shirt['spu_id']}")
    assert after.json() == shirt
