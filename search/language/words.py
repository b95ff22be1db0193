"""A text in words: runs of Latin letters and digits as they stand, Chinese cut by a dictionary."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from models.shared import chinese
from search.language.normalising import normalise

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\u3007\U00020000-\U0003134f"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+(?:[-'’.+&/#][^\W_{_HAN}]+)*[+#]*")
_IS_HAN = re.compile(rf"[{_HAN}]")
_PARTS = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")
_JOINTS = re.compile(r"[-'’/]|(?<!\d)\.|\.(?!\d)")
_SHORT = 100
_LONGEST = 64
"""Letters of a word that count; nobody types longer ones, and an index has no room for them."""

_SAYS_NOTHING = """
    a an and any at by for from in is it of on or the to with
    的 了 和 与 及 或 在 是 有 把 给 用 个 款 适合 适用 什么 哪些 可以 能 穿 想 买 要 我 我想 请 推荐 怎么 比较
"""
STOP_WORDS = frozenset(_SAYS_NOTHING.split())
"""Words that say nothing about goods. They count only where a question has no others."""


def is_han(text: str) -> bool:
    """Whether the text begins with a Chinese character."""
    return bool(_IS_HAN.match(text))


@dataclass(frozen=True)
class Word:
    """A word of a normalised text.

    `parts` are the pieces a compound is made of (`t-shirt`: `t`, `shirt`; `iphone15`: `iphone`, `15`; 连衣裙: 连衣, 衣裙);
    empty if it has none. `start` and `end` are where it stands.
    """

    text: str
    start: int
    end: int
    parts: tuple[str, ...] = ()

    @property
    def is_han(self) -> bool:
        """Whether it is Chinese."""
        return is_han(self.text)


def words_of(normal: str) -> tuple[Word, ...]:
    """The words of a normalised text, in order."""
    return tuple(_each_word(normal))


def words_in(text: str) -> tuple[Word, ...]:
    """The words of any text. Short texts are remembered: brands, categories and values come again and again."""
    return _remembered(text) if len(text) <= _SHORT else words_of(normalise(text))


@lru_cache(maxsize=4096)
def _remembered(text: str) -> tuple[Word, ...]:
    return words_of(normalise(text))


def _each_word(normal: str) -> Iterator[Word]:
    for run in _RUN.finditer(normal):
        if is_han(run[0]):
            yield from _han_words(run[0], run.start())
        else:
            yield _plain_word(run[0], run.start())


def _plain_word(run: str, start: int) -> Word:
    parts = tuple(part[:_LONGEST] for part in _PARTS.findall(run))
    text = _JOINTS.sub("", run)
    return Word(text[:_LONGEST], start, start + len(run), parts if len(parts) > 1 else ())


def _han_words(run: str, start: int) -> Iterator[Word]:
    at = start
    for piece in chinese.words(run):
        text = piece[:_LONGEST]
        yield Word(text, at, at + len(piece), pairs(text) if len(text) > 2 else ())
        at += len(piece)


def cut_around(words: tuple[Word, ...], names: Collection[str]) -> tuple[Word, ...]:
    """The same words, but where a Chinese run holds one of these names, cut around it: a dictionary does not know every brand."""
    found: list[Word] = []
    for run in _runs(words):
        text = "".join(word.text for word in run)
        name = max((name for name in names if name in text), key=len, default=None) if run[0].is_han else None
        if name is None or any(word.text == name for word in run):
            found += run
            continue
        start = run[0].start + text.index(name)
        end = start + len(name)
        before, after = text[: start - run[0].start], text[end - run[0].start :]
        found += cut_around(tuple(_han_words(before, run[0].start)), names) if before else ()
        found.append(Word(name, start, end, pairs(name) if len(name) > 2 else ()))
        found += cut_around(tuple(_han_words(after, end)), names) if after else ()
    return tuple(found)


def han_spans(words: tuple[Word, ...], longest: int) -> set[str]:
    """Every piece of the Chinese runs of at least two characters."""
    found: set[str] = set()
    for run in _runs(words):
        text = "".join(word.text for word in run)[:_LONGEST] if run[0].is_han else ""
        found.update(text[at : at + n] for n in range(2, longest + 1) for at in range(len(text) - n + 1))
    return found


def _runs(words: tuple[Word, ...]) -> Iterator[list[Word]]:
    """The words in groups: Chinese ones that stand side by side together, any other alone."""
    group: list[Word] = []
    for word in words:
        if group and not (word.is_han and group[-1].is_han and group[-1].end == word.start):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def pairs(han: str) -> tuple[str, ...]:
    """Every two neighbouring characters: how a text that was cut otherwise is still found."""
    return tuple(han[at : at + 2] for at in range(len(han) - 1))


def finer_words(han: str) -> tuple[str, ...]:
    """The words inside a Chinese run, overlapping: 连衣裙 also as 连衣 and 衣裙."""
    return tuple(dict.fromkeys(chinese.finer_words(han)))
