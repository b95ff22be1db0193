"""After-sales, reviews, words and webhooks."""

import secrets
from datetime import UTC, datetime
from typing import Any

from hanse.database import Database
from models.orders.events import OrderPaid
from models.shared.ids import OrderId, UserId, WebhookDeliveryId, WebhookEndpointId
from models.shared.money import Money
from models.webhooks.messages import DeliveryInput
from models.webhooks.rules import message_for
from stores.webhooks import DeliveryStore
from tests.e2e.calls import JSON, said
from tests.integration.api.keyed.scene import Ask, Bought, Scene, at, claim, makes


def _wish(bought: Bought, case: str, what: str, body: Any = None) -> Ask:
    return Ask(bought.buyer, f"/v1/aftersales/{case}/{what}", body)


def _decision(scene: Scene, case: str, what: str, body: Any = None) -> Ask:
    return Ask(scene.operator, f"/v1/operators/aftersales/{case}/{what}", body)


def _waybill() -> JSON:
    return {"carrier": "sandbox", "waybill": f"BACK-{secrets.token_hex(8)}"}


async def _judged(scene: Scene, bought: Bought | None = None) -> tuple[Bought, str]:
    """A case that an operator must decide about."""
    return await scene.case("refund_only", bought, reason="other")


async def _coming_back(scene: Scene, kind: str = "return_refund", bought: Bought | None = None) -> tuple[Bought, str]:
    """A case whose goods are on their way."""
    bought, case = await scene.case(kind, bought)
    said(await bought.buyer.post(f"/v1/aftersales/{case}/return-waybill", _waybill()), 200)
    return bought, case


def _found(bought: Bought) -> JSON:
    return {"lines": [{"sku_id": bought.good.sku_id, "accepted": 1, "resellable": 0}]}


async def _without_replacement(scene: Scene) -> tuple[Bought, str]:
    bought, case = await _coming_back(scene, "exchange", await scene.arrived(await scene.good(2)))
    await scene.decides(case, "inspect", _found(bought))
    await scene.case_is(bought, case, "sold_out")
    return bought, case


@makes("POST /aftersales", 201)
async def apply(scene: Scene) -> Ask:
    bought = await scene.arrived()
    return Ask(bought.buyer, "/aftersales", claim(bought, "return_refund"))


@makes("POST /v1/aftersales/{aftersale_id}/withdraw")
async def withdraw(scene: Scene) -> Ask:
    return _wish(*await scene.case("return_refund"), "withdraw")


@makes("POST /v1/aftersales/{aftersale_id}/return-waybill")
async def send_back(scene: Scene) -> Ask:
    return _wish(*await scene.case("return_refund"), "return-waybill", _waybill())


@makes("POST /v1/aftersales/{aftersale_id}/pick-up")
async def pick_up(scene: Scene) -> Ask:
    return _wish(*await scene.case("return_refund"), "pick-up")


@makes("POST /v1/aftersales/{aftersale_id}/appeal")
async def appeal(scene: Scene) -> Ask:
    bought, case = await _judged(scene)
    await scene.decides(case, "audit", {"approve": False, "because": "Nothing is to be seen."})
    return _wish(bought, case, "appeal", {"because": "Look again."})


@makes("POST /v1/aftersales/{aftersale_id}/choice")
async def choose(scene: Scene) -> Ask:
    return _wish(*await _without_replacement(scene), "choice", {"refund": True})


@makes("POST /v1/operators/aftersales/{aftersale_id}/look-again")
async def look_again(scene: Scene) -> Ask:
    bought, case = await _without_replacement(scene)
    receipt = {"warehouse_id": bought.good.warehouses[0], "sku_id": bought.good.sku_id, "quantity": 1}
    said(await scene.operator.post("/v1/inventory/receive", receipt), 200)
    return _decision(scene, case, "look-again")


@makes("POST /v1/operators/aftersales/{aftersale_id}/audit")
async def audit(scene: Scene) -> Ask:
    _, case = await _judged(scene)
    return _decision(scene, case, "audit", {"approve": True})


@makes("POST /v1/operators/aftersales/{aftersale_id}/receive")
async def receive(scene: Scene) -> Ask:
    _, case = await _coming_back(scene)
    return _decision(scene, case, "receive")


@makes("POST /v1/operators/aftersales/{aftersale_id}/inspect")
async def inspect(scene: Scene) -> Ask:
    bought, case = await _coming_back(scene)
    return _decision(scene, case, "inspect", _found(bought))


@makes("POST /v1/operators/aftersales/{aftersale_id}/lower")
async def lower(scene: Scene) -> Ask:
    _, case = await _judged(scene)
    return _decision(scene, case, "lower", {"at_most": {"minor": 100}, "because": "Worn for a month."})


@makes("POST /v1/operators/aftersales/{aftersale_id}/close")
async def close(scene: Scene) -> Ask:
    _, case = await _judged(scene)
    return _decision(scene, case, "close", {"because": "Settled by telephone."})


@makes("POST /v1/operators/aftersales/{aftersale_id}/try-refund")
async def try_refund(scene: Scene) -> Ask:
    bought, case = await _judged(scene)
    left = {"amount": {"minor": 2 * bought.good.price - 100}}  # nearly all of it goes back by another hand
    said(await scene.operator.post(f"/payments/{bought.payment_id}/refund", left), 201)
    await scene.decides(case, "audit", {"approve": True})
    await scene.case_is(bought, case, "refund_refused")
    await scene.decides(case, "lower", {"at_most": {"minor": 100}, "because": "The rest went back already."})
    return _decision(scene, case, "try-refund")


# ---- reviews ---------------------------------------------------------------------------------------------------------


async def _reviewed(scene: Scene) -> tuple[Bought, JSON]:
    bought = await scene.arrived()
    path = f"/v1/orders/{bought.order_id}/lines/1/review"
    return bought, said(await bought.buyer.post(path, {"stars": 4, "text": "颜色很好"}), 201)


async def _taken_down(scene: Scene, review: JSON) -> None:
    path = f"/v1/operators/reviews/{review['review_id']}/decisions"
    told = {"publish": False, "why": "It names a person."}
    said(await scene.operator.post(path, told, headers=at(review["version"])), 200)


@makes("POST /v1/orders/{order_id}/lines/{line_no}/review", 201)
async def review(scene: Scene) -> Ask:
    bought = await scene.arrived()
    return Ask(bought.buyer, f"/v1/orders/{bought.order_id}/lines/1/review", {"stars": 5, "text": "很好"})


@makes("POST /v1/reviews/{review_id}/follow-up", 201)
async def follow_up(scene: Scene) -> Ask:
    bought, written = await _reviewed(scene)
    return Ask(bought.buyer, f"/v1/reviews/{written['review_id']}/follow-up", {"text": "洗了三次没有变形"})


@makes("POST /v1/reviews/{review_id}/appeal")
async def appeal_review(scene: Scene) -> Ask:
    bought, written = await _reviewed(scene)
    await _taken_down(scene, written)
    return Ask(bought.buyer, f"/v1/reviews/{written['review_id']}/appeal", {"why": "It names a colour."})


@makes("POST /v1/operators/reviews/{review_id}/decisions")
async def decide_review(scene: Scene) -> Ask:
    _, written = await _reviewed(scene)
    path = f"/v1/operators/reviews/{written['review_id']}/decisions"
    told = {"publish": False, "why": "It names a person."}
    return Ask(scene.operator, path, told, headers=at(written["version"]))


@makes("POST /v1/products/{spu_id}/reviews/{shown_id}/reports", 204)
async def report_review(scene: Scene) -> Ask:
    _, written = await _reviewed(scene)
    path = f"/v1/products/{written['spu_id']}/reviews/{written['review_id']}/reports"
    return Ask(await scene.buyer(), path, {"reason": "abuse"})


@makes("POST /v1/operators/moderation-words", 201)
async def moderation_word(scene: Scene) -> Ask:
    return Ask(scene.operator, "/v1/operators/moderation-words", {"text": secrets.token_hex(6), "verdict": "hold"})


# ---- webhooks --------------------------------------------------------------------------------------------------------

_LATER = ("notifications.webhook_attempts",)


async def _missed(scene: Scene) -> tuple[str, str]:
    """The path of an endpoint, and a delivery that it did not get."""
    made = await scene.made("/v1/operators/webhooks", {"url": "https://receiver.invalid/hanse"})
    endpoint_id, now = WebhookEndpointId(made["endpoint"]["endpoint_id"]), datetime.now(UTC)
    names = {"order_id": OrderId.mint(now, secrets.token_bytes(10)), "user_id": UserId.derive(now, "anna")}
    event = OrderPaid(occurred_at=now, total=Money(minor=100), lines=(), **names)
    delivery_id = WebhookDeliveryId.mint(now, secrets.token_bytes(10))
    message = message_for(event, "/hanse/orders")
    db = await Database(scene.shop.settings.dsn("notifications")).open()
    store = DeliveryStore(db)
    await store.open_once(
        DeliveryInput(delivery_id=delivery_id, endpoint_id=endpoint_id, message=message, asked_at=now)
    )
    await store.drop(delivery_id, now)
    await db.close()
    return f"/v1/operators/webhooks/{endpoint_id}", delivery_id


@makes("POST /v1/operators/webhooks/{endpoint_id}/deliveries/{delivery_id}/again", 202, elsewhere=_LATER)
async def redeliver(scene: Scene) -> Ask:
    endpoint, delivery_id = await _missed(scene)
    return Ask(scene.operator, f"{endpoint}/deliveries/{delivery_id}/again")


@makes("POST /v1/operators/webhooks/{endpoint_id}/redeliveries", 202, elsewhere=_LATER)
async def redeliver_since(scene: Scene) -> Ask:
    endpoint, _ = await _missed(scene)
    return Ask(scene.operator, f"{endpoint}/redeliveries", {"since": "2020-01-01T00:00:00Z"})
