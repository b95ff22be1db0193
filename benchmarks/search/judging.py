"""How good an answer is, against what a question means. No engine has a say in it.

Grades: 3 is what was meant; 1 is of the kind but misses one wish, or of a near kind and fulfils all; 0 is anything else. For a known
product only that one has a 3; what bears the same title cannot be told from it and has a 3 too.
"""

import math
from collections.abc import Mapping, Sequence

from benchmarks.search.catalogue import Good
from benchmarks.search.questions import Question

MEANT = 3
_PAGE, _DEEP = 10, 20


def grades(question: Question, catalogue: Sequence[Good]) -> dict[str, int]:
    """The grade of each product that has one above 0, by its id."""
    if question.known is not None:
        title = next(good.document.title for good in catalogue if good.document.spu_id == question.known)
        by_title = question.text == title
        return {
            good.document.spu_id: MEANT
            for good in catalogue
            if good.document.spu_id == question.known or (by_title and good.document.title == title)
        }
    found = {good.document.spu_id: _grade(question, good) for good in catalogue}
    return {spu_id: grade for spu_id, grade in found.items() if grade}


def _grade(question: Question, good: Good) -> int:
    missed = sum(not _has(good, name, value) for name, value in question.wants)
    if good.kind in question.kinds:
        return MEANT if missed == 0 else 1 if missed == 1 else 0
    return 1 if good.kind in question.near and missed == 0 else 0


def _has(good: Good, wish: str, value: str) -> bool:
    one: Mapping[str, str | None] = {
        "brand": good.brand, "material": good.material, "audience": good.audience, "season": good.season
    }  # fmt: skip
    many = {"feature": good.features, "colour": good.colours, "size": good.sizes}
    return one[wish] == value if wish in one else value in many[wish]


def ndcg(answer: Sequence[str], graded: Mapping[str, int]) -> float:
    """Normalised discounted cumulative gain of the first ten: 1 is the best order there could be."""
    best = _gain(sorted(graded.values(), reverse=True)[:_PAGE])
    return _gain([graded.get(spu_id, 0) for spu_id in answer[:_PAGE]]) / best if best else 1.0 if not answer else 0.0


def _gain(ranked: Sequence[int]) -> float:
    return sum(float(2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(ranked))


def recall(answer: Sequence[str], graded: Mapping[str, int]) -> float:
    """How much of what was meant the first twenty hold, of as many as can be among twenty. Where the shop has nothing that was
    meant, the next best counts."""
    best = max(graded.values(), default=0)
    meant = {spu_id for spu_id, grade in graded.items() if grade == best}
    if not meant:
        return 1.0 if not answer else 0.0
    return len(meant & set(answer[:_DEEP])) / min(len(meant), _DEEP)


def corrected_well(question: Question, used: str | None) -> bool | None:
    """Whether the correction was right; None where none was needed and none was made."""
    if question.used:
        return used in question.used
    return None if used is None else question.how in _MAY_BE_CORRECTED


_MAY_BE_CORRECTED = ("typo", "wrong_character", "pinyin")
