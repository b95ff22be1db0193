"""What must not work, one row each: it is refused in a clear problem document, and it changes nothing."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from channels.sandbox_signing import CALLBACK_HEADER, sign_callback
from tests.e2e.calls import JSON, Buyer, Caller, Operator, eventually, fresh_key, said
from tests.e2e.goods import Good, Shelves
from tests.e2e.offers import Offers, claimed, spend
from tests.e2e.running import RunningShop


@dataclass
class Scene:
    """A shop with one order in each state that matters, and those who try what they must not."""

    shop: RunningShop
    buyer: Buyer
    stranger: Buyer
    operator: Operator
    nobody: Caller
    good: Good
    hidden: Good
    scarce: Good
    open_order: JSON
    open_attempt: JSON
    shipped: JSON
    used_key: str
    coupon: str
    """Of the buyer: 5 yuan off from 10."""
    strangers_coupon: str

    def basket(self, sku_id: str | None = None, quantity: Any = 1, **more: Any) -> JSON:
        line = {"sku_id": sku_id or self.good.sku_id, "quantity": quantity}
        return {"basket": {"lines": [line], "address_id": self.buyer.address_id, **more}}

    def callback(self, *, age: int = 0, secret: str | None = None, **told: Any) -> "Try":
        """A callback about the open order's attempt, true and well signed unless said otherwise."""
        event = {
            "event_id": f"evt_{fresh_key()}",
            "kind": "payment_paid",
            "reference": "sbx_unheard_of",
            "attempt_id": self.open_attempt["attempt_id"],
            "refund_id": None,
            "amount_minor": self.open_order["total"]["minor"],
            "currency": "CNY",
            "transaction_id": f"txn_{fresh_key()}",
            "reason": None,
            "occurred_at": "2026-11-22T10:00:00Z",
        }
        body = json.dumps({**event, **told})
        secret = secret or self.shop.settings.sandbox_payment_secret.get_secret_value()
        signature = sign_callback(secret, int(time.time()) - age, body.encode())
        path = f"/payments/{told.get('attempt_id', self.open_attempt['attempt_id'])}/callbacks"
        return Try(self.nobody, path, raw=body.encode(), headers={CALLBACK_HEADER: signature})

    async def picture(self) -> list[Any]:
        """Everything that a refused request might have changed."""
        paths = [f"/v1/inventory/levels?sku_id={good.sku_id}" for good in (self.good, self.hidden, self.scarce)]
        paths += [f"/v1/catalogue/products/{good.spu_id}" for good in (self.good, self.hidden, self.scarce)]
        for order in (self.open_order, self.shipped):
            paths += [f"/orders/{order['order_id']}", f"/payments/{order['payment_id']}"]
            paths.append(f"/v1/payments/{order['payment_id']}/refunds")
        own = [
            someone.read(path)
            for path in ("/v1/orders", "/v1/coupons", "/v1/points")
            for someone in (self.buyer, self.stranger)
        ]
        return await asyncio.gather(*map(self.operator.read, paths), *own)


@dataclass
class Try:
    """One request that must be refused."""

    who: Caller
    path: str
    json: Any = None
    method: str = "POST"
    raw: bytes | None = None
    key: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
async def scene(shop: RunningShop, shelves: Shelves) -> Scene:
    good, hidden = await shelves.good(50, 50), await shelves.good(5, published=False)
    scarce = await shelves.good(2)
    buyer, stranger = await shop.buyers(2)
    await stranger.placed(scarce.sku_id)
    key = fresh_key()
    open_order = said(await buyer.place(good.sku_id, key=key), 201)
    attempt = await buyer.try_to_pay(open_order["order_id"])
    shipped = await buyer.placed(good.sku_id)
    await buyer.pay(shipped["order_id"])
    await shipped_by_now(buyer, shipped["order_id"])
    nobody = Caller(shop.http, shop.settings.api_url)
    template = await Offers(shop.operator, good).template(spend(10, 5))
    return Scene(
        shop=shop,
        buyer=buyer,
        stranger=stranger,
        operator=shop.operator,
        nobody=nobody,
        good=good,
        hidden=hidden,
        scarce=scarce,
        open_order=open_order,
        open_attempt=attempt,
        shipped=shipped,
        used_key=key,
        coupon=await claimed(buyer, template),
        strangers_coupon=await claimed(stranger, template),
    )


async def shipped_by_now(buyer: Buyer, order_id: str) -> None:
    async def shipped() -> bool:
        order = await buyer.order(order_id)
        return bool(order["fulfillment_status"] == "shipped")

    await eventually("the order is shipped", shipped)


Refused = tuple[Callable[[Scene], Try], int, str]
NOWHERE = "0" * 26

CASES: dict[str, Refused] = {
    # ordering
    "an unknown SKU": (lambda s: Try(s.buyer, "/orders", s.basket(f"sku_{NOWHERE}")), 422, "unknown_sku"),
    "an unpublished SKU": (lambda s: Try(s.buyer, "/orders", s.basket(s.hidden.sku_id)), 422, "sku_unpublished"),
    "what is no SKU at all": (lambda s: Try(s.buyer, "/orders", s.basket("tee")), 422, "validation_failed"),
    "no quantity": (lambda s: Try(s.buyer, "/orders", s.basket(quantity=0)), 422, "validation_failed"),
    "a negative quantity": (lambda s: Try(s.buyer, "/orders", s.basket(quantity=-3)), 422, "validation_failed"),
    "a huge quantity": (lambda s: Try(s.buyer, "/orders", s.basket(quantity=10**30)), 422, "validation_failed"),
    "half a unit": (lambda s: Try(s.buyer, "/orders", s.basket(quantity=0.5)), 422, "validation_failed"),
    "more than one may have": (
        lambda s: Try(s.buyer, "/orders", s.basket(quantity=9_999)),
        422,
        "quantity_above_limit",
    ),
    "an empty basket": (
        lambda s: Try(s.buyer, "/orders", {"basket": {"lines": [], "address_id": s.buyer.address_id}}),
        422,
        "validation_failed",
    ),
    "neither basket nor prepared order": (lambda s: Try(s.buyer, "/orders", {}), 409, "not_prepared"),
    "a price that has changed": (
        lambda s: Try(s.buyer, "/orders", {**s.basket(), "expected_total": {"minor": 1, "currency": "CNY"}}),
        409,
        "price_changed",
    ),
    "more than there is": (lambda s: Try(s.buyer, "/orders", s.basket(s.scarce.sku_id, 3)), 409, "sold_out"),
    "someone else's address": (
        lambda s: Try(s.buyer, "/orders", s.basket(address_id=s.stranger.address_id)),
        422,
        "address_not_found",
    ),
    "preparing more than there is": (
        lambda s: Try(s.buyer, "/orders/prepare", s.basket(s.scarce.sku_id, 3)["basket"]),
        409,
        "sold_out",
    ),
    "placing an order twice": (
        lambda s: Try(s.buyer, "/orders", {"order_id": s.open_order["order_id"]}),
        409,
        "order_already_placed",
    ),
    "placing someone else's order": (
        lambda s: Try(s.stranger, "/orders", {"order_id": s.open_order["order_id"]}),
        409,
        "hold_expired",  # the answer for an order that never was, word for word
    ),
    "placing what was never prepared": (
        lambda s: Try(s.buyer, "/orders", {"order_id": f"ord_{NOWHERE}"}),
        409,
        "hold_expired",
    ),
    "a field that nobody asked for": (
        lambda s: Try(s.buyer, "/orders", {**s.basket(), "total": {"minor": 1}}),
        422,
        "validation_failed",
    ),
    # what is spent
    "a coupon that never was": (
        lambda s: Try(s.buyer, "/orders", s.basket(coupons=[f"cpn_{NOWHERE}"])),
        404,
        "coupon_not_found",
    ),
    "someone else's coupon": (
        lambda s: Try(s.buyer, "/orders", s.basket(coupons=[s.strangers_coupon])),
        404,
        "coupon_not_found",
    ),
    "trying someone else's coupon": (
        lambda s: Try(
            s.buyer,
            "/coupons/validate",
            {"lines": s.basket()["basket"]["lines"], "coupon_id": s.strangers_coupon},
        ),
        404,
        "coupon_not_found",
    ),
    "what is no coupon at all": (
        lambda s: Try(s.buyer, "/orders", s.basket(coupons=["free tea"])),
        422,
        "validation_failed",
    ),
    "a code that nobody gave out": (
        lambda s: Try(s.buyer, "/coupons/claim", {"code": "7K2M-Q0XD-91VB-ETNA"}),
        404,
        "coupon_code_wrong",
    ),
    "fewer than no points": (lambda s: Try(s.buyer, "/orders", s.basket(points=-1)), 422, "validation_failed"),
    "half a point": (lambda s: Try(s.buyer, "/orders", s.basket(points=0.5)), 422, "validation_failed"),
    "more points than there can be": (
        lambda s: Try(s.buyer, "/orders", s.basket(points=10**30)),
        422,
        "validation_failed",
    ),
    "more points than the buyer has": (
        lambda s: Try(s.buyer, "/orders", s.basket(points=10**9)),
        409,
        "points_not_enough",
    ),
    # who asks
    "ordering without a name": (lambda s: Try(s.nobody, "/orders", s.basket()), 401, "not_authenticated"),
    "someone else's order": (
        lambda s: Try(s.stranger, f"/orders/{s.open_order['order_id']}", method="GET"),
        404,
        "not_found",
    ),
    "cancelling someone else's order": (
        lambda s: Try(s.stranger, f"/orders/{s.open_order['order_id']}/cancel", {}),
        404,
        "not_found",
    ),
    "paying someone else's order": (
        lambda s: Try(s.stranger, "/payments", {"order_id": s.open_order["order_id"], "channel": "sandbox"}),
        404,
        "not_found",
    ),
    "someone else's payment": (
        lambda s: Try(s.stranger, f"/payments/{s.open_order['payment_id']}", method="GET"),
        404,
        "not_found",
    ),
    "a buyer who refunds": (
        lambda s: Try(s.buyer, f"/payments/{s.shipped['payment_id']}/refund", {}),
        403,
        "permission_missing",
    ),
    "a buyer who receives goods": (
        lambda s: Try(
            s.buyer,
            "/v1/inventory/receive",
            {"warehouse_id": s.good.warehouses[0], "sku_id": s.good.sku_id, "quantity": 5},
        ),
        403,
        "permission_missing",
    ),
    # an order's life
    "cancelling what was shipped": (
        lambda s: Try(s.buyer, f"/orders/{s.shipped['order_id']}/cancel", {}),
        409,
        "order_already_shipped",
    ),
    "cancelling what never was": (
        lambda s: Try(s.buyer, f"/orders/ord_{NOWHERE}/cancel", {}),
        404,
        "not_found",
    ),
    "confirming what was never paid": (
        lambda s: Try(s.buyer, f"/v1/orders/{s.open_order['order_id']}/confirm"),
        409,
        "parcels_under_way",
    ),
    "deciding about stock that is fine": (
        lambda s: Try(s.operator, f"/v1/orders/{s.shipped['order_id']}/decide-commit", {"decision": "refund"}),
        409,
        "nothing_to_decide",
    ),
    # money
    "paying on a channel that is none": (
        lambda s: Try(s.buyer, "/payments", {"order_id": s.open_order["order_id"], "channel": "gold"}),
        422,
        "channel_unknown",
    ),
    "paying what is paid": (
        lambda s: Try(s.buyer, "/payments", {"order_id": s.shipped["order_id"], "channel": "sandbox"}),
        409,
        "payment_already_complete",
    ),
    "paying more than is owed": (
        lambda s: Try(
            s.buyer,
            "/payments",
            {"order_id": s.open_order["order_id"], "channel": "sandbox", "amount": {"minor": 10_000_000}},
        ),
        409,
        "attempt_exceeds_rest",
    ),
    "refunding more than is left": (
        lambda s: Try(s.operator, f"/payments/{s.shipped['payment_id']}/refund", {"amount": {"minor": 1_991}}),
        409,
        "refund_exceeds_rest",
    ),
    "refunding nothing": (
        lambda s: Try(s.operator, f"/payments/{s.shipped['payment_id']}/refund", {"amount": {"minor": 0}}),
        422,
        "refund_amount_invalid",
    ),
    "refunding in another currency": (
        lambda s: Try(
            s.operator, f"/payments/{s.shipped['payment_id']}/refund", {"amount": {"minor": 5, "currency": "EUR"}}
        ),
        422,
        "refund_amount_invalid",
    ),
    "refunding what was not paid": (
        lambda s: Try(s.operator, f"/payments/{s.open_order['payment_id']}/refund", {}),
        409,
        "payment_still_open",
    ),
    # callbacks
    "a callback with a bad signature": (
        lambda s: s.callback(secret="guessed by somebody"),
        401,
        "callback_signature_invalid",
    ),
    "a callback signed an hour ago": (lambda s: s.callback(age=3_600), 401, "callback_timestamp_stale"),
    "a callback without a signature": (
        lambda s: Try(s.nobody, f"/payments/{s.open_attempt['attempt_id']}/callbacks", {"event_id": "evt_1"}),
        400,
        "callback_malformed",
    ),
    "a callback about nobody's payment": (
        lambda s: s.callback(attempt_id=f"att_{NOWHERE}"),
        404,
        "not_found",
    ),
    "a callback that is no event": (lambda s: s.callback(kind="payment_dreamt"), 400, "callback_malformed"),
    # the shape of requests
    "a write without an Idempotency-Key": (
        lambda s: Try(s.buyer, "/orders", s.basket(), key=""),
        400,
        "idempotency_key_missing",
    ),
    "an Idempotency-Key that is none": (
        lambda s: Try(s.buyer, "/orders", s.basket(), key="k" * 300),
        400,
        "idempotency_key_malformed",
    ),
    "the same key with another body": (
        lambda s: Try(s.buyer, "/orders", s.basket(quantity=2), key=s.used_key),
        422,
        "idempotency_key_reused",
    ),
    "JSON that ends too early": (lambda s: Try(s.buyer, "/orders", raw=b'{"basket": {'), 400, "body_malformed"),
    "bytes that are no text": (lambda s: Try(s.buyer, "/orders", raw=b'{"basket": "\xff\xfe"}'), 400, "body_malformed"),
    "JSON nested without end": (lambda s: Try(s.buyer, "/orders", raw=b"[" * 200_000), 400, "body_malformed"),
    "a body that is too large": (
        lambda s: Try(s.buyer, "/orders", {**s.basket(), "note": "x" * 1_100_000}),
        413,
        "body_too_large",
    ),
    "a cursor that is none of ours": (
        lambda s: Try(s.buyer, "/v1/orders?cursor=nonsense", method="GET"),
        422,
        "invalid_request",
    ),
    "a page without end": (lambda s: Try(s.buyer, "/v1/orders?limit=100000", method="GET"), 422, "validation_failed"),
    "a path that leads nowhere": (lambda s: Try(s.nobody, "/v1/nowhere", method="GET"), 404, "http_404"),
    "a method that is not offered": (lambda s: Try(s.nobody, "/orders", method="DELETE"), 405, "http_405"),
    # stock and files
    "receiving less than nothing": (
        lambda s: Try(
            s.operator,
            "/v1/inventory/receive",
            {"warehouse_id": s.good.warehouses[0], "sku_id": s.good.sku_id, "quantity": -1},
        ),
        422,
        "validation_failed",
    ),
    "taking away what is promised": (
        lambda s: Try(
            s.operator,
            "/v1/inventory/adjust",
            {"warehouse_id": s.scarce.warehouses[0], "sku_id": s.scarce.sku_id, "delta": -2, "note": "broken"},
        ),
        409,
        "stock_is_reserved",
    ),
    "a catalogue file of no kind": (
        lambda s: Try(s.operator, "/v1/catalogue/import", raw=b"x", headers={"content-type": "application/pdf"}),
        415,
        "file_type_unknown",
    ),
    "a catalogue file without its columns": (
        lambda s: Try(s.operator, "/v1/catalogue/import", raw=b"a,b\n1,2\n", headers={"content-type": "text/csv"}),
        422,
        "import_unreadable",
    ),
    "an edit without If-Match": (
        lambda s: Try(
            s.operator,
            f"/v1/catalogue/skus/{s.good.sku_id}/price",
            {"price": {"minor": 1}},
            method="PUT",
        ),
        428,
        "if_match_missing",
    ),
    "an edit of an old version": (
        lambda s: Try(
            s.operator,
            f"/v1/catalogue/skus/{s.good.sku_id}/price",
            {"price": {"minor": 1}},
            method="PUT",
            headers={"if-match": '"77"'},
        ),
        412,
        "stale_version",
    ),
}


@pytest.mark.parametrize("what", CASES)
async def test_it_is_refused_and_changes_nothing(scene: Scene, what: str) -> None:
    made, status, code = CASES[what]
    asked = made(scene)
    before = await scene.picture()
    key = fresh_key() if asked.key is None else asked.key
    headers = {"content-type": "application/json", **asked.headers} if asked.raw is not None else asked.headers
    answer = await asked.who.send(
        asked.method,
        asked.path,
        asked.json,
        key=key,
        headers=headers,
        **({} if asked.raw is None else {"content": asked.raw}),
    )
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"] == f"/problems/{code}"
    assert len(problem["detail"].split()) >= 2, "a person must understand it"
    assert "Traceback" not in answer.text
    assert await scene.picture() == before


async def test_a_genuine_callback_of_another_amount_books_nothing_and_waits_for_a_person(scene: Scene) -> None:
    before = await scene.picture()
    told = scene.callback(amount_minor=scene.open_order["total"]["minor"] - 1)
    answer = await told.who.send("POST", told.path, content=told.raw, headers=told.headers)
    assert said(answer, 200) == {"received": True}

    async def kept() -> bool:
        mismatches = await scene.operator.read("/v1/operators/payments/mismatches")
        return any(one["payment_id"] == scene.open_order["payment_id"] for one in mismatches)

    await eventually("the mismatch is kept", kept)
    assert await scene.picture() == before


async def test_bad_lines_of_a_catalogue_file_are_named_and_the_good_ones_count(
    scene: Scene, shelves: Shelves, operator: Operator
) -> None:
    code = f"good-{fresh_key()[:8]}"
    report = await shelves.import_lines(
        shelves.line(code, 500),
        f"{code}-2,{code}-2-1,Bad price,{code},200,-5.00,true",
        f"{code}-3,{code}-3-1,Unknown category,no-such-category,200,5.00,true",
        "too,few,cells",
        f'{code}-4,{code}-4-1,"An open quote,all,200,5.00,true',
    )
    assert (report["products_created"], report["faults_total"]) == (1, 4), report
    assert all(fault["line"] and fault["wrong"] and fault["to_do"] for fault in report["faults"]), report


async def test_bad_lines_of_a_stock_list_are_named_and_change_nothing(scene: Scene) -> None:
    before = await scene.picture()
    lines = (
        f"warehouse_code,sku_id,on_hand\nnowhere,{scene.good.sku_id},5\nnowhere,tee,5\nnowhere,{scene.good.sku_id},-5\n"
    )
    answer = await scene.operator.post(
        "/v1/inventory/stock-lists", content=lines.encode(), headers={"content-type": "text/csv"}
    )
    report = said(answer, 200)
    assert (report["counted"], [error["line"] for error in report["errors"]]) == (0, [2, 3, 4])
    assert await scene.picture() == before


async def test_the_shop_is_in_order_after_all_that(scene: Scene, shop: RunningShop) -> None:
    await shop.nothing_is_stuck()
    await shop.audit_is_clean()
