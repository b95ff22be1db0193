"""The list of words: edited live, every version kept, in force everywhere at once."""

import asyncio

import asyncpg
import pytest

from models.reviews.errors import WordTaken
from models.reviews.types import PartState, Verdict
from models.shared.refusals import NotFound, StaleVersion
from stores.reviews import WordStore
from tests.integration.reviews.desk import NOW, OLGA, Desk, user


async def test_a_change_is_in_force_for_the_next_text_in_every_process(desk: Desk) -> None:
    elsewhere = WordStore(desk.db)
    assert (await elsewhere.current()).judge("scam").verdict is Verdict.PASS
    word = await desk.word("scam", Verdict.MASK)
    assert (await elsewhere.current()).judge("scam").verdict is Verdict.MASK
    revised = word.terms.model_copy(update={"verdict": Verdict.REJECT})
    await desk.words.revise(word.word_id, 1, revised, OLGA, NOW)
    assert (await elsewhere.current()).judge("scam").verdict is Verdict.REJECT
    review = await desk.post(text="scam")
    assert (review.main.state, review.main.words_version) == (
        PartState.REJECTED,
        (await elsewhere.current()).version,
    )


async def test_the_automata_are_built_once_for_all_who_read_at_once(desk: Desk) -> None:
    await desk.word("scam", Verdict.MASK)
    judges = await asyncio.gather(*(desk.words.current() for _ in range(8)))
    assert len({id(judge) for judge in judges}) == 1


async def test_every_version_is_kept_with_who_wrote_it_and_none_can_be_rewritten(desk: Desk) -> None:
    word = await desk.word("scam", Verdict.MASK)
    other = user("Otto")
    await desk.words.revise(word.word_id, 1, word.terms.model_copy(update={"active": False}), other, NOW)
    versions = await desk.words.versions(word.word_id)
    assert [(each.version, each.terms.active, each.changed_by) for each in versions] == [
        (2, False, other),
        (1, True, OLGA),
    ]
    async with desk.db.reader() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE moderation_word_versions SET changed_by = 'nobody'")


async def test_two_entries_never_look_for_the_same_and_two_operators_do_not_overwrite_each_other(desk: Desk) -> None:
    word = await desk.word("Scam", Verdict.MASK)
    assert await desk.word("Scam", Verdict.MASK) == word
    with pytest.raises(WordTaken):
        await desk.word("ＳＣＡＭ", Verdict.HOLD)
    await desk.words.revise(word.word_id, 1, word.terms, OLGA, NOW)
    with pytest.raises(StaleVersion):
        await desk.words.revise(word.word_id, 1, word.terms, OLGA, NOW)
    with pytest.raises(NotFound):
        await desk.words.get((await desk.words.page(limit=1))[0].word_id.derive(NOW, "none"))


async def test_the_list_is_paged_and_searched(desk: Desk) -> None:
    for text in ("alpha", "beta", "alphabet"):
        await desk.word(text, Verdict.HOLD)
    assert {word.terms.text for word in await desk.words.page(limit=5, like="ALPHA")} == {"alpha", "alphabet"}
    assert await desk.words.page(limit=5, verdict=Verdict.PASS) == []
    first = await desk.words.page(limit=2)
    assert len(await desk.words.page(limit=5, before=first[-1].word_id)) == 1
