"""The address book: everyone has their own, with one default."""

import asyncio
from typing import Any

import pytest

from tests.integration.users.shop import Person, Shop, told

HOME = {
    "recipient": "安娜",
    "phone": "13800138000",
    "country": "CN",
    "region": "上海市",
    "city": "上海市",
    "line": "浦东新区世纪大道 100 号 2 楼",
    "postal_code": "200120",
}


async def _add(person: Person, **changed: Any) -> dict[str, Any]:
    answer = await person.http.post("/v1/addresses", json=HOME | changed)
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    return added


async def _book(person: Person) -> list[tuple[str, bool]]:
    return [(a["id"], a["is_default"]) for a in (await person.http.get("/v1/addresses")).json()]


async def test_an_address_is_kept_as_it_was_given(shop: Shop) -> None:
    anna = await shop.customer()
    added = await _add(anna)
    shown = (await anna.http.get(f"/v1/addresses/{added['id']}")).json()
    assert {key: shown[key] for key in HOME} == HOME


async def test_the_first_entry_is_the_default_until_another_takes_its_place(shop: Shop) -> None:
    anna = await shop.customer()
    home = await _add(anna)
    work = await _add(anna, line="Work 1")
    assert await _book(anna) == [(home["id"], True), (work["id"], False)]
    await anna.http.put(f"/v1/addresses/{work['id']}", json=HOME | {"line": "Work 2", "is_default": True})
    assert await _book(anna) == [(work["id"], True), (home["id"], False)]


async def test_editing_the_default_without_saying_so_keeps_it_the_default(shop: Shop) -> None:
    anna = await shop.customer()
    home = await _add(anna)
    edited = await anna.http.put(f"/v1/addresses/{home['id']}", json=HOME | {"city": "北京市"})
    assert (edited.json()["city"], edited.json()["is_default"]) == ("北京市", True)


async def test_when_the_default_goes_the_newest_entry_takes_its_place(shop: Shop) -> None:
    anna = await shop.customer()
    home, old, new = await _add(anna), await _add(anna), await _add(anna)
    assert (await anna.http.delete(f"/v1/addresses/{home['id']}")).status_code == 204
    book = await _book(anna)
    assert sum(default for _, default in book) == 1
    assert book[0][0] == max(old["id"], new["id"])


async def test_twenty_defaults_at_once_leave_one_default(shop: Shop) -> None:
    anna = await shop.customer()
    await asyncio.gather(*(_add(anna, is_default=True) for _ in range(20)))
    assert sum(default for _, default in await _book(anna)) == 1


async def test_a_book_holds_twenty_entries_however_fast_they_come(shop: Shop) -> None:
    anna = await shop.customer()
    answers = await asyncio.gather(*(anna.http.post("/v1/addresses", json=HOME) for _ in range(25)))
    assert sorted(answer.status_code for answer in answers) == [201] * 20 + [409] * 5
    assert next(a for a in answers if a.status_code == 409).json()["code"] == "address_book_full"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_another_persons_address_cannot_be_told_from_none(shop: Shop, method: str) -> None:
    anna, berta = await shop.customer(), await shop.customer()
    hers = await _add(berta)
    body = HOME | {"is_default": True} if method == "PUT" else None
    theirs = await anna.http.request(method, f"/v1/addresses/{hers['id']}", json=body)
    nobodys = await anna.http.request(method, "/v1/addresses/adr_00000000000000000000000000", json=body)
    assert (theirs.status_code, told(theirs)) == (404, told(nobodys))
    assert await _book(berta) == [(hers["id"], True)]


async def test_a_foreign_edit_does_not_cost_ones_own_default(shop: Shop) -> None:
    anna, berta = await shop.customer(), await shop.customer()
    mine, hers = await _add(anna), await _add(berta)
    await anna.http.put(f"/v1/addresses/{hers['id']}", json=HOME | {"is_default": True})
    assert await _book(anna) == [(mine["id"], True)]


@pytest.mark.parametrize(
    "changed",
    [
        {"recipient": ""},
        {"recipient": "a" * 61},
        {"recipient": "two\nlines"},
        {"phone": "call me"},
        {"country": "China"},
        {"city": "\u0007"},
        {"line": "x" * 201},
        {"postal_code": "1" * 13},
        {"user_id": "usr_00000000000000000000000000"},
        {"id": "adr_00000000000000000000000000"},
    ],
)
async def test_an_address_that_no_parcel_could_reach_is_refused(shop: Shop, changed: dict[str, str]) -> None:
    anna = await shop.customer()
    answer = await anna.http.post("/v1/addresses", json=HOME | changed)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert await _book(anna) == []


async def test_a_malformed_id_is_refused(shop: Shop) -> None:
    anna = await shop.customer()
    assert (await anna.http.get("/v1/addresses/usr_00000000000000000000000000")).status_code == 422
