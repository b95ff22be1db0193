"""The life of cases in their database, and the pictures that belong to them."""

import asyncio
from typing import Any

import pytest

from hanse.database import Database
from models.aftersales.errors import (
    AftersaleConflict,
    EvidenceFull,
    EvidenceRefused,
    EvidenceUnknown,
    IllegalAftersaleStep,
    ReturnWaybillTaken,
)
from models.aftersales.messages import NoteWaybill, OpenCase
from models.aftersales.types import AftersaleSearch, ReturnWaybill
from models.aftersales.types import AftersaleState as S
from models.shared import Money
from models.shared.ids import UserId
from models.shared.refusals import NotFound, StaleVersion
from tests.integration.aftersales.desk import NOW, Desk
from tests.integration.products.catalogue import picture

OTHER = UserId.derive(NOW, "other")


async def test_a_case_is_opened_once_with_its_pictures(desk: Desk) -> None:
    pictures = [await desk.upload() for _ in range(2)]
    told = desk.application(*(each.evidence_id for each in pictures))
    opened = await asyncio.gather(*(desk.opened(told) for _ in range(10)))
    assert all(case == opened[0] for case in opened)
    assert {each.evidence_id for each in await desk.pictures.of_case(told.aftersale_id)} == set(told.evidence)
    assert [step.state for step in await desk.cases.timeline(told.aftersale_id)] == [S.APPLIED]
    with pytest.raises(AftersaleConflict):
        await desk.opened(told.model_copy(update={"description": "something else"}))


async def test_a_picture_belongs_to_who_uploaded_it_and_to_one_case(desk: Desk) -> None:
    anothers, mine = await desk.upload(user_id=OTHER), await desk.upload()
    with pytest.raises(EvidenceUnknown):
        await desk.open(anothers.evidence_id, mine.evidence_id)
    assert (await desk.pictures.find(mine.evidence_id)).aftersale_id is None  # both or neither
    await desk.open(mine.evidence_id)
    with pytest.raises(EvidenceUnknown):
        await desk.open(mine.evidence_id)


@pytest.mark.parametrize("upload", [b"MZ\x90\x00" + bytes(500), b"%PDF-1.7", picture(7000, 10)])
async def test_what_is_no_good_picture_is_refused(desk: Desk, upload: bytes) -> None:
    with pytest.raises(EvidenceRefused):
        await desk.upload(upload)


async def test_uploading_alone_fills_no_disk(desk: Desk, one_database: Database) -> None:
    kept = await desk.upload()
    async with one_database.reader() as connection:
        await connection.execute(
            """
            INSERT INTO aftersale_evidence
            SELECT evidence_id || n, user_id, NULL, name, small_name, width, height, uploaded_at
            FROM aftersale_evidence, generate_series(1, 29) n WHERE evidence_id = $1
            """,
            kept.evidence_id,
        )
    with pytest.raises(EvidenceFull):
        await desk.upload()


async def test_a_step_is_taken_once_however_often_it_is_asked_for(desk: Desk) -> None:
    case = await desk.open()
    moved = await asyncio.gather(*(desk.move(case, S.AUDITING) for _ in range(10)))
    assert {each.version for each in moved} == {2}
    assert len(await desk.cases.timeline(case.aftersale_id)) == 2
    with pytest.raises(StaleVersion):
        await desk.move(case, S.REFUNDING)


async def test_steps_that_temporal_never_heard_of_are_taken_again_as_they_were(desk: Desk) -> None:
    told = desk.application()
    opened = await desk.opened(told)
    auditing = await desk.move(opened, S.AUDITING)
    awaiting = await desk.move(auditing, S.AWAITING_RETURN, due_at=NOW)
    assert await desk.opened(told) == opened
    assert await desk.move(opened, S.AUDITING) == auditing
    assert await desk.move(auditing, S.AWAITING_RETURN, due_at=NOW) == awaiting
    assert len(await desk.cases.timeline(opened.aftersale_id)) == 3
    with pytest.raises(StaleVersion):
        await desk.move(opened, S.AWAITING_RETURN)


async def test_the_table_of_states_is_the_only_way(desk: Desk) -> None:
    case = await desk.open()
    for wrong in (S.REFUNDED, S.RECEIVED, S.CLOSED):
        with pytest.raises(IllegalAftersaleStep):
            await desk.move(case, wrong)
    closed = await desk.move(await desk.move(case, S.AUDITING), S.CLOSED, decision="settled")
    with pytest.raises(IllegalAftersaleStep):
        await desk.move(closed, S.AUDITING)


async def test_what_a_step_does_not_say_stays(desk: Desk) -> None:
    case = await desk.move(await desk.open(), S.AUDITING, due_at=NOW)
    lowered = await desk.move(case, S.AUDITING, at_most=Money(minor=500), lowered_because="worn")
    assert (lowered.state, lowered.at_most, lowered.due_at) == (S.AUDITING, Money(minor=500), None)
    assert (await desk.move(lowered, S.REFUNDING)).lowered_because == "worn"


async def test_a_return_waybill_belongs_to_one_case(desk: Desk) -> None:
    cases = [await desk.open() for _ in range(5)]
    by = ReturnWaybill(carrier="sandbox", waybill=f"W-{cases[0].aftersale_id[-20:]}")
    notes = [NoteWaybill(aftersale_id=case.aftersale_id, by=by) for case in cases]
    answers = await asyncio.gather(*map(desk.cases.bind_waybill_once, notes), return_exceptions=True)
    assert sum(isinstance(answer, ReturnWaybillTaken) for answer in answers) == 4
    winner = notes[answers.index(None)]
    await desk.cases.bind_waybill_once(winner)


async def test_the_rule_hears_of_the_buyers_earlier_cases(desk: Desk) -> None:
    await desk.move(await desk.move(await desk.open(), S.AUDITING), S.REJECTED)
    await desk.move(await desk.move(await desk.open(), S.AUDITING), S.WITHDRAWN)
    told = desk.application()
    _, history = await desk.cases.open_once(
        OpenCase(application=told, payment_id=(await desk.open()).payment_id, proposed=Money(minor=1))
    )
    assert (history.cases, history.rejected) == (2, 1)  # a withdrawn one does not count


async def test_buyers_see_their_own_and_operators_their_queue(desk: Desk) -> None:
    first, second = await desk.open(), await desk.open()
    await desk.move(second, S.AUDITING)
    assert {case.aftersale_id for case in await desk.cases.cases_of(desk.buyer, None, limit=9)} == {
        first.aftersale_id,
        second.aftersale_id,
    }
    assert [c.aftersale_id for c in await desk.cases.cases_of(desk.buyer, first.order_id, limit=9)] == [
        first.aftersale_id
    ]
    with pytest.raises(NotFound):
        await desk.cases.case_of(first.aftersale_id, OTHER)
    wanted: dict[str, Any] = {"state": S.AUDITING, "user_id": desk.buyer, "escalated": False}
    found = await desk.cases.search(AftersaleSearch(**wanted), limit=9)
    assert [case.aftersale_id for case in found] == [second.aftersale_id]


async def test_the_audit_finds_what_was_changed_behind_the_stores_back(desk: Desk, one_database: Database) -> None:
    case = await desk.open()
    assert [broken for broken in await desk.cases.audit() if broken.aftersale_id == case.aftersale_id] == []
    async with one_database.reader() as connection:
        await connection.execute(
            "UPDATE aftersales SET version = 7, evidence = '{evd_1}' WHERE aftersale_id = $1", case.aftersale_id
        )
    kinds = [broken.kind for broken in await desk.cases.audit() if broken.aftersale_id == case.aftersale_id]
    assert kinds == ["evidence_astray", "step_untold"]
