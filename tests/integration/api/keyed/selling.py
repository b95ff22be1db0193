"""Orders, money, and what takes something off."""

import secrets
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.e2e.calls import JSON, eventually, said
from tests.e2e.offers import spend
from tests.integration.api.keyed.scene import Ask, Scene, at, makes
from workflows.checkout import Checkout
from workflows.checkout_desk import Stage

_days = count(1)


@makes("POST /orders/prepare")
async def prepare(scene: Scene) -> Ask:
    good, buyer = await scene.good(), await scene.buyer()
    return Ask(buyer, "/orders/prepare", buyer.basket(good.sku_id))


@makes("POST /orders", 201)
async def place(scene: Scene) -> Ask:
    good, buyer = await scene.good(), await scene.buyer()
    return Ask(buyer, "/orders", {"basket": buyer.basket(good.sku_id, quantity=2)})


@makes("POST /orders/{order_id}/cancel")
async def cancel(scene: Scene) -> Ask:
    bought = await scene.paid(await scene.good(by_hand=True))
    await scene.parcel(bought, "picking")
    return Ask(bought.buyer, f"/orders/{bought.order_id}/cancel", {"why": "changed my mind"})


@makes("POST /v1/orders/{order_id}/confirm")
async def confirm(scene: Scene) -> Ask:
    bought = await scene.paid()
    await scene.parcel(bought)
    return Ask(bought.buyer, f"/v1/orders/{bought.order_id}/confirm")


@makes("POST /v1/orders/{order_id}/decide-commit")
async def decide_commit(scene: Scene) -> Ask:
    bought = await scene.ordered()
    said(await scene.operator.post("/inventory/release", {"order_id": bought.order_id}), 200)
    await bought.buyer.pay(bought.order_id)
    process = (await scene.shop.temporal()).get_workflow_handle_for(Checkout.run, f"checkout/{bought.order_id}")

    async def undecided() -> bool:
        return (await process.query(Checkout.progress)).step == Stage.UNDECIDED

    await eventually("the order waits for a decision about its stock", undecided)
    return Ask(scene.operator, f"/v1/orders/{bought.order_id}/decide-commit", {"decision": "refund"})


@makes("POST /v1/operators/orders/{order_id}/price")
async def change_price(scene: Scene) -> Ask:
    bought = await scene.ordered()
    order = await scene.operator.order(bought.order_id)
    told = {"new_total": {"minor": order["total"]["minor"] - 100}, "why": "a scratch"}
    return Ask(scene.operator, f"/v1/operators/orders/{bought.order_id}/price", told, headers=at(order["version"]))


# ---- money -----------------------------------------------------------------------------------------------------------


@makes("POST /payments", 201)
async def pay(scene: Scene) -> Ask:
    bought = await scene.ordered()
    return Ask(bought.buyer, "/payments", {"order_id": bought.order_id, "channel": "sandbox"})


@makes("POST /payments/{payment_id}/refund", 201)
async def refund(scene: Scene) -> Ask:
    bought = await scene.paid(await scene.good(by_hand=True))
    return Ask(scene.operator, f"/payments/{bought.payment_id}/refund", {"amount": {"minor": 700}})


@makes("POST /v1/refunds/{refund_id}/decide")
async def decide_refund(scene: Scene) -> Ask:
    bought = await scene.paid(await scene.good(by_hand=True))

    async def refused() -> bool:
        (found,) = await scene.operator.read(f"/v1/payments/{bought.payment_id}/refunds")
        return bool(found["state"] == "refused")

    async with scene.shop.payments_go_wrong({"fault": "refund_refused"}):
        asked = await scene.operator.post(f"/payments/{bought.payment_id}/refund", {"amount": {"minor": 700}})
        refund_id = said(asked, 201)["refund_id"]
        await eventually("the channel refuses the refund", refused)
    return Ask(scene.operator, f"/v1/refunds/{refund_id}/decide", {"decision": "other_means"})


@makes("POST /v1/payments/{payment_id}/chargebacks", 201)
async def chargeback(scene: Scene) -> Ask:
    bought = await scene.paid(await scene.good(by_hand=True))
    assert bought.attempt is not None
    told = {"attempt_id": bought.attempt["attempt_id"], "amount": {"minor": 500}}
    told |= {"reference": f"CB-{secrets.token_hex(6)}", "reason": "the bank says so"}
    return Ask(scene.operator, f"/v1/payments/{bought.payment_id}/chargebacks", told)


@makes("POST /v1/ledger/adjustments", 201)
async def adjust_books(scene: Scene) -> Ask:
    told = {"debit": "fees", "credit": "adjustments", "amount": {"minor": 300}, "reason": "a dispute was won"}
    return Ask(scene.operator, "/v1/ledger/adjustments", told)


@makes("POST /v1/reconciliations", 202)
async def reconcile(scene: Scene) -> Ask:
    day = (datetime.now(UTC) - timedelta(days=30 + next(_days))).date()
    return Ask(scene.operator, "/v1/reconciliations", {"channel": "sandbox", "day": day.isoformat()})


# ---- what takes something off ----------------------------------------------------------------------------------------


def _period(begins: str, ends: str) -> dict[str, str]:
    now = datetime.now(UTC)
    return {begins: (now - timedelta(hours=1)).isoformat(), ends: (now + timedelta(days=1)).isoformat()}


async def _coupon(scene: Scene) -> JSON:
    told: JSON = {"label": "A coupon", "offer": spend(10, 1), "valid_days": 1}
    return told | {"scope": {"skus": [(await scene.good()).sku_id]}} | _period("claim_from", "claim_until")


@makes("POST /v1/operators/campaigns", 201)
async def campaign(scene: Scene) -> Ask:
    return Ask(scene.operator, "/v1/operators/campaigns", {"name": "A sale"} | _period("starts_at", "ends_at"))


@makes("POST /v1/operators/promotions", 201)
async def promotion(scene: Scene) -> Ask:
    scope = {"skus": [(await scene.good()).sku_id]}
    told: dict[str, Any] = {"label": "A promotion", "offer": spend(10, 1), "scope": scope}
    return Ask(scene.operator, "/v1/operators/promotions", told | _period("starts_at", "ends_at"))


@makes("POST /v1/operators/purchase-limits", 201)
async def purchase_limit(scene: Scene) -> Ask:
    told: dict[str, Any] = {"label": "Two each", "quantity": 2, "scope": {"skus": [(await scene.good()).sku_id]}}
    return Ask(scene.operator, "/v1/operators/purchase-limits", told | _period("starts_at", "ends_at"))


@makes("POST /v1/operators/coupon-templates", 201)
async def coupon_template(scene: Scene) -> Ask:
    return Ask(scene.operator, "/v1/operators/coupon-templates", await _coupon(scene))


@makes("POST /coupons/claim", 201)
async def claim_coupon(scene: Scene) -> Ask:
    template = await scene.made("/v1/operators/coupon-templates", await _coupon(scene))
    path = f"/v1/operators/coupon-templates/{template['template_id']}/status"
    said(await scene.operator.send("PUT", path, {"status": "active"}, headers=at(template["version"])), 200)
    return Ask(await scene.buyer(), "/coupons/claim", {"template_id": template["template_id"]})


@makes("POST /v1/operators/points/{user_id}/adjust")
async def give_points(scene: Scene) -> Ask:
    me = await (await scene.buyer()).read("/v1/users/me")
    return Ask(scene.operator, f"/v1/operators/points/{me['id']}/adjust", {"delta": 200, "why": "a present"})


@makes("POST /v1/operators/list-entries", 201)
async def list_entry(scene: Scene) -> Ask:
    told = {"kind": "black", "subject": "ip", "value": f"198.51.100.{next(_days)}/32", "reason": "Card testing"}
    return Ask(scene.operator, "/v1/operators/list-entries", told | {"starts_at": "2026-11-20T00:00:00Z"})
