"""Did you mean: the nearest text that the index has words for.

Chinese by sound (连依裙 sounds like 连衣裙) and by characters (all but one alike); pinyin typed in Latin letters (`lianyiqun`) by the
same sounds; Latin words by letters.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hanse.database import Connection
from search.embedded.asking import Question
from search.embedded.tables import LIVE
from search.language import Synonyms, Word, distance, is_han, sound_of, spelled

_LONGEST_RUN = 24
_LONGEST_SOUND = 24
_SPAN = 6
_SHORTEST_SOUND = 2
_LIKE = 0.22
"""How alike, in trigrams, a word must be to be looked at."""

_SOUNDS = """
SELECT word, sound, products FROM {vocabulary} WHERE sound = ANY($1)
"""
_ALIKE = """
SELECT asked.sound AS asked, near.word, near.products FROM unnest($1::text[]) AS asked (sound)
CROSS JOIN LATERAL (
    SELECT word, products FROM {vocabulary} WHERE sound % asked.sound
    ORDER BY similarity(sound, asked.sound) DESC, products DESC LIMIT 25) AS near
"""
_KNOWN = """
SELECT word FROM {vocabulary} WHERE word = ANY($1)
"""


@dataclass(frozen=True)
class _Near:
    word: str
    products: int


async def corrected(tx: Connection, asked: Question, synonyms: Synonyms) -> str | None:
    """The question with what the index does not know replaced; None if nothing is near enough."""
    replaced: list[tuple[int, int, str]] = []
    for start, end, run in _han_runs(asked.words):
        better = await _han(tx, run)
        if better is not None:
            replaced.append((start, end, better))
    strange = await _strange(tx, asked.words, synonyms)
    for word, better in (await _latin(tx, strange, synonyms)).items():
        replaced.append((word.start, word.end, better))
    text = asked.normal
    for start, end, better in sorted(replaced, reverse=True):
        text = text[:start] + better + text[end:]
    return text if replaced else None


def _han_runs(words: Sequence[Word]) -> Iterator[tuple[int, int, str]]:
    """Chinese words that stand side by side, as one."""
    run, start, end = "", 0, -1
    for word in words:
        if word.is_han and run and word.start == end:
            run += word.text
        elif word.is_han:
            if run:
                yield start, end, run
            run, start = word.text, word.start
        end = word.end if word.is_han else end
    if run:
        yield start, end, run


async def _strange(tx: Connection, words: Sequence[Word], synonyms: Synonyms) -> list[Word]:
    """The words in Latin letters that nothing is known of."""
    plain = [word for word in words if not word.is_han and not synonyms.of((word,))]
    known = {row["word"] for row in await tx.fetch(LIVE.sql(_KNOWN), [word.text for word in plain])}
    return [word for word in plain if word.text not in known and any(letter.isalpha() for letter in word.text)]


async def _han(tx: Connection, run: str) -> str | None:
    """The run cut into words that the index knows, at the least cost of replacing; None if it stays as it is."""
    if not 2 <= len(run) <= _LONGEST_RUN:
        return None
    spans = {run[at : at + n] for at in range(len(run)) for n in range(2, _SPAN + 1) if at + n <= len(run)}
    sounds = {span: sound_of(spelled(span)) for span in spans}
    heard = await _heard(tx, set(sounds.values()))
    offered: dict[str, list[tuple[float, _Near]]] = {
        span: [(_of_sound(span, near), near) for near in heard[sound] if len(near.word) == len(span)]
        for span, sound in sounds.items()
    }
    longer = {sound: span for span, sound in sounds.items() if len(span) > 2}
    for sound, near in await _alike(tx, longer):
        span = longer[sound]
        if len(near.word) == len(span) and sum(a != b for a, b in zip(near.word, span, strict=True)) == 1:
            offered[span].append((1.2, near))
    best = _cheapest(run, offered)
    return best if best != run else None


def _of_sound(span: str, near: _Near) -> float:
    wrong = sum(a != b for a, b in zip(near.word, span, strict=True))
    return 0.0 if not wrong else 0.6 + 0.2 * wrong


def _cheapest(run: str, offered: Mapping[str, Sequence[tuple[float, _Near]]]) -> str:
    """What the run becomes at the least cost; a character that no word covers costs more than one that is replaced."""
    best: list[tuple[float, str]] = [(0.0, "")]
    for end in range(1, len(run) + 1):
        choices = [(best[end - 1][0] + 1.5, best[end - 1][1] + run[end - 1])]
        for length in range(2, min(_SPAN, end) + 1):
            for cost, near in offered.get(run[end - length : end], ()):
                cost_in_all = best[end - length][0] + cost + 0.1 - 0.01 * math.log10(1 + near.products)
                choices.append((cost_in_all, best[end - length][1] + near.word))
        best.append(min(choices))
    return best[-1][1]


async def _latin(tx: Connection, words: Sequence[Word], synonyms: Synonyms) -> dict[Word, str]:
    """What each strange word may have been meant to be."""
    if not words:
        return {}
    parts = {word: sound_of(word.text)[:_LONGEST_SOUND] for word in words}
    pieces = {
        sound[start:end]
        for sound in parts.values()
        for start in range(len(sound))
        for end in range(start + _SHORTEST_SOUND, len(sound) + 1)
    }
    heard = await _heard(tx, pieces)
    alike: dict[str, list[_Near]] = defaultdict(list)
    for sound, near in await _alike(tx, set(parts.values())):
        alike[sound].append(near)
    found = {}
    for word, sound in parts.items():
        known = [near for near in alike[sound] if not is_han(near.word)] + _in_synonyms(word.text, synonyms)
        better = _spelled_out(sound, heard) or _by_letters(word.text, known)
        if better is not None and better != word.text:
            found[word] = better
    return found


def _spelled_out(sound: str, heard: Mapping[str, Sequence[_Near]]) -> str | None:
    """The Chinese words whose pinyin this is, as few as can be."""
    best: list[tuple[float, str] | None] = [(0.0, "")] + [None] * len(sound)
    for end in range(_SHORTEST_SOUND, len(sound) + 1):
        choices = [
            (before[0] + 1 - 0.01 * math.log10(1 + near.products), before[1] + near.word)
            for start in range(end - 1)
            if (before := best[start]) is not None
            for near in heard.get(sound[start:end], ())
            if is_han(near.word)
        ]
        best[end] = min(choices, default=None)
    whole = best[-1]
    return whole[1] if whole is not None and whole[1] else None


def _by_letters(word: str, known: Iterable[_Near]) -> str | None:
    """The known word that is the fewest mistakes away; of those, the one that more products have."""
    allowed = 0 if len(word) < 4 else 1 if len(word) < 6 else 2
    ranked = [
        (far + 0.3 * (near.word[0] != word[0]) - 0.05 * math.log10(1 + near.products), near.word)
        for near in known
        if 0 < (far := distance(word, near.word)) <= allowed
    ]
    return min(ranked)[1] if ranked else None


def _in_synonyms(word: str, synonyms: Synonyms) -> list[_Near]:
    """Words of the synonyms that might be meant: a buyer's word that no title has."""
    return [
        _Near(known, 0) for known in synonyms.plain_words if abs(len(known) - len(word)) <= 2 and known[0] == word[0]
    ]


async def _heard(tx: Connection, sounds: set[str]) -> Mapping[str, list[_Near]]:
    found: dict[str, list[_Near]] = defaultdict(list)
    for row in await tx.fetch(LIVE.sql(_SOUNDS), list(sounds)):
        found[row["sound"]].append(_Near(row["word"], row["products"]))
    return found


async def _alike(tx: Connection, sounds: Iterable[str]) -> list[tuple[str, _Near]]:
    await tx.execute("SELECT set_config('pg_trgm.similarity_threshold', $1, true)", str(_LIKE))
    rows = await tx.fetch(LIVE.sql(_ALIKE), list(sounds))
    return [(row["asked"], _Near(row["word"], row["products"])) for row in rows]
