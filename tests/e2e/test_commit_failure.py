"""A paid order whose stock cannot be committed, on the running shop: an alert, then a person decides, here or in Temporal's UI."""

from temporalio.client import Client, WorkflowUpdateStage

from tests.e2e.calls import Buyer, Operator, eventually, said
from tests.e2e.goods import Shelves
from tests.e2e.running import RunningShop
from workflows.checkout import Checkout
from workflows.checkout_desk import Stage


async def waits_for_a_decision(shop: RunningShop, order_id: str) -> None:
    """Its process says what it waits for."""
    checkout = (await shop.temporal()).get_workflow_handle_for(Checkout.run, f"checkout/{order_id}")

    async def undecided() -> bool:
        return (await checkout.query(Checkout.progress)).step == Stage.UNDECIDED

    await eventually(f"order {order_id} waits for a decision about its stock", undecided)


async def alerts(shop: RunningShop, operator: Operator) -> float:
    """How often `hanse_stock_commit_failed` was counted, where Prometheus reads it (deploy/alerts.yml)."""
    return await operator.metric("hanse_stock_commit_failed", f"http://127.0.0.1:{shop.settings.metrics_port}")


async def test_stock_that_cannot_be_committed_is_decided_over_http_and_from_temporals_ui(
    shop: RunningShop, shelves: Shelves, buyer: Buyer, operator: Operator
) -> None:
    good = await shelves.good(3, price=5_000)
    order_id = (await buyer.placed(good.sku_id, quantity=2))["order_id"]
    said(await operator.post("/inventory/release", {"order_id": order_id}), 200)  # somebody's mistake
    before = await alerts(shop, operator)
    await buyer.pay(order_id)
    await waits_for_a_decision(shop, order_id)

    stuck = await buyer.order(order_id)
    assert (stuck["status"], stuck["payment_status"]) == ("pending_payment", "paid")  # money that came is not asked for
    timeline = await buyer.read(f"/v1/orders/{order_id}/timeline")
    assert "payment_received" in {entry["step"] for entry in timeline}  # the console's button looks for it

    path = f"/v1/orders/{order_id}/decide-commit"
    assert (await buyer.post(path, {"decision": "refund"})).status_code == 403
    first = said(await operator.post(path, {"decision": "retry"}, key=f"retry-{order_id}"), 200)
    assert said(await operator.post(path, {"decision": "retry"}, key=f"retry-{order_id}"), 200) == first

    async def alerted_twice() -> bool:
        return await alerts(shop, operator) == before + 2

    await eventually("the alert was counted for each failed commit", alerted_twice)
    await waits_for_a_decision(shop, order_id)

    # Temporal's Web UI knows nothing of our converter: it sends plain JSON by the update's name.
    ui = await Client.connect(shop.settings.temporal_address, namespace=shop.settings.temporal_namespace)
    wish = {"decision": "refund", "actor": "operator:temporal-ui"}
    checkout = ui.get_workflow_handle(f"checkout/{order_id}")
    await checkout.start_update("decide_commit", wish, wait_for_stage=WorkflowUpdateStage.ACCEPTED)

    order = await buyer.until(order_id, "cancelled")
    assert order["cancel_reason"] == "stock_commit_failed"

    async def money_is_back() -> bool:
        payment = await operator.payment_of(order)
        return bool(payment["refunded"]["minor"] == payment["captured"]["minor"] == 10_000)

    await eventually("the money went back", money_is_back)
    assert await operator.available(good.sku_id) == 3
    log = (await operator.get("/v1/operators/audit-log", params={"subject": order_id})).json()["items"]
    assert [entry["phase"] for entry in log if entry["action"] == "orders.decide_commit"] == ["done", "intended"]
