"""Transfers, strategies, batches and lists as operators meet them."""

import asyncio
import csv
import io
import secrets
from typing import Any

import pytest
from temporalio.client import Client

from activities.auditing.across import transfers_and_workflows
from models.inventory.messages import transfer_workflow_id
from models.shared.events import Event
from models.shared.ids import MerchantId, TransferId
from tests.integration.inventory.over_http import Listener, post, receive
from tests.integration.inventory.shop import MERCHANT, NOW, line, order, sku
from tests.integration.users.shop import Person
from tests.integration.users.shop import Shop as AccountsShop

TRANSFERS = "/v1/inventory/transfers"


async def add_warehouse(keeper: Person, code: str, merchant: str = MERCHANT, **more: Any) -> dict[str, Any]:
    body = {"code": code, "name": code, "merchant_id": merchant, **more}
    found: dict[str, Any] = (await post(keeper, "/v1/inventory/warehouses", body)).json()
    return found


@pytest.fixture
async def south(keeper: Person) -> dict[str, Any]:
    return await add_warehouse(keeper, "GZ-1")


def plan(start: dict[str, Any], end: dict[str, Any], *lines: Any) -> dict[str, Any]:
    return {
        "from_warehouse_id": start["warehouse_id"],
        "to_warehouse_id": end["warehouse_id"],
        "lines": [each.model_dump() for each in lines or (line(8),)],
        "note": "for the feast",
    }


async def on_hand(keeper: Person) -> dict[str, int]:
    levels = (await keeper.http.get("/v1/inventory/levels", params={"sku_id": sku()})).json()["items"]
    return {level["warehouse_id"]: level["on_hand"] for level in levels}


async def test_goods_leave_arrive_in_parts_and_get_lost(
    keeper: Person, warehouse: dict[str, Any], south: dict[str, Any], listener: Listener, accounts: AccountsShop
) -> None:
    await receive(keeper, warehouse, 20)
    planned = await post(keeper, TRANSFERS, plan(warehouse, south), "one")
    again = await post(keeper, TRANSFERS, plan(warehouse, south), "one")
    assert (planned.status_code, planned.json()["state"], again.json()) == (201, "planned", planned.json())
    path = f"{TRANSFERS}/{planned.json()['transfer_id']}"

    left = await post(keeper, f"{path}/dispatch", None)
    part = await post(keeper, f"{path}/arrive", {"lines": [line(5).model_dump()]}, "part")
    twice = await post(keeper, f"{path}/arrive", {"lines": [line(5).model_dump()]}, "part")
    lost = await post(keeper, f"{path}/lose", {"lines": [line(1).model_dump()], "reason": "in a ditch"})
    rest = await post(keeper, f"{path}/arrive", {})
    late = await post(keeper, f"{path}/arrive", {})

    assert [answer.json()["state"] for answer in (left, part, lost, rest)] == ["in_transit"] * 3 + ["completed"]
    assert twice.json() == part.json()
    assert (late.status_code, late.json()["code"]) == (409, "transfer_not_waiting")
    assert await on_hand(keeper) == {warehouse["warehouse_id"]: 12, south["warehouse_id"]: 7}
    assert (await keeper.http.get(path)).json() == rest.json()
    assert listener.told_of(planned.json()["transfer_id"]) == [
        "transfer_dispatched",
        "transfer_arrived",
        "transfer_lost",
        "transfer_arrived",
    ]
    async with accounts.ops.reader() as connection:
        actions = {row["action"] for row in await connection.fetch("SELECT action FROM audit_log")}
    assert actions >= {"inventory.plan_transfer", "inventory.dispatch_transfer", "inventory.arrive_transfer"}
    store = accounts.app.state.services.inventory
    assert await store.audit(NOW) == []


async def test_a_recalled_transfer_comes_back_and_a_planned_one_is_called_off(
    keeper: Person, warehouse: dict[str, Any], south: dict[str, Any], listener: Listener
) -> None:
    await receive(keeper, warehouse, 20)
    sent, kept = [(await post(keeper, TRANSFERS, plan(warehouse, south))).json() for _ in range(2)]
    await post(keeper, f"{TRANSFERS}/{sent['transfer_id']}/dispatch", None)

    reason = {"reason": "wrong warehouse"}
    turned = await post(keeper, f"{TRANSFERS}/{sent['transfer_id']}/recall", reason)
    off = await post(keeper, f"{TRANSFERS}/{kept['transfer_id']}/recall", reason)
    under_way = (await keeper.http.get(TRANSFERS, params={"state": "returning"})).json()["items"]
    home = await post(keeper, f"{TRANSFERS}/{sent['transfer_id']}/arrive", {})

    assert [answer.json()["state"] for answer in (turned, off, home)] == ["returning", "cancelled", "completed"]
    assert [each["transfer_id"] for each in under_way] == [sent["transfer_id"]]
    assert await on_hand(keeper) == {warehouse["warehouse_id"]: 20}
    assert listener.told_of(sent["transfer_id"]) == ["transfer_dispatched", "transfer_recalled", "transfer_arrived"]


async def test_the_audit_finds_a_transfer_whose_process_is_gone(
    keeper: Person,
    warehouse: dict[str, Any],
    south: dict[str, Any],
    listener: Listener,
    accounts: AccountsShop,
    saga_client: Client,
) -> None:
    await receive(keeper, warehouse, 20)
    planned = (await post(keeper, TRANSFERS, plan(warehouse, south))).json()
    store = accounts.app.state.services.inventory

    async def found(count: int) -> list[tuple[str, str]]:
        """What is found; Temporal's list of what runs is some moments late."""
        for _ in range(100):
            findings = (await transfers_and_workflows(saga_client, store)).findings
            if len(findings) == count:
                break
            await asyncio.sleep(0.05)
        return [(finding.check, finding.workflow_id) for finding in findings]

    assert await found(0) == []
    process = transfer_workflow_id(planned["transfer_id"])
    await saga_client.get_workflow_handle(process).terminate()
    assert await found(1) == [("transfer_without_workflow", process)]


async def test_each_impossible_transfer_is_a_problem_document(
    keeper: Person, warehouse: dict[str, Any], south: dict[str, Any], listener: Listener
) -> None:
    await receive(keeper, warehouse, 5)
    foreign = await add_warehouse(keeper, "X-1", MerchantId.derive(NOW, "other"))
    for body, status, code in (
        (plan(warehouse, warehouse), 422, "transfer_to_itself"),
        (plan(warehouse, foreign, line(1)), 409, "warehouse_of_another_merchant"),
        (plan(warehouse, south, line(6)), 409, "transfer_exceeds_available"),
        (plan(warehouse, {"warehouse_id": "wh_01jd8x4q2r7m9v3k5t6w8y0zab"}, line(1)), 404, "not_found"),
        ({**plan(warehouse, south), "lines": [{"sku_id": sku(), "quantity": -1}]}, 422, "validation_failed"),
        ({**plan(warehouse, south), "lines": []}, 422, "validation_failed"),
    ):
        answer = await post(keeper, TRANSFERS, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    unknown = TransferId.derive(NOW, "unknown")
    assert (await post(keeper, f"{TRANSFERS}/{unknown}/dispatch", None)).status_code == 404
    planned = (await post(keeper, TRANSFERS, plan(warehouse, south, line(5)))).json()
    await post(keeper, f"{TRANSFERS}/{planned['transfer_id']}/dispatch", None)
    too_much = await post(keeper, f"{TRANSFERS}/{planned['transfer_id']}/arrive", {"lines": [line(6).model_dump()]})
    assert (too_much.status_code, too_much.json()["code"]) == (409, "transfer_exceeds_transit")
    assert too_much.json()["lines"] == [{"sku_id": sku(), "asked": 6, "left": 5}]


async def test_strangers_and_buyers_neither_see_nor_move_transfers(accounts: AccountsShop) -> None:
    path = f"{TRANSFERS}/{TransferId.derive(NOW, 'any')}"
    for who, status in ((await accounts.customer(), 403), (accounts.stranger(), 401)):
        for read in (TRANSFERS, path, f"/v1/inventory/merchants/{MERCHANT}/allocation", "/v1/inventory/stock-lists"):
            assert (await who.http.get(read)).status_code == status
        for step, body in (("dispatch", None), ("arrive", {}), ("lose", {"reason": "x"}), ("recall", {"reason": "x"})):
            assert (await post(who, f"{path}/{step}", body)).status_code == status


async def test_a_merchants_strategy_is_chosen_by_who_saw_the_newest_version_and_orders_go_by_it(
    keeper: Person, warehouse: dict[str, Any]
) -> None:
    near = await add_warehouse(keeper, "near", region="Shanghai")
    await receive(keeper, warehouse, 5)
    await receive(keeper, near, 2)
    path = f"/v1/inventory/merchants/{MERCHANT}/allocation"
    seen = await keeper.http.get(path)
    assert (seen.json()["strategy"], seen.headers["etag"]) == ("nearest", '"0"')

    body = {"strategy": "split_by_nearest"}
    chosen = await keeper.http.put(path, json=body, headers={"if-match": seen.headers["etag"]})
    late = await keeper.http.put(path, json=body, headers={"if-match": seen.headers["etag"]})
    blind = await keeper.http.put(path, json=body)
    nobody = f"/v1/inventory/merchants/{MerchantId.derive(NOW, 'nobody')}/allocation"
    assert (chosen.status_code, chosen.json()["version"], chosen.headers["etag"]) == (200, 1, '"1"')
    assert (late.status_code, blind.status_code, (await keeper.http.get(nobody)).status_code) == (412, 428, 404)

    wish = {
        "order_id": order(),
        "lines": [line(4).model_dump()],
        "destination": {"country": "CN", "region": "Shanghai"},
    }
    held = (await post(keeper, "/inventory/reserve", wish)).json()
    assert {part["warehouse_id"]: part["quantity"] for part in held["allocations"]} == {
        near["warehouse_id"]: 2,
        warehouse["warehouse_id"]: 2,
    }


async def test_a_batch_is_done_whole_or_each_bad_line_is_named(keeper: Person, warehouse: dict[str, Any]) -> None:
    await receive(keeper, warehouse, 5)
    await post(keeper, "/inventory/reserve", {"order_id": order(), "lines": [line(4).model_dump()], "destination": {}})
    here = warehouse["warehouse_id"]

    def change(kind: str, units: int, name: str = "tea", where: str = here, note: str = "") -> dict[str, Any]:
        return {"kind": kind, "warehouse_id": where, "sku_id": sku(name), "units": units, "note": note}

    bad = await post(
        keeper,
        "/v1/inventory/batches",
        {
            "lines": [
                change("receive", 3, "cup"),
                change("receive", -1, "pot"),
                change("count", 3),
                change("adjust", -1, "cup", note="broken"),
                change("receive", 1, "tray", "wh_01jd8x4q2r7m9v3k5t6w8y0zab"),
                change("adjust", -1, "jar", note="broken"),
                change("adjust", 2, "lid"),
            ]
        },
    )
    assert (bad.status_code, bad.json()["code"]) == (409, "batch_refused")
    assert [(each["line"], each["code"]) for each in bad.json()["lines"]] == [
        (2, "invalid_request"),
        (3, "stock_is_reserved"),
        (4, "invalid_request"),
        (5, "not_found"),
        (6, "invalid_request"),
        (7, "invalid_request"),
    ]
    levels = (await keeper.http.get("/v1/inventory/levels")).json()["items"]
    assert [(level["sku_id"], level["on_hand"]) for level in levels] == [(sku(), 5)]

    lines = [change("receive", 3, "cup"), change("count", 6), change("adjust", 2, "pot", note="found")]
    first, again = [await post(keeper, "/v1/inventory/batches", {"lines": lines}, "spring") for _ in range(2)]
    assert [level["on_hand"] for level in first.json()["levels"]] == [3, 6, 2]
    assert again.json() == first.json()
    journal = (await keeper.http.get("/v1/inventory/journal", params={"limit": 3})).json()["items"]
    assert sorted((each["reason"], each["delta"]) for each in journal) == [("adjust", 2), ("count", 1), ("receive", 3)]


async def test_what_an_operator_takes_to_its_mark_is_told_once(
    keeper: Person, warehouse: dict[str, Any], listener: Listener
) -> None:
    await receive(keeper, warehouse, 9)
    level = {"warehouse_id": warehouse["warehouse_id"], "sku_id": sku()}
    path = f"/v1/inventory/levels/{warehouse['warehouse_id']}/{sku()}/thresholds"
    await keeper.http.put(path, json={"safety": 0, "low_at": 3})
    for key in ("one", "one", "two"):
        await post(keeper, "/v1/inventory/adjust", level | {"delta": -3, "note": "broken"}, key)
    wish = {"order_id": order(), "lines": [line(1).model_dump()], "destination": {}}
    await post(keeper, "/inventory/reserve", wish)
    told = await _told_of(listener, warehouse["warehouse_id"])
    assert [(event.type, getattr(event, "available", None)) for event in told] == [("hanse.inventory.stock_low.v1", 3)]


async def _told_of(listener: Listener, warehouse_id: str) -> list[Event]:
    """What was told of this warehouse; notices of other tests may still be on their way."""
    for _ in range(200):
        told = [event for event in listener.heard if getattr(event, "warehouse_id", None) == warehouse_id]
        if told:
            return told
        await asyncio.sleep(0.02)
    raise AssertionError(f"waited in vain; heard {listener.heard}")


async def test_an_exported_list_is_one_that_can_be_imported(keeper: Person, warehouse: dict[str, Any]) -> None:
    await receive(keeper, warehouse, 5)
    await receive(keeper, warehouse, 7, "cup")
    exported = await keeper.http.get("/v1/inventory/stock-lists")
    assert exported.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(exported.text)))
    assert sorted((row["warehouse_code"], row["on_hand"], row["available"]) for row in rows) == [
        ("SH-1", "5", "5"),
        ("SH-1", "7", "7"),
    ]
    headers = {"content-type": "text/csv", "idempotency-key": secrets.token_hex(8)}
    report = await keeper.http.post("/v1/inventory/stock-lists", content=exported.content, headers=headers)
    assert report.json() == {"counted": 2, "errors": [], "low_stock": [], "served": []}


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("warehouse_code,sku_id,on_hand\nSH-1,x,1".encode("utf-16"), 422),
        ("warehouse_code,sku_id,on_hand\n上海,x,1".encode("gb18030"), 422),
        (b"warehouse_code,sku_id,on_hand,on_hand\n", 422),
        (b"warehouse_code,sku_id,price\n", 422),
    ],
)
async def test_a_list_that_cannot_be_read_changes_nothing(
    keeper: Person, warehouse: dict[str, Any], content: bytes, status: int
) -> None:
    headers = {"content-type": "text/csv", "idempotency-key": secrets.token_hex(8)}
    answer = await keeper.http.post("/v1/inventory/stock-lists", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, "invalid_request")


async def test_a_line_with_more_fields_than_the_heading_is_reported(keeper: Person, warehouse: dict[str, Any]) -> None:
    text = f"warehouse_code,sku_id,on_hand\nSH-1,{sku()},1,234\nSH-1,{sku('cup')},99999999999\nSH-1,{sku('pot')},2\n"
    headers = {"content-type": "text/csv", "idempotency-key": secrets.token_hex(8)}
    report = (await keeper.http.post("/v1/inventory/stock-lists", content=text.encode(), headers=headers)).json()
    assert (report["counted"], [error["line"] for error in report["errors"]]) == (1, [2, 3])


async def test_bad_input_to_reservations_is_refused(keeper: Person, warehouse: dict[str, Any]) -> None:
    await receive(keeper, warehouse, 5)
    level = {"warehouse_id": warehouse["warehouse_id"], "sku_id": sku()}
    negative = await post(keeper, "/v1/inventory/receive", level | {"quantity": -5})
    unheld = await post(keeper, "/inventory/commit", {"order_id": order("nobody")})
    assert (negative.status_code, negative.json()["code"]) == (422, "validation_failed")
    assert (unheld.status_code, unheld.json()["code"]) == (409, "nothing_reserved")
