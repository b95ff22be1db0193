"""How Chinese sounds, in Latin letters: in full, by initials, and with sounds that many speakers do not tell apart as one."""

import os
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"), ("v", "u"))


@cache
def _library() -> Any:
    """Loaded by who meets Chinese that has to be spelled; with its characters only, 14 MB instead of 56 with its phrases."""
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    import pypinyin

    pypinyin.load_phrases_dict(
        {word: [[syllable] for syllable in said.split()] for word, said in _otherwise_read().items()}, style="default"
    )
    return pypinyin


def _otherwise_read() -> dict[str, str]:
    lines = Path(__file__).with_name("readings.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))


@lru_cache(maxsize=8192)
def syllables(han: str) -> tuple[str, ...]:
    """The syllables without tones, ü as v: 连衣裙 is lian, yi, qun. What is not Chinese stays, as one syllable."""
    return tuple(_library().lazy_pinyin(han))


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
