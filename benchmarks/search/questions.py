"""What is asked, and what each question means: `questions.csv`, and known goods by title, code and barcode.

A question means a kind of goods (`kind=`, several by `|`) and what must be true of it (`brand= material= feature= colour= audience=
season= size=`); `near=` names kinds that are not meant but not absurd. What it should be corrected to stands in `used`. A question
that means nothing should find nothing.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.search.catalogue import Good

_KNOWN = (57, 211, 348, 502, 777, 1033, 1290, 1401, 1618, 1733, 1911, 2040)
"""Places of goods that are asked for by themselves."""


@dataclass(frozen=True)
class Question:
    """One question; `tuned` says whether ranking may be tuned on it, the other half of each kind is only measured."""

    how: str
    text: str
    kinds: frozenset[str]
    near: frozenset[str]
    wants: tuple[tuple[str, str], ...]
    used: frozenset[str]
    known: str | None
    """The product that is meant, and no other."""
    tuned: bool


def questions(catalogue: Sequence[Good]) -> list[Question]:
    """All questions; every second of each kind is held out."""
    seen: dict[str, int] = defaultdict(int)
    found = []
    for how, text, means, used, known in (*_written(), *_of_known_goods(catalogue)):
        parts = dict(part.split("=", 1) for part in means.split())
        kinds, near = parts.pop("kind", ""), parts.pop("near", "")
        found.append(
            Question(
                how=how, text=text, kinds=_set(kinds), near=_set(near), used=_set(used), known=known, tuned=seen[how] % 2 == 0,
                wants=tuple((name, value.replace("_", " ")) for name, value in parts.items()),
            )
        )  # fmt: skip
        seen[how] += 1
    return found


def _set(listed: str) -> frozenset[str]:
    return frozenset(part for part in listed.split("|") if part)


def _written() -> Iterator[tuple[str, str, str, str, None]]:
    with Path(__file__).with_name("questions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["how"], row["text"], row["means"], row["used"], None


def _of_known_goods(catalogue: Sequence[Good]) -> Iterator[tuple[str, str, str, str, str]]:
    for number, place in enumerate(place for place in _KNOWN if place < len(catalogue)):
        document = catalogue[place].document
        text = (document.title, document.skus[0].code.lower(), document.skus[-1].barcode or "")[number % 3]
        yield "known_item", text, f"kind={catalogue[place].kind}", "", document.spu_id
