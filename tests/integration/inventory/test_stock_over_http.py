"""Inventory as operators and other systems meet it."""

import secrets
from typing import Any

import pytest

from models.inventory.errors import SoldOut
from tests.integration.following import Heard
from tests.integration.inventory.over_http import post, receive
from tests.integration.inventory.shop import MERCHANT, line, order, sku
from tests.integration.users.shop import Person
from tests.integration.users.shop import Shop as AccountsShop


def wish(quantity: int, name: str = "order") -> dict[str, Any]:
    return {
        "order_id": order(name),
        "lines": [line(quantity).model_dump()],
        "destination": {"country": "CN", "city": "Shanghai"},
    }


@pytest.mark.parametrize("prefix", ["", "/v1"])
async def test_stock_is_reserved_and_committed_by_the_paths_of_the_contract(
    keeper: Person, warehouse: dict[str, Any], prefix: str
) -> None:
    await receive(keeper, warehouse, 10)

    held = await post(keeper, f"{prefix}/inventory/reserve", wish(4))
    sold = await post(keeper, f"{prefix}/inventory/commit", {"order_id": order()})
    late = await post(keeper, f"{prefix}/inventory/release", {"order_id": order()})

    assert (held.status_code, held.json()["state"]) == (200, "held")
    assert (sold.status_code, sold.json()["state"]) == (200, "committed")
    assert (late.status_code, late.json()["code"]) == (409, "reservation_committed")
    shown = await keeper.http.get(f"/v1/inventory/skus/{sku()}")
    assert (shown.json()["available"], shown.json()["in_stock"]) == (6, 6)


async def test_sold_out_is_a_problem_document_that_says_how_many_are_left(
    keeper: Person, warehouse: dict[str, Any]
) -> None:
    await receive(keeper, warehouse, 3)

    answer = await post(keeper, "/inventory/reserve", wish(4))

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == SoldOut.code
    assert answer.json()["lines"] == [{"sku_id": sku(), "asked": 4, "left": 3}]


@pytest.mark.parametrize("path", ["/inventory/reserve", "/v1/inventory/receive", "/v1/inventory/warehouses"])
async def test_without_an_idempotency_key_nothing_moves(keeper: Person, path: str) -> None:
    answer = await keeper.http.post(path, json=wish(1))
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


async def test_the_same_key_again_gets_the_same_answer_and_counts_once(
    keeper: Person, warehouse: dict[str, Any]
) -> None:
    body = {"warehouse_id": warehouse["warehouse_id"], "sku_id": sku(), "quantity": 5}

    first = await post(keeper, "/v1/inventory/receive", body, "delivery")
    second = await post(keeper, "/v1/inventory/receive", body, "delivery")

    assert second.headers["idempotent-replayed"] == "true"
    assert (first.json(), first.json()["level"]["on_hand"]) == (second.json(), 5)


async def test_buyers_and_strangers_move_no_stock_and_see_no_levels(accounts: AccountsShop) -> None:
    buyer, stranger = await accounts.customer(), accounts.stranger()
    for who, status in ((buyer, 403), (stranger, 401)):
        for path in ("/inventory/reserve", "/inventory/release", "/inventory/commit"):
            assert (await post(who, path, wish(1))).status_code == status
        for path in ("levels", "journal", "warehouses"):
            assert (await who.http.get(f"/v1/inventory/{path}")).status_code == status
    assert (await stranger.http.get(f"/v1/inventory/skus/{sku()}")).json()["available"] == 0


async def test_the_journal_names_the_operator_and_pages_follow_each_other(
    keeper: Person, warehouse: dict[str, Any]
) -> None:
    for n in range(3):
        await receive(keeper, warehouse, n + 1, f"sku {n}")

    first = (await keeper.http.get("/v1/inventory/journal", params={"limit": 2})).json()
    second = (await keeper.http.get("/v1/inventory/journal", params={"limit": 2, "cursor": first["next"]})).json()
    levels = (await keeper.http.get("/v1/inventory/levels", params={"limit": 2})).json()
    more = (await keeper.http.get("/v1/inventory/levels", params={"limit": 2, "cursor": levels["next"]})).json()

    assert [movement["delta"] for movement in first["items"] + second["items"]] == [3, 2, 1]
    assert {movement["actor"] for movement in first["items"]} == {keeper.id}
    assert len({level["sku_id"] for level in levels["items"] + more["items"]}) == 3
    assert second["next"] is None
    assert more["next"] is None


@pytest.mark.parametrize("path", ["levels", "journal", "warehouses"])
async def test_a_cursor_we_did_not_give_out_is_refused(keeper: Person, path: str) -> None:
    answer = await keeper.http.get(f"/v1/inventory/{path}", params={"cursor": "LTE5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_promised_units_cannot_be_counted_away(keeper: Person, warehouse: dict[str, Any]) -> None:
    await receive(keeper, warehouse, 5)
    await post(keeper, "/inventory/reserve", wish(4))
    place = {"warehouse_id": warehouse["warehouse_id"], "sku_id": sku()}

    counted = await post(keeper, "/v1/inventory/count", place | {"on_hand": 3})
    adjusted = await post(keeper, "/v1/inventory/adjust", place | {"delta": -2, "note": "broken"})

    assert (counted.status_code, counted.json()["code"]) == (409, "stock_is_reserved")
    assert (adjusted.status_code, adjusted.json()["reserved"]) == (409, 4)


async def test_thresholds_keep_stock_from_sale_and_mark_the_level_low(
    keeper: Person, warehouse: dict[str, Any]
) -> None:
    await receive(keeper, warehouse, 5)
    answer = await keeper.http.put(
        f"/v1/inventory/levels/{warehouse['warehouse_id']}/{sku()}/thresholds", json={"safety": 3, "low_at": 2}
    )
    assert answer.json()["low_stock"]["available"] == 2
    low = await keeper.http.get("/v1/inventory/levels", params={"only_low": True})
    assert [level["sku_id"] for level in low.json()["items"]] == [sku()]


async def test_a_warehouse_is_edited_only_by_who_saw_its_newest_version(
    keeper: Person, warehouse: dict[str, Any]
) -> None:
    path = f"/v1/inventory/warehouses/{warehouse['warehouse_id']}"
    seen = (await keeper.http.get(path)).headers["etag"]
    body = {"code": "SH-1", "name": "Pudong", "merchant_id": MERCHANT, "active": False}

    first = await keeper.http.put(path, json=body, headers={"if-match": seen})
    second = await keeper.http.put(path, json=body, headers={"if-match": seen})
    unseen = await keeper.http.put(path, json=body)

    assert (first.status_code, first.json()["name"], first.json()["active"]) == (200, "Pudong", False)
    assert second.status_code == 412
    assert unseen.status_code == 428


async def test_a_place_has_both_coordinates_or_neither(keeper: Person) -> None:
    body = {"code": "SH-2", "name": "Puxi", "merchant_id": MERCHANT, "latitude": "31.2304"}
    half = await post(keeper, "/v1/inventory/warehouses", body)
    whole = await post(keeper, "/v1/inventory/warehouses", body | {"longitude": "121.4737"})
    assert (half.status_code, whole.status_code) == (422, 201)


async def test_a_stock_list_counts_good_lines_and_reports_each_bad_one(
    keeper: Person, warehouse: dict[str, Any]
) -> None:
    await receive(keeper, warehouse, 5)
    await post(keeper, "/inventory/reserve", wish(4))
    text = "\ufeffsku_id,warehouse_code,on_hand\r\n" + "\r\n".join(
        [
            f"{sku('cup')},SH-1,12",
            f"{sku('pot')},SH-9,12",
            f"{sku('pot')},SH-1,-1",
            "not a sku,SH-1,1",
            f"{sku('cup')},SH-1,13",
            f"{sku()},SH-1,3",
            f"{sku('tray')},SH-1",
        ]
    )

    answer = await keeper.http.post(
        "/v1/inventory/stock-lists",
        content=text.encode(),
        headers={"content-type": "text/csv", "idempotency-key": "spring"},
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["counted"] == 1
    problems = {error["line"]: error["problem"] for error in answer.json()["errors"]}
    assert sorted(problems) == [3, 4, 5, 6, 7, 8]
    assert "no warehouse SH-9" in problems[3]
    assert "line 2" in problems[6]
    assert "4 units are promised" in problems[7]
    shown = await keeper.http.get(f"/v1/inventory/skus/{sku('cup')}")
    assert shown.json()["available"] == 12


async def test_a_list_with_another_heading_or_encoding_is_refused(keeper: Person) -> None:
    for content in (b"sku,units\r\nx,1", b"", "warehouse_code,sku_id,on_hand\n\xe9".encode("latin-1"), b'a,"b'):
        answer = await keeper.http.post(
            "/v1/inventory/stock-lists",
            content=content,
            headers={"content-type": "text/csv", "idempotency-key": secrets.token_hex(8)},
        )
        assert answer.status_code == 422, (content, answer.text)


async def test_every_change_by_an_operator_is_in_the_audit_log(
    accounts: AccountsShop, keeper: Person, warehouse: dict[str, Any]
) -> None:
    await receive(keeper, warehouse, 5)
    async with accounts.ops.reader() as connection:
        actions = await connection.fetch("SELECT action, phase FROM audit_log ORDER BY 1, 2")
    assert {(row["action"], row["phase"]) for row in actions} >= {
        ("inventory.add_warehouse", "intended"),
        ("inventory.add_warehouse", "done"),
        ("inventory.receive", "intended"),
        ("inventory.receive", "done"),
    }


async def test_an_operator_splits_a_level_before_the_crowd_comes(
    accounts: AccountsShop, keeper: Person, warehouse: dict[str, Any]
) -> None:
    await receive(keeper, warehouse, 100)
    path = f"/v1/inventory/levels/{warehouse['warehouse_id']}/{sku()}/splitting"
    seen = await keeper.http.get(path)
    body = {"mode": "always", "rows": 4}

    first = await keeper.http.put(path, json=body, headers={"if-match": seen.headers["etag"]})
    second = await keeper.http.put(path, json=body, headers={"if-match": seen.headers["etag"]})
    unseen = await keeper.http.put(path, json=body)
    buyer = await (await accounts.customer()).http.put(path, json=body, headers={"if-match": '"1"'})

    assert (seen.json()["mode"], seen.json()["split_over"]) == ("automatic", 0)
    assert (first.status_code, first.json()["split_over"], first.headers["etag"]) == (200, 4, '"1"')
    assert (second.status_code, unseen.status_code, buyer.status_code) == (412, 428, 403)
    levels = (await keeper.http.get("/v1/inventory/levels")).json()["items"]
    assert [(level["available"], level["reserved"], level["split_over"]) for level in levels] == [(100, 0, 4)]
    async with accounts.ops.reader() as connection:
        told = await connection.fetchval(
            "SELECT count(*) FROM audit_log WHERE action = 'inventory.set_splitting' AND phase = 'done'"
        )
    assert told == 1


async def test_what_sells_out_or_comes_back_is_told_and_nothing_else(
    keeper: Person, warehouse: dict[str, Any], accounts: AccountsShop
) -> None:
    heard: Heard = accounts.app.state.services.following
    await receive(keeper, warehouse, 5)
    await receive(keeper, warehouse, 5)
    assert heard.turned == [{sku()}], "the second five make nothing possible that was not"
    where = {"warehouse_id": warehouse["warehouse_id"], "sku_id": sku()}
    for _ in range(2):
        await post(keeper, "/v1/inventory/count", {**where, "on_hand": 0}, "counted")
    assert heard.turned[1:] == [{sku()}]
    store = accounts.app.state.services.inventory
    again = await store.count(where["warehouse_id"], sku(), 0, key="twice", actor="test", now=accounts.clock())
    repeated = await store.count(where["warehouse_id"], sku(), 0, key="twice", actor="test", now=accounts.clock())
    assert (again.turned, repeated.turned) == (False, True), "the first may have died before it told"
