"""A text in words: runs of Latin letters and digits as they stand, Chinese cut by a dictionary."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\u3007\U00020000-\U0003134f"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+(?:[-'’.+&/#][^\W_{_HAN}]+)*[+#]*")
_IS_HAN = re.compile(rf"[{_HAN}]")
_PARTS = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")
_JOINTS = re.compile(r"[-'’/]|(?<!\d)\.|\.(?!\d)")
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
    empty if it has none. `start` is where it stands.
    """

    text: str
    start: int
    parts: tuple[str, ...] = ()

    @property
    def is_han(self) -> bool:
        """Whether it is Chinese."""
        return is_han(self.text)


def words_of(normal: str) -> tuple[Word, ...]:
    """The words of a normalised text, in order."""
    return tuple(_each_word(normal))


def _each_word(normal: str) -> Iterator[Word]:
    for run in _RUN.finditer(normal):
        if is_han(run[0]):
            yield from _han_words(run[0], run.start())
        else:
            yield _plain_word(run[0], run.start())


def _plain_word(run: str, start: int) -> Word:
    parts = tuple(part[:_LONGEST] for part in _PARTS.findall(run))
    text = _JOINTS.sub("", run)
    return Word(text[:_LONGEST], start, parts if len(parts) > 1 else ())


def _han_words(run: str, start: int) -> Iterator[Word]:
    from rjieba import cut  # 33 MB: loaded by who meets Chinese

    at = start
    for piece in cut(run):
        yield Word(piece[:_LONGEST], at, pairs(piece[:_LONGEST]) if len(piece) > 2 else ())
        at += len(piece)


def pairs(han: str) -> tuple[str, ...]:
    """Every two neighbouring characters: how a text that was cut otherwise is still found."""
    return tuple(han[at : at + 2] for at in range(len(han) - 1))


def finer_words(han: str) -> tuple[str, ...]:
    """The words inside a Chinese run, overlapping: 连衣裙 also as 连衣 and 衣裙."""
    from rjieba import cut_for_search

    return tuple(dict.fromkeys(cut_for_search(han)))


def han_runs(normal: str) -> tuple[str, ...]:
    """The runs of Chinese characters in a normalised text."""
    return tuple(run[0] for run in _RUN.finditer(normal) if is_han(run[0]))
