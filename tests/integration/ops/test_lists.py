"""Black and white lists in a real database."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from models.ops.errors import BuyerBlocked
from models.ops.lists import EntryTerms, ListEntry, ListKind, ListSubject, NewEntry, Origin, address_text
from models.shared.ids import ListEntryId, UserId
from models.shared.refusals import InvalidRequest, NotFound, StaleVersion
from stores.lists import ListStore
from tests.conftest import OpenDatabase

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANNA = UserId.derive(NOW, "anna")
OLGA = UserId.derive(NOW, "olga")
KEY = b"a key of the tests, 32 bytes long"
HOME = address_text("上海市", "上海市", "浦东新区世纪大道 100 号")


@pytest.fixture
async def lists(database: OpenDatabase) -> ListStore:
    return ListStore(await database("ops"), KEY)


async def add(
    lists: ListStore, subject: ListSubject, value: str, kind: ListKind = ListKind.BLACK, **more: datetime
) -> ListEntry:
    told = {"reason": "Card testing", "starts_at": NOW, **more}
    new = NewEntry.model_validate({"kind": kind, "subject": subject, "value": value, **told})
    return await lists.add(ListEntryId.derive(NOW, kind, subject, value), new, OLGA, NOW)


async def is_blocked(lists: ListStore, at: datetime = NOW, **origin: str) -> bool:
    try:
        await lists.judge(Origin.model_validate(origin), at)
    except BuyerBlocked:
        return True
    return False


async def test_a_buyer_is_recognised_by_each_subject_however_it_is_written(lists: ListStore) -> None:
    await add(lists, ListSubject.USER, ANNA)
    await add(lists, ListSubject.PHONE, "+86 138 0013 8000")
    await add(lists, ListSubject.DEVICE, "device-1")
    await add(lists, ListSubject.IP, "203.0.113.0/24")
    await add(lists, ListSubject.IP, "2001:db8::/32")
    await add(lists, ListSubject.ADDRESS, HOME)
    blocked: list[dict[str, str]] = [
        {"user_id": ANNA},
        {"phone": "138-0013-8000"},
        {"device": "device-1"},
        {"ip": "203.0.113.77"},
        {"ip": "::ffff:203.0.113.77"},
        {"ip": "2001:db8:1::9"},
        {"address": "上海市 浦东新区，世纪大道100号"},
        {"user_id": OLGA, "ip": "198.51.100.1", "device": "device-1"},
    ]
    free: list[dict[str, str]] = [
        {},
        {"user_id": OLGA, "phone": "13900139000", "device": ANNA, "ip": "203.0.114.1", "address": "上海市"},
    ]
    assert [await is_blocked(lists, **origin) for origin in blocked] == [True] * len(blocked)
    assert [await is_blocked(lists, **origin) for origin in free] == [False, False]


async def test_white_beats_black_while_both_are_in_force(lists: ListStore) -> None:
    await add(lists, ListSubject.IP, "203.0.113.0/24")
    await add(lists, ListSubject.USER, ANNA, ListKind.WHITE, ends_at=NOW + HOUR)
    origin = {"user_id": ANNA, "ip": "203.0.113.7"}
    assert not await is_blocked(lists, **origin)
    assert await is_blocked(lists, NOW + HOUR, **origin)
    assert await is_blocked(lists, ip="203.0.113.7")
    assert not await is_blocked(lists, NOW - HOUR, ip="203.0.113.7")


async def test_the_refusal_tells_nothing_and_the_log_tells_the_entry(
    lists: ListStore, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await add(lists, ListSubject.PHONE, "13800138000")
    with caplog.at_level(logging.WARNING), pytest.raises(BuyerBlocked) as refused:
        await lists.judge(Origin(phone="13800138000"), NOW)
    assert refused.value.fields == {}
    assert [getattr(record, "entry_id", None) for record in caplog.records] == [entry.entry_id]
    assert "8000" not in caplog.text


async def test_phones_and_addresses_are_nowhere_in_the_database(database: OpenDatabase) -> None:
    db = await database("ops")
    lists = ListStore(db, KEY)
    await add(lists, ListSubject.PHONE, "13800138000")
    await add(lists, ListSubject.ADDRESS, HOME)
    async with db.reader() as connection:
        rows = await connection.fetch("SELECT row_to_json(e)::text AS told FROM list_entries e")
    assert [row for row in rows if "138001" in row["told"] or "世纪" in row["told"]] == []
    assert not await is_blocked(ListStore(db, b"another key"), phone="13800138000")


async def test_an_entry_is_revised_and_ended_by_who_read_its_version(lists: ListStore) -> None:
    entry = await add(lists, ListSubject.USER, ANNA)
    assert await add(lists, ListSubject.USER, ANNA) == entry
    terms = EntryTerms(reason="Chargebacks", note="Three in May", starts_at=NOW + HOUR)
    revised = await lists.revise(entry.entry_id, 1, terms, OLGA, NOW)
    assert (revised.version, revised.terms) == (2, terms)
    assert not await is_blocked(lists, user_id=ANNA)
    with pytest.raises(StaleVersion):
        await lists.end(entry.entry_id, 1, OLGA, NOW)
    ended = await lists.end(entry.entry_id, 2, OLGA, NOW)
    assert (ended.version, ended.terms.ends_at) == (3, NOW)
    assert await lists.end(entry.entry_id, 3, OLGA, NOW + HOUR) == ended
    assert not await is_blocked(lists, NOW + 2 * HOUR, user_id=ANNA)
    with pytest.raises(NotFound):
        await lists.get(ListEntryId.derive(NOW, "never added"))


async def test_nonsense_is_refused_and_pages_follow_each_other(lists: ListStore) -> None:
    with pytest.raises(InvalidRequest):
        await add(lists, ListSubject.IP, "everywhere")
    with pytest.raises(InvalidRequest):
        await add(lists, ListSubject.USER, ANNA, ends_at=NOW)
    for n in range(3):
        await add(lists, ListSubject.IP, f"203.0.113.{n}")
    await add(lists, ListSubject.IP, "203.0.113.0", ListKind.WHITE)
    first = await lists.page(limit=2, kind=ListKind.BLACK)
    rest = await lists.page(limit=2, kind=ListKind.BLACK, before=first[-1].entry_id)
    assert sorted(entry.shown for entry in first + rest) == [f"203.0.113.{n}/32" for n in range(3)]
    assert len(await lists.page(limit=9)) == 4
    assert await lists.page(limit=9, subject=ListSubject.USER) == []
