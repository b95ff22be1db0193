"""Campaigns, rules, purchase limits and lists as operators and buyers meet them."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from models.shared.ids import CategoryId, SkuId
from stores.idempotency import IdempotencyStore
from stores.lists import ListStore
from stores.products import ProductStore
from stores.promotions import PromotionStore, PurchaseLimitStore
from tests.databases import MigratedCopies
from tests.integration.products.catalogue import NOW, Catalogue, open_catalogue
from tests.integration.users.shop import KEY, Person, Shop, open_shop

UNKNOWN = SkuId.derive(NOW, "never made")
Json = dict[str, Any]


@dataclass
class OpenShop:
    """The api over fresh databases, and someone of marketing."""

    shop: Shop
    catalogue: Catalogue
    marketing: Person

    def terms(self, **changes: Any) -> Json:
        now = self.shop.clock()
        off = {"minor": 4_000, "currency": "CNY"}
        return {
            "label": "满 300 减 40",
            "offer": {"kind": "spend_save", "tiers": [{"at": {"minor": 30_000, "currency": "CNY"}, "off": off}]},
            "starts_at": (now - timedelta(hours=1)).isoformat(),
            "ends_at": (now + timedelta(days=1)).isoformat(),
            **changes,
        }

    def window(self, **more: Any) -> Json:
        return {**{name: self.terms()[name] for name in ("starts_at", "ends_at")}, **more}

    async def create(self, kind: str, body: Json, who: Person | None = None, key: str | None = None) -> httpx.Response:
        headers = {"idempotency-key": key or secrets.token_hex(8)}
        return await (who or self.marketing).http.post(f"/v1/operators/{kind}", json=body, headers=headers)

    async def put(self, path: str, body: Any, version: int | None) -> httpx.Response:
        headers = {} if version is None else {"if-match": f'"{version}"'}
        return await self.marketing.http.put(f"/v1/operators/{path}", json=body, headers=headers)

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.marketing.http.get(f"/v1/operators/{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def running(self, rule: Json) -> Json | None:
        """How a stranger sees the rule among what runs now."""
        answer = await self.shop.stranger().http.get("/v1/promotions", params={"limit": 100})
        assert answer.status_code == 200, answer.text
        found: dict[str, Json] = {one["promotion_id"]: one for one in answer.json()["items"]}
        return found.get(rule["promotion_id"])

    async def labels(self) -> list[str]:
        return [one["terms"]["label"] for one in (await self.get("promotions", limit=100))["items"]]


@pytest.fixture(scope="module")
async def shop(
    migrated_copies: MigratedCopies, redis_url: str, tmp_path_factory: pytest.TempPathFactory, api: FastAPI
) -> AsyncIterator[OpenShop]:
    """One shop for all tests here: each looks at what it made itself."""
    folder = tmp_path_factory.mktemp("rules")
    lend = migrated_copies.lent
    async with (
        lend("users") as users,
        lend("products") as products,
        lend("promotions") as promotions,
        lend("ops") as ops,
    ):
        catalogue = await open_catalogue(products, folder)
        async with open_shop(api, users, ops, redis_url, folder) as opened:
            services = opened.app.state.services
            services.idempotency = IdempotencyStore(ops)
            services.products = ProductStore(products)
            services.promotions = PromotionStore(promotions)
            services.purchase_limits = PurchaseLimitStore(promotions)
            services.lists = ListStore(ops, KEY)
            yield OpenShop(opened, catalogue, await opened.operator("marketing"))


async def test_a_rule_goes_from_draft_to_the_storefront_and_its_history_is_told(shop: OpenShop) -> None:
    created = await shop.create("promotions", shop.terms())
    assert (created.status_code, created.headers["etag"]) == (201, '"1"'), created.text
    rule = created.json()
    assert (rule["status"], rule["used_orders"], rule["used_amount"]) == ("draft", 0, {"minor": 0, "currency": "CNY"})
    assert await shop.running(rule) is None

    path = f"promotions/{rule['promotion_id']}"
    active = await shop.put(f"{path}/status", {"status": "active"}, 1)
    assert (active.status_code, active.json()["status"]) == (200, "active"), active.text
    running = await shop.running(rule)
    assert running is not None
    assert running["label"] == "满 300 减 40"
    assert running["offer"]["tiers"][0]["off"]["minor"] == 4_000
    assert "budget" not in running

    revised = await shop.put(path, shop.terms(label="更好 Better"), 1)
    assert (revised.status_code, revised.headers["etag"]) == (200, '"2"'), revised.text
    stale = await shop.put(path, shop.terms(label="Too late"), 1)
    missing = await shop.put(path, shop.terms(label="Unread"), None)
    assert [(answer.status_code, answer.json()["code"]) for answer in (stale, missing)] == [
        (412, "stale_version"),
        (428, "if_match_missing"),
    ]
    first = await shop.get(f"{path}/versions", limit=1)
    second = await shop.get(f"{path}/versions", limit=1, cursor=first["next"])
    assert [one["terms"]["label"] for one in first["items"] + second["items"]] == ["更好 Better", "满 300 减 40"]
    assert {one["decided_by"] for one in first["items"] + second["items"]} == {shop.marketing.id}
    assert (await shop.get(path))["terms"]["label"] == "更好 Better"

    entries = await shop.shop.audit_log.page(operator_id=None, subject=rule["promotion_id"], before=None, limit=20)
    assert [(entry.note.action, entry.note.phase.value) for entry in reversed(entries)][:4] == [
        ("promotions.create_promotion", "intended"),
        ("promotions.create_promotion", "done"),
        ("promotions.set_promotion_status", "intended"),
        ("promotions.set_promotion_status", "done"),
    ]


async def test_the_same_request_again_makes_no_second_rule(shop: OpenShop) -> None:
    body = shop.terms(label="Once")
    first = await shop.create("promotions", body, key="spring")
    second = await shop.create("promotions", body, key="spring")
    assert first.json() == second.json()
    assert (await shop.labels()).count("Once") == 1


async def test_terms_that_name_what_the_catalogue_does_not_have_are_refused(shop: OpenShop) -> None:
    product = await shop.catalogue.on_sale()
    known, no_category = product.skus[0].sku_id, CategoryId.derive(NOW, "never made")
    scope = {"skus": [known, UNKNOWN], "excluded_categories": [no_category]}
    priced = {"kind": "timed_price", "prices": [{"sku_id": UNKNOWN, "price": {"minor": 100}}]}
    limit = shop.window(label="限购", quantity=2, scope={"skus": [UNKNOWN]})
    answers = [
        await shop.create("promotions", shop.terms(scope=scope)),
        await shop.create("promotions", shop.terms(offer=priced)),
        await shop.create("purchase-limits", limit),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(422, "promotion_terms_invalid")] * 3
    assert answers[0].json()["unknown"] == [UNKNOWN, no_category]
    assert UNKNOWN in answers[2].json()["detail"]
    everything = {
        "skus": [known],
        "products": [product.spu_id],
        "categories": [shop.catalogue.clothes.category_id],
        "brands": [shop.catalogue.brand.brand_id],
        "merchants": [shop.catalogue.merchant.merchant_id],
    }
    assert (await shop.create("promotions", shop.terms(scope=everything))).status_code == 201


async def test_senseless_terms_are_refused_in_words(shop: OpenShop) -> None:
    tiers = [{"at": {"minor": 30_000}, "off": {"minor": 4_000}}, {"at": {"minor": 20_000}, "off": {"minor": 5_000}}]
    now = shop.shop.clock().isoformat()
    before = await shop.labels()
    cases: list[tuple[Json, str, str]] = [
        (shop.terms(offer={"kind": "spend_save", "tiers": tiers}), "validation_failed", "rise"),
        (shop.terms(offer={"kind": "gift"}), "validation_failed", "kind"),
        (shop.terms(total_limit=0), "validation_failed", "total_limit"),
        (shop.terms(surprise=True), "validation_failed", "surprise"),
        (shop.terms(starts_at=now, ends_at=now), "promotion_terms_invalid", "after its start"),
        (shop.terms(budget={"minor": 100, "currency": "EUR"}), "promotion_terms_invalid", "EUR"),
        (shop.terms(campaign_id=f"cmp_{'0' * 26}"), "promotion_terms_invalid", "campaign"),
    ]
    for body, code, word in cases:
        answer = await shop.create("promotions", body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
        assert word in answer.text
    assert await shop.labels() == before


async def test_a_paused_campaign_takes_its_rules_off_the_storefront(shop: OpenShop) -> None:
    campaign = (await shop.create("campaigns", shop.window(name="Spring"))).json()
    path = f"campaigns/{campaign['campaign_id']}"
    rule = (await shop.create("promotions", shop.terms(campaign_id=campaign["campaign_id"]))).json()
    await shop.put(f"promotions/{rule['promotion_id']}/status", {"status": "active"}, 1)
    assert await shop.running(rule) is None
    await shop.put(f"{path}/status", {"status": "active"}, 1)
    assert (await shop.running(rule) or {})["campaign"] == "Spring"
    await shop.put(f"{path}/status", {"status": "paused"}, 1)
    assert await shop.running(rule) is None
    illegal = await shop.put(f"{path}/status", {"status": "draft"}, 1)
    ended = await shop.put(f"{path}/status", {"status": "ended"}, 1)
    over = await shop.put(path, shop.window(name="Again"), 1)
    assert [(answer.status_code, answer.json().get("code")) for answer in (illegal, ended, over)] == [
        (409, "promotion_step_illegal"),
        (200, None),
        (409, "promotion_over"),
    ]
    assert [one["terms"]["name"] for one in (await shop.get(f"{path}/versions"))["items"]] == ["Spring"]
    found = await shop.get("promotions", campaign_id=campaign["campaign_id"], status="active")
    assert [one["promotion_id"] for one in found["items"]] == [rule["promotion_id"]]
    assert (await shop.get("campaigns", status="active"))["items"] == []


async def test_purchase_limits_are_kept_like_rules(shop: OpenShop) -> None:
    body = shop.window(label="每人限购 2 件", quantity=2, scope={})
    limit = (await shop.create("purchase-limits", body)).json()
    path = f"purchase-limits/{limit['limit_id']}"
    assert (await shop.put(f"{path}/status", {"status": "active"}, 1)).json()["status"] == "active"
    revised = await shop.put(path, {**body, "quantity": 3, "window_days": 30}, 1)
    assert (revised.json()["version"], revised.json()["terms"]["window_days"]) == (2, 30)
    assert [one["version"] for one in (await shop.get(f"{path}/versions"))["items"]] == [2, 1]
    assert [one["limit_id"] for one in (await shop.get("purchase-limits"))["items"]] == [limit["limit_id"]]
    assert (await shop.get(path))["terms"]["quantity"] == 3


async def test_a_list_entry_is_added_tried_out_revised_and_ended(shop: OpenShop) -> None:
    starts = shop.terms()["starts_at"]
    new = {"kind": "black", "subject": "phone", "value": "138 0013 8000", "reason": "Chargebacks", "starts_at": starts}
    added = await shop.create("list-entries", new)
    assert (added.status_code, added.json()["shown"], added.headers["etag"]) == (201, "***00", '"1"'), added.text
    path = f"list-entries/{added.json()['entry_id']}"

    async def judged() -> Json:
        origin = {"phone": "+8613800138000", "ip": "203.0.113.7"}
        answer = await shop.marketing.http.post("/v1/operators/list-entries/judgement", json=origin)
        told: Json = answer.json()
        return told

    assert (await judged())["blocked"] is True
    assert [entry["entry_id"] for entry in (await judged())["entries"]] == [added.json()["entry_id"]]
    revised = await shop.put(path, {"reason": "Checked", "starts_at": starts}, 1)
    assert (revised.status_code, revised.json()["terms"]["reason"]) == (200, "Checked"), revised.text
    ended = await shop.put(f"{path}/ended", None, 2)
    assert (ended.status_code, ended.json()["version"]) == (200, 3), ended.text
    assert await judged() == {"blocked": False, "entries": []}
    listed = await shop.get("list-entries", kind="black", subject="phone")
    assert [entry["version"] for entry in listed["items"]] == [3]
    wrong = await shop.create("list-entries", {**new, "subject": "ip"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")
    trail = await shop.shop.audit_log.page(operator_id=None, subject=added.json()["entry_id"], before=None, limit=20)
    assert {entry.note.action for entry in trail} == {
        "ops.add_list_entry",
        "ops.revise_list_entry",
        "ops.end_list_entry",
    }
    assert not any("8000" in str(entry.note.details) for entry in trail)


async def test_only_the_permission_opens_these_doors(shop: OpenShop) -> None:
    service, customer = await shop.shop.operator("service"), await shop.shop.customer()
    for kind in ("campaigns", "promotions", "purchase-limits", "list-entries"):
        for who, status in ((service, 403), (customer, 403), (shop.shop.stranger(), 401)):
            assert (await who.http.get(f"/v1/operators/{kind}")).status_code == status
            assert (await shop.create(kind, {}, who)).status_code in (status, 422)
    assert (await shop.create("campaigns", shop.window(name="Theirs"), service)).status_code == 403
    assert "Theirs" not in str(await shop.get("campaigns"))
