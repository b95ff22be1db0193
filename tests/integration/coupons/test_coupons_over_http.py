"""Coupons as buyers and operators meet them."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from fastapi import FastAPI

from activities.pricing import Pricing
from hanse.database import Database
from models.points.types import PointsTerms
from models.promotions.messages import HoldBenefits
from models.shared.ids import CampaignId, CouponBatchId, CouponId, CouponTemplateId, OrderId, SkuId, UserId
from stores.fulfillment import FulfillmentStore
from stores.idempotency import IdempotencyStore
from stores.points import PointsStore
from stores.products import ProductStore
from stores.promotions import BenefitStore, CouponStore, PromotionStore, PurchaseLimitStore
from tests.databases import MigratedCopies
from tests.integration.coupons.counter import NOW
from tests.integration.products.catalogue import open_catalogue
from tests.integration.users.shop import Person, open_shop
from tests.integration.users.shop import Shop as AccountsShop

TEMPLATES = "/v1/operators/coupon-templates"
TERMS: dict[str, Any] = {
    "label": "满 300 减 40",
    "offer": {
        "kind": "spend_save",
        "tiers": [{"at": {"minor": 30_000, "currency": "CNY"}, "off": {"minor": 4_000, "currency": "CNY"}}],
    },
    "claim_from": "2020-01-01T00:00:00Z",
    "claim_until": "2100-01-01T00:00:00Z",
    "valid_days": 30,
}


@pytest.fixture(scope="module")
async def shop(
    migrated_copies: MigratedCopies, redis_url: str, tmp_path_factory: pytest.TempPathFactory, api: FastAPI
) -> AsyncIterator[AccountsShop]:
    """Sells one shirt at 199 yuan. One shop for all tests here: each brings its own people and templates."""
    folder = tmp_path_factory.mktemp("shop")
    async with AsyncExitStack() as lent:
        domains = ("ops", "promotions", "products", "users", "orders")
        ops, promotions, products, users, parcels = [
            await lent.enter_async_context(migrated_copies.lent(domain)) for domain in domains
        ]
        catalogue = await open_catalogue(products, folder)
        product = await catalogue.on_sale()
        async with open_shop(api, users, ops, redis_url, folder) as opened:
            services = opened.app.state.services
            services.idempotency = IdempotencyStore(ops)
            services.coupons, services.promotions = CouponStore(promotions), PromotionStore(promotions)
            services.products, services.pricing = catalogue.products, _pricing(catalogue.products, parcels, promotions)
            services.benefits = BenefitStore(promotions)
            services.shirt = product.skus[0].sku_id
            yield opened


def _pricing(products: ProductStore, orders: Database, promotions: Database) -> Pricing:
    coupons, limits = CouponStore(promotions), PurchaseLimitStore(promotions)
    rules, points = PromotionStore(promotions), PointsStore(promotions)
    return Pricing(products, FulfillmentStore(orders), rules, coupons, limits, points, PointsTerms())


@pytest.fixture(scope="module")
async def marketing(shop: AccountsShop) -> Person:
    return await shop.operator("marketing")


async def post(who: Person, path: str, body: Any, key: str | None = None) -> Any:
    return await who.http.post(path, json=body, headers={"idempotency-key": key or secrets.token_hex(8)})


async def template(who: Person, **said: Any) -> str:
    made = await post(who, TEMPLATES, TERMS | said)
    assert made.status_code == 201, made.text
    path = f"{TEMPLATES}/{made.json()['template_id']}"
    active = await who.http.put(f"{path}/status", json={"status": "active"}, headers={"if-match": made.headers["etag"]})
    assert (active.status_code, active.json()["status"]) == (200, "active"), active.text
    return str(made.json()["template_id"])


async def claim(who: Person, template_id: str) -> dict[str, Any]:
    answer = await post(who, "/coupons/claim", {"template_id": template_id})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def basket(shop: AccountsShop, quantity: int, **more: Any) -> dict[str, Any]:
    return {"lines": [{"sku_id": shop.app.state.services.shirt, "quantity": quantity}], **more}


@pytest.mark.parametrize("prefix", ["", "/v1"])
async def test_a_coupon_is_claimed_and_tried_by_the_paths_of_the_contract(
    shop: AccountsShop, marketing: Person, prefix: str
) -> None:
    template_id = await template(marketing)
    anna = await shop.customer()

    claimed = await post(anna, f"{prefix}/coupons/claim", {"template_id": template_id}, "once")
    again = await post(anna, f"{prefix}/coupons/claim", {"template_id": template_id}, "once")
    another = await post(anna, f"{prefix}/coupons/claim", {"template_id": template_id})

    assert (claimed.status_code, claimed.json()["state"]) == (201, "claimed"), claimed.text
    assert (again.json(), again.headers["idempotent-replayed"]) == (claimed.json(), "true")
    assert (another.status_code, another.json()["code"]) == (409, "coupon_limit_reached")
    coupon_id = claimed.json()["coupon_id"]
    for body in (basket(shop, 2, coupon_id=coupon_id), basket(shop, 2)):
        answer = await anna.http.post(f"{prefix}/coupons/validate", json=body)
        (tried,) = answer.json()["coupons"]
        assert (tried["applies"], tried["saves"]["minor"], tried["cheaper_by"]["minor"]) == (True, 4_000, 4_000)
    (tried,) = (await anna.http.post(f"{prefix}/coupons/validate", json=basket(shop, 1))).json()["coupons"]
    assert (tried["applies"], tried["refused"]) == (False, None)
    assert (tried["missed"]["reason"], tried["missed"]["short_by"]["minor"]) == ("short", 10_100)


async def test_a_coupon_that_is_held_is_tried_in_vain(shop: AccountsShop, marketing: Person) -> None:
    anna = await shop.customer()
    coupon = await claim(anna, await template(marketing))
    now = shop.clock()
    ask = HoldBenefits(
        order_id=OrderId.derive(NOW, "o"), user_id=anna.id, coupons=(CouponId(coupon["coupon_id"]),), at=now
    )
    await shop.app.state.services.benefits.hold_all_or_nothing(ask)
    body = basket(shop, 2, coupon_id=coupon["coupon_id"])
    (tried,) = (await anna.http.post("/coupons/validate", json=body)).json()["coupons"]
    assert (tried["applies"], tried["refused"]) == (False, "coupon_locked")
    locked = (await anna.http.get("/v1/coupons", params={"only": "locked"})).json()["items"]
    assert [(one["coupon_id"], one["order_id"]) for one in locked] == [(coupon["coupon_id"], ask.order_id)]


async def test_a_wallet_is_its_owners_alone(shop: AccountsShop, marketing: Person) -> None:
    anna, eve, stranger = await shop.customer(), await shop.customer(), shop.stranger()
    template_id = await template(marketing)
    coupon_id = (await claim(anna, template_id))["coupon_id"]

    assert [one["coupon_id"] for one in (await anna.http.get("/v1/coupons")).json()["items"]] == [coupon_id]
    assert (await eve.http.get("/v1/coupons")).json()["items"] == []
    nobodys = CouponId.derive(NOW, "nobodys")
    for asked in (coupon_id, nobodys):
        shown = await eve.http.get(f"/v1/coupons/{asked}")
        tried = await eve.http.post("/coupons/validate", json=basket(shop, 1, coupon_id=asked))
        for answer in (shown, tried):
            assert (answer.status_code, answer.json()["code"]) == (404, "coupon_not_found")
    for path in ("/v1/coupons", f"/v1/coupons/{coupon_id}"):
        assert (await stranger.http.get(path)).status_code == 401
    assert (await post(stranger, "/coupons/claim", {"template_id": template_id})).status_code == 401


async def test_everyone_sees_what_can_be_claimed(shop: AccountsShop, marketing: Person) -> None:
    first, second = await template(marketing), await template(marketing, members_only=True)
    anna = await shop.customer()
    await claim(anna, first)

    async def claimable(who: Person) -> dict[str, bool]:
        listed = (await who.http.get("/v1/coupons/claimable")).json()["items"]
        return {one["template_id"]: one["is_claimable"] for one in listed if one["template_id"] in (first, second)}

    assert await claimable(anna) == {first: False, second: True}
    assert await claimable(shop.stranger()) == {first: True, second: False}
    page = (await anna.http.get("/v1/coupons/claimable", params={"limit": 1})).json()
    rest = (await anna.http.get("/v1/coupons/claimable", params={"limit": 1, "cursor": page["next"]})).json()
    assert page["items"][0]["template_id"] > rest["items"][0]["template_id"]


async def test_codes_are_shown_once_as_csv_and_claim_a_coupon_each(shop: AccountsShop, marketing: Person) -> None:
    template_id = await template(marketing, by_code_only=True, per_user_limit=5)
    anna = await shop.customer()
    assert (await post(anna, "/coupons/claim", {"template_id": template_id})).json()["code"] == "coupon_not_claimable"

    made = await marketing.http.post(f"{TEMPLATES}/{template_id}/batches", json={"label": "letters", "codes": 3})

    assert (made.status_code, made.headers["content-type"]) == (201, "text/csv; charset=utf-8")
    heading, *codes, end = made.text.split("\r\n")
    assert (heading, len(set(codes)), end) == ("code", 3, "")
    claimed = await post(anna, "/coupons/claim", {"code": codes[0].lower()})
    assert (claimed.status_code, claimed.json()["code"]) == (201, codes[0])
    twice = await post(anna, "/coupons/claim", {"code": codes[0]})
    assert (twice.status_code, twice.json()["code"]) == (404, "coupon_code_wrong")
    batch_path = made.headers["content-location"]
    batch = (await marketing.http.get(batch_path)).json()
    assert (batch["codes"], batch["used"], batch["label"]) == (3, 1, "letters")
    assert codes[1] not in str(batch)
    voided = await marketing.http.put(f"{batch_path}/voided")
    assert voided.json()["voided_at"] is not None
    assert (await post(anna, "/coupons/claim", {"code": codes[1]})).json()["code"] == "coupon_code_wrong"
    listed = (await marketing.http.get(f"{TEMPLATES}/{template_id}/batches")).json()["items"]
    assert [one["batch_id"] for one in listed] == [batch["batch_id"]]


async def test_operators_revise_templates_see_their_coupons_and_take_them_back(
    shop: AccountsShop, marketing: Person
) -> None:
    template_id = await template(marketing)
    anna = await shop.customer()
    coupon = await claim(anna, template_id)
    path = f"{TEMPLATES}/{template_id}"

    revised = await marketing.http.put(path, json=TERMS | {"label": "New"}, headers={"if-match": '"1"'})
    late = await marketing.http.put(path, json=TERMS, headers={"if-match": '"1"'})
    unseen = await marketing.http.put(path, json=TERMS)

    assert (revised.status_code, revised.headers["etag"], revised.json()["claimed"]) == (200, '"2"', 1)
    assert (late.status_code, unseen.status_code) == (412, 428)
    assert (await marketing.http.get(path)).json()["version"] == 2
    versions = (await marketing.http.get(f"{path}/versions")).json()["items"]
    assert [(one["version"], one["terms"]["label"]) for one in versions] == [(2, "New"), (1, "满 300 减 40")]
    listed = (await marketing.http.get(TEMPLATES, params={"status": "active", "limit": 100})).json()["items"]
    assert template_id in [one["template_id"] for one in listed]
    (claimed,) = (await marketing.http.get(f"{path}/coupons")).json()["items"]
    assert (claimed["user_id"], claimed["terms"]["label"]) == (anna.id, "满 300 减 40")
    back = await marketing.http.put(f"/v1/operators/coupons/{coupon['coupon_id']}/voided")
    assert back.json()["state"] == "void"
    shown = await anna.http.get(f"/v1/coupons/{coupon['coupon_id']}")
    assert shown.json()["state"] == "void"


async def test_a_template_that_makes_no_sense_is_refused(marketing: Person) -> None:
    before = (await marketing.http.get(TEMPLATES)).json()["items"]
    senseless: list[dict[str, Any]] = [
        {"scope": {"skus": [str(SkuId.derive(NOW, "nowhere"))]}},
        {"campaign_id": str(CampaignId.derive(NOW, "nowhere"))},
        {"claim_until": "2019-01-01T00:00:00Z"},
        {"valid_days": None},
        {"valid_days": 0},
        {"quantity": 0},
        {"label": " "},
        {"offer": {"kind": "n_for_m", "take": 3, "pay": 2}},
        {"offer": {"kind": "direct_cut", "off": {"minor": -1}}},
        {"color": "red"},
        {"valid_until": "9999-12-31T23:59:59-12:00"},
    ]
    for wrong in senseless:
        answer = await post(marketing, TEMPLATES, TERMS | wrong)
        assert answer.status_code == 422, (wrong, answer.text)
    assert (await marketing.http.get(TEMPLATES)).json()["items"] == before


async def test_malformed_requests_are_told_what_is_wrong(shop: AccountsShop, marketing: Person) -> None:
    anna = await shop.customer()
    unknown = CouponTemplateId.derive(NOW, "unknown")
    code = "7K2M-Q0XD-91VB-ETNA"
    claims: list[tuple[Any, int]] = [
        ({}, 422), ({"template_id": "nonsense"}, 422), ({"template_id": unknown, "code": code}, 422), ({"code": ""}, 422),
        ({"code": "x" * 101}, 422), ({"code": code}, 404), ({"code": "\u0000"}, 400), ({"template_id": unknown}, 409),
    ]  # fmt: skip
    for body, status in claims:
        answer = await post(anna, "/coupons/claim", body)
        assert answer.status_code == status, (body, answer.text)
    baskets: list[Any] = [
        {"lines": []}, {}, {"lines": [{"sku_id": shop.app.state.services.shirt, "quantity": 0}]}, basket(shop, 10**6),
        {"lines": [{"sku_id": SkuId.derive(NOW, "nowhere"), "quantity": 1}]}, basket(shop, 1, coupon_id="cpn_x"),
    ]  # fmt: skip
    for body in baskets:
        answer = await anna.http.post("/coupons/validate", json=body)
        assert answer.status_code == 422, (body, answer.text)
    nowhere = await marketing.http.post(f"{TEMPLATES}/{unknown}/batches", json={"label": "x", "codes": 1})
    assert (nowhere.status_code, (await marketing.http.get(f"{TEMPLATES}/{unknown}/coupons")).status_code) == (404, 404)
    template_id = await template(marketing)
    for codes in (0, 100_001, "many"):
        answer = await marketing.http.post(f"{TEMPLATES}/{template_id}/batches", json={"label": "x", "codes": codes})
        assert answer.status_code == 422, answer.text
    for path in ("/v1/coupons", "/v1/coupons/claimable"):
        assert (await anna.http.get(path, params={"cursor": "bm9uc2Vuc2U"})).status_code == 422
    assert (await anna.http.post("/coupons/claim", json={"code": code})).json()["code"] == "idempotency_key_missing"


async def test_buyers_make_no_coupons_and_what_operators_do_is_in_the_audit_log(
    shop: AccountsShop, marketing: Person
) -> None:
    template_id, anna = await template(marketing), await shop.customer()
    coupon_id = (await claim(anna, template_id))["coupon_id"]
    batch_id = CouponBatchId.derive(NOW, "b")
    for method, path in (
        ("POST", TEMPLATES),
        ("GET", TEMPLATES),
        ("PUT", f"{TEMPLATES}/{template_id}"),
        ("PUT", f"{TEMPLATES}/{template_id}/status"),
        ("POST", f"{TEMPLATES}/{template_id}/batches"),
        ("GET", f"{TEMPLATES}/{template_id}/coupons"),
        ("PUT", f"/v1/operators/coupon-batches/{batch_id}/voided"),
        ("PUT", f"/v1/operators/coupons/{coupon_id}/voided"),
    ):
        headers = {"idempotency-key": secrets.token_hex(8), "if-match": '"1"'}
        answer = await anna.http.request(method, path, json=TERMS, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing"), path
    await marketing.http.post(f"{TEMPLATES}/{template_id}/batches", json={"label": "x", "codes": 1})
    await marketing.http.put(f"/v1/operators/coupons/{coupon_id}/voided")
    async with shop.ops.reader() as connection:
        rows = await connection.fetch("SELECT action FROM audit_log WHERE phase = 'done'")
    assert {row["action"] for row in rows} >= {
        "promotions.create_coupon_template",
        "promotions.set_coupon_template_status",
        "promotions.create_coupon_batch",
        "promotions.void_coupon",
    }


async def test_a_crowd_over_http_gets_what_there_is(shop: AccountsShop, marketing: Person) -> None:
    template_id = await template(marketing, quantity=2)
    buyers = [await shop.customer() for _ in range(4)]
    body = {"template_id": template_id}
    answers = await asyncio.gather(*(post(buyer, "/coupons/claim", body) for buyer in buyers for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 10
    winners = {UserId(answer.json()["user_id"]) for answer in answers if answer.status_code == 201}
    assert len(winners) == 2
