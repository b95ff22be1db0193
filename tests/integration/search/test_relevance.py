"""Goods are found as well as they were when ranking was last tuned, on a small catalogue; `make bench-search` measures the large one.

The floors are a little below the figures of docs/search.md: a change that loses more than one question in ten fails.
"""

from collections.abc import AsyncIterator

import pytest

from benchmarks.search.catalogue import goods, kinds
from benchmarks.search.measuring import Judged, ask_all, by_how, fill, quality
from benchmarks.search.questions import questions
from search.embedded import EmbeddedEngine
from tests.databases import MigratedCopies

PRODUCTS = 6 * len(kinds())


@pytest.fixture(scope="module")
async def judged(migrated_copies: MigratedCopies) -> AsyncIterator[list[Judged]]:
    async with migrated_copies.lent("search") as database:
        engine = EmbeddedEngine(database)
        catalogue = list(goods(PRODUCTS))
        await fill(engine, catalogue)
        yield await ask_all(engine, questions(catalogue), catalogue)


async def test_questions_that_ranking_was_never_tuned_on_are_answered_well(judged: list[Judged]) -> None:
    found = quality([one for one in judged if not one.question.tuned])
    assert found.ndcg >= 0.88
    assert found.recall >= 0.85
    assert found.corrections is not None
    assert found.corrections >= 0.85


@pytest.mark.parametrize(
    ("how", "floor"),
    [("exact", 0.95), ("prefix", 0.8), ("typo", 0.85), ("wrong_character", 0.85), ("pinyin", 0.9), ("synonym", 0.9), ("attribute", 0.8),
     ("brand_category", 0.8), ("long_tail", 0.65), ("known_item", 0.95), ("nonsense", 1.0)],
)  # fmt: skip
async def test_each_kind_of_question_is_answered_well(judged: list[Judged], how: str, floor: float) -> None:
    assert by_how(judged)[how].ndcg >= floor


async def test_what_is_right_is_left_alone(judged: list[Judged]) -> None:
    wrong = [one.question.text for one in judged if not one.question.used and one.used and one.question.how != "typo"]
    assert wrong == []
