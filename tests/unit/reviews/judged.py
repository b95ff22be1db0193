"""The judged list, and how well a judge does on it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.reviews.moderation import Judge
from models.reviews.starter_words import starter_words
from models.reviews.types import Verdict

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Judged:
    """A text and what people say should become of it."""

    verdict: Verdict
    tricky: str
    text: str


def judged_texts() -> list[Judged]:
    lines = (HERE / "judged.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [Judged(Verdict(verdict), tricky, text) for verdict, tricky, text in rows]


def starter_judge() -> Judge:
    return Judge(starter_words())


@dataclass(frozen=True)
class Score:
    """`precision`: of what was flagged, how much people flag; `recall`: of what people flag, how much was flagged; `exact`: of
    what both flag, how much with the same verdict."""

    precision: float
    recall: float
    exact: float
    wrong: tuple[tuple[Judged, Verdict], ...]


def score(judge: Judge, texts: Sequence[Judged]) -> Score:
    said = [(each, judge.judge(each.text).verdict) for each in texts]
    outcomes = Counter((each.verdict is not Verdict.PASS, verdict is not Verdict.PASS) for each, verdict in said)
    right, missed, false_alarms = outcomes[True, True], outcomes[True, False], outcomes[False, True]
    same = sum(each.verdict is verdict for each, verdict in said if Verdict.PASS not in (each.verdict, verdict))
    return Score(
        precision=right / (right + false_alarms),
        recall=right / (right + missed),
        exact=same / right,
        wrong=tuple((each, verdict) for each, verdict in said if each.verdict is not verdict),
    )
