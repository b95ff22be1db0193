"""How Chinese sounds, in Latin letters: in full, by initials, and with sounds that many speakers do not tell apart as one."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

from models.shared.chinese import syllable, without_tone

_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"), ("v", "u"))


@cache
def _otherwise_read() -> tuple[re.Pattern[str], dict[str, list[str]]]:
    """Words whose characters are read otherwise than each by itself: what finds them in a text, and how they are read."""
    lines = Path(__file__).with_name("readings.txt").read_text(encoding="utf-8").splitlines()
    said = [line.split(" ") for line in lines if line and not line.startswith("#")]
    read = {word: list(map(without_tone, syllables)) for word, *syllables in said}
    return re.compile(f"({'|'.join(sorted(read, key=len, reverse=True))})"), read


@lru_cache(maxsize=8192)
def syllables(han: str) -> tuple[str, ...]:
    """The syllables without tones, ü as v: 连衣裙 is lian, yi, qun. What is not Chinese stays, as one syllable."""
    finds, read = _otherwise_read()
    return tuple(each for piece in finds.split(han) for each in read.get(piece) or _one_by_one(piece))


def _one_by_one(text: str) -> Iterator[str]:
    for said, run in groupby(text, syllable):
        characters = list(run)
        yield from ["".join(characters)] if said is None else [said] * len(characters)


def spelled(han: str) -> str:
    """In full, without spaces: lianyiqun."""
    return "".join(syllables(han))


def initials(han: str) -> str:
    """The first letter of each syllable: lyq."""
    return "".join(syllable[0] for syllable in syllables(han) if syllable)


def sound_of(spelling: str) -> str:
    """One spelling for what sounds alike to many: zh and z, ang and an, ü and u."""
    for one, other in _ALIKE:
        spelling = spelling.replace(one, other)
    return re.sub("[^a-z0-9]", "", spelling)
