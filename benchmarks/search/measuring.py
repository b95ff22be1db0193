"""Runs the questions against an engine."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from benchmarks.figures import percentile
from benchmarks.search.catalogue import Good, goods
from benchmarks.search.judging import corrected_well, grades, ndcg, recall
from benchmarks.search.questions import Question
from search.engine import SearchEngine
from search.query import SearchQuery

_BATCH = 500


@dataclass(frozen=True)
class Judged:
    """What became of one question."""

    question: Question
    ndcg: float
    recall: float
    used: str | None
    correction: bool | None
    total: int
    titles: tuple[str, ...]


async def fill(engine: SearchEngine, catalogue: Sequence[Good], index: str | None = None) -> None:
    """Put the whole catalogue."""
    for start in range(0, len(catalogue), _BATCH):
        await engine.put([good.document for good in catalogue[start : start + _BATCH]], index=index)


async def ask_all(engine: SearchEngine, asked: Sequence[Question], catalogue: Sequence[Good]) -> list[Judged]:
    """Every question, judged."""
    judged = []
    for question in asked:
        result = await engine.search(SearchQuery(text=question.text))
        answer = [str(hit.spu_id) for hit in result.hits]
        graded = grades(question, catalogue)
        used = result.correction.used if result.correction else None
        judged.append(
            Judged(
                question, ndcg(answer, graded), recall(answer, graded), used, corrected_well(question, used), result.total,
                tuple(hit.title for hit in result.hits),
            )
        )  # fmt: skip
    return judged


@dataclass(frozen=True)
class Quality:
    """Means over some questions; `corrections` of those that needed one or got one, None where there were none."""

    questions: int
    ndcg: float
    recall: float
    corrections: float | None


def quality(judged: Sequence[Judged]) -> Quality:
    """The means."""
    corrections = [one.correction for one in judged if one.correction is not None]
    return Quality(
        len(judged),
        sum(one.ndcg for one in judged) / len(judged),
        sum(one.recall for one in judged) / len(judged),
        sum(corrections) / len(corrections) if corrections else None,
    )


def by_how(judged: Sequence[Judged]) -> dict[str, Quality]:
    """The means of each kind of question."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[one.question.how].append(one)
    return {how: quality(group) for how, group in groups.items()}


def goods_in_parts(number: int) -> Iterator[list[Good]]:
    """A large catalogue, a part at a time: it is never in memory as a whole."""
    made = goods(number)
    while part := list(islice(made, _BATCH)):
        yield part


@dataclass(frozen=True)
class Speed:
    """Milliseconds."""

    median: float
    p95: float
    worst: float


async def search_speed(engine: SearchEngine, texts: Sequence[str], facets: tuple[str, ...]) -> Speed:
    """Of one question after another, with the facets of a result page."""
    return await _speed([partial(engine.search, SearchQuery(text=text, facets=facets)) for text in texts])


async def suggest_speed(engine: SearchEngine, texts: Sequence[str]) -> Speed:
    """Of every keystroke of every text, one after another."""
    keystrokes = [text[:length] for text in texts for length in range(1, min(len(text), 8) + 1)]
    return await _speed([partial(engine.suggest, typed) for typed in keystrokes])


async def _speed(calls: Sequence[Callable[[], Awaitable[object]]]) -> Speed:
    taken = []
    for call in calls:
        started = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - started) * 1000)
    return Speed(percentile(taken, 0.5), percentile(taken, 0.95), max(taken))
