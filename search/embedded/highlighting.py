"""Where a title is what was looked for."""

from collections.abc import Iterator
from functools import lru_cache

from search.embedded.asking import Question
from search.language import Word, is_han, normalise, words_of
from search.query import Fragment


def highlighted(title: str, asked: Question) -> tuple[Fragment, ...]:
    """The title in pieces; joined they are the title."""
    marks = [False] * len(title)
    folded, origin = _folded(title)
    for start, end in _found(folded, asked.words):
        for place in range(start, end):
            marks[origin[place]] = True
    return tuple(_pieces(title, marks))


def _folded(title: str) -> tuple[str, list[int]]:
    """The title with each character normalised by itself, and where each resulting character comes from."""
    folded: list[str] = []
    origin: list[int] = []
    for place, character in enumerate(title):
        same = _same(character)
        folded.append(same)
        origin += [place] * len(same)
    return "".join(folded), origin


@lru_cache(maxsize=8192)
def _same(character: str) -> str:
    return normalise(character) or " "


def _found(folded: str, words: tuple[Word, ...]) -> Iterator[tuple[int, int]]:
    wanted = {word.text for word in words} | {part for word in words if not word.is_han for part in word.parts}
    for text in wanted:
        if is_han(text):
            yield from _everywhere(folded, text)
    plain = tuple(_root(text) for text in wanted if not is_han(text))
    for word in words_of(folded):
        if not word.is_han and any(
            root == _root(word.text) or (len(root) > 1 and word.text.startswith(root)) for root in plain
        ):
            yield word.start, word.end


def _root(word: str) -> str:
    """A word without the endings of plural and of -ing: enough to mark it, whatever its stem is."""
    for ending in ("ing", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word[: -len(ending)]
    return word


def _everywhere(folded: str, word: str) -> Iterator[tuple[int, int]]:
    at = folded.find(word)
    while at >= 0:
        yield at, at + len(word)
        at = folded.find(word, at + 1)


def _pieces(title: str, marks: list[bool]) -> Iterator[Fragment]:
    start = 0
    for place in range(1, len(title) + 1):
        if place == len(title) or marks[place] != marks[start]:
            yield Fragment(text=title[start:place], hit=marks[start])
            start = place
