"""Finds the words of the list in a text and judges it.

Two automata read the folded text once each: one by letters, one by sounds. What they find is then held against the text as it
was written, because letters that meet by chance are no word: Latin words stand between word boundaries; Chinese characters
that belong to two different words ("消毒" + "品质") are neither; neither are those of two sentences.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

from models.reviews.errors import WordEmpty
from models.reviews.folding import Folded, fold, gaps, is_chinese, sound, syllable
from models.reviews.types import Finding, How, Judgement, Verdict, WordTerms
from models.shared import chinese

_WEAK = frozenset("，。！？；：、,.!?;:…—\"'“”‘’()（）《》〈〉【】[]/~～-")
"""What stands between words of honest people."""
_WEAK_IN_LATIN = frozenset(",!?;:…\"'“”‘’()[]/")
_TOO_SHORT_TO_HIDE = 2
"""Latin letters: a word so short is found as it is written only, since "5B-2" is a part number."""
_SPELLED_FROM = 6
"""Letters: a word in pinyin that is shorter is too often another word."""


@dataclass(frozen=True)
class _Pattern:
    """One way in which a word is written."""

    word: WordTerms
    letters: str
    latin: bool
    open_start: bool = False
    open_end: bool = False
    spaces: frozenset[int] = frozenset()
    """Before which of its letters the word itself has a space."""


def looked_for(word: WordTerms) -> str:
    """What is compared, with a `*` where letters may stand: entries alike in this are one. `WordEmpty`."""
    pattern = _written(word)
    if not pattern.letters:
        raise WordEmpty(
            "Nothing is left of this word once signs and spaces are seen through. Write letters.", field="text"
        )
    return f"{'*' * pattern.open_start}{pattern.letters}{'*' * pattern.open_end}"


class Judge:
    """Knows one version of the list of words. Built once for each, in some milliseconds; then shared."""

    def __init__(self, words: Iterable[WordTerms], version: int = 0) -> None:
        self.version = version
        active = [word for word in words if word.active]
        self._by_letters = [pattern for word in active for pattern in _spellings(word)]
        self._by_sound = [_written(word) for word in active if word.homophones and _is_chinese(word)]
        self._letters = AhoCorasick([pattern.letters for pattern in self._by_letters]) if self._by_letters else None
        self._sounds = AhoCorasick([sound(pattern.letters) for pattern in self._by_sound]) if self._by_sound else None

    @staticmethod
    def load() -> None:
        """Load the dictionaries that the first reading would."""
        chinese.words("一", guess=False)
        sound("一")
        fold("一")

    def judge(self, text: str) -> Judgement:
        """What the list says about this text."""
        reading = _Reading(text)
        found = [*self._read_letters(reading), *self._read_sounds(reading)]
        innocent = [each for each in found if each.verdict is Verdict.PASS]
        guilty = [
            each
            for each in found
            if each.verdict is not Verdict.PASS
            and not any(other.start <= each.start and each.end <= other.end for other in innocent)
        ]
        guilty.sort(key=lambda each: (each.start, -each.end, each.word))
        verdict = max((each.verdict for each in guilty), key=lambda each: each.strictness, default=Verdict.PASS)
        return Judgement(verdict=verdict, shown=_masked(text, guilty), findings=tuple(guilty), version=self.version)

    def _read_letters(self, reading: "_Reading") -> Iterable[Finding]:
        if self._letters is None:
            return
        for number, start, end in self._letters.find_matches_as_indexes(reading.folded.text, overlapping=True):
            pattern = self._by_letters[number]
            fits = reading.latin_fits(pattern, start, end) if pattern.latin else reading.chinese_fits(start, end)
            if fits is not None:
                yield reading.finding(pattern.word, start, end, fits)

    def _read_sounds(self, reading: "_Reading") -> Iterable[Finding]:
        if self._sounds is None:
            return
        for number, start, end in self._sounds.find_matches_as_indexes(sound(reading.folded.text), overlapping=True):
            pattern = self._by_sound[number]
            if reading.folded.text[start:end] != pattern.letters and reading.sounds_fit(start, end):
                yield reading.finding(pattern.word, start, end, How.HOMOPHONE)


class _Reading:
    """One text being read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.folded: Folded = fold(text)
        self._words: dict[int, list[tuple[int, int]]] = {}

    def finding(self, word: WordTerms, start: int, end: int, how: How) -> Finding:
        """This word, from here to there in the text as it was written."""
        places = self.folded.at
        return Finding(word=word.text, verdict=word.verdict, start=places[start], end=places[end - 1] + 1, how=how)

    def latin_fits(self, pattern: _Pattern, start: int, end: int) -> How | None:
        """Between word boundaries; and what stands between its letters is no honest space or comma, unless every letter
        stands alone ("s h i t")."""
        if not (pattern.open_start or self._begins(start)) or not (pattern.open_end or self._ends(end)):
            return None
        if len(pattern.letters) <= _TOO_SHORT_TO_HIDE and not self._stands_written(pattern, start, end):
            return None
        others = [gap for gap in gaps(self.folded, start, end) if gap - start not in pattern.spaces]
        if not others:
            return How.PLAIN
        weak = any(self._between(gap, _WEAK_IN_LATIN) for gap in others)
        return None if weak and len(others) < end - start - 1 - len(pattern.spaces) else How.DISGUISED

    def _stands_written(self, pattern: _Pattern, start: int, end: int) -> bool:
        written = self._text[self.folded.at[start] : self.folded.at[end - 1] + 1]
        return unicodedata.normalize("NFKC", written).casefold() == pattern.letters

    def chinese_fits(self, start: int, end: int) -> How | None:
        """Not cut out of other words; and what stands between its characters is nothing that stands between sentences, unless
        it stands between all of them."""
        between = gaps(self.folded, start, end)
        if not between:
            return How.PLAIN if self._is_whole(start, end) else None
        return How.DISGUISED if self._pulled_apart(between, start, end) else None

    def sounds_fit(self, start: int, end: int) -> bool:
        """The same, and the characters are not words of their own that happen to sound so ("威信" for "微信")."""
        between = gaps(self.folded, start, end)
        if between:
            return self._pulled_apart(between, start, end)
        inside = [word for word in self._words_at(start) if word[0] < end and start < word[1]]
        if any(first < start or end < last for first, last in inside):
            return False
        return any(last - first == 1 for first, last in inside)

    def _pulled_apart(self, between: list[int], start: int, end: int) -> bool:
        if not any(self._between(gap, _WEAK) for gap in between):
            return True
        if len(between) < end - start - 1:
            return False
        return end - start > 2 or (self._stands_off(start) and self._stands_off(end))

    def _between(self, index: int, weak: frozenset[str]) -> bool:
        """Whether spaces or these signs, and nothing stranger, stand before this letter."""
        written = self._text[self.folded.at[index - 1] + 1 : self.folded.at[index]]
        return all(character.isspace() or character in weak for character in written)

    def _stands_off(self, index: int) -> bool:
        return index in (0, len(self.folded.at)) or not self.folded.adjacent(index)

    def _begins(self, index: int) -> bool:
        return self._stands_off(index) or not _is_latin(self.folded.text[index - 1])

    def _ends(self, index: int) -> bool:
        return self._stands_off(index) or not _is_latin(self.folded.text[index])

    def _is_whole(self, start: int, end: int) -> bool:
        """Whether no word of the language lies across the edge of these characters. A single character must be a word."""
        for first, last in self._words_at(start):
            if last <= start or end <= first:
                continue
            contains = first <= start and end <= last
            if not contains and (first < start or end < last):
                return False
            if contains and end - start == 1 and last - first > 1:
                return False
        return True

    def _words_at(self, index: int) -> list[tuple[int, int]]:
        """The words of the run of characters around this one, each from where to where."""
        first = index
        while not self._stands_off(first):
            first -= 1
        if first not in self._words:
            last = index + 1
            while not self._stands_off(last):
                last += 1
            self._words[first] = list(_cut(self.folded.text[first:last], first))
        return self._words[first]


def _cut(run: str, first: int) -> Iterable[tuple[int, int]]:
    for word in chinese.words(run, guess=False):
        yield first, first + len(word)
        first += len(word)


def _is_latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


def _is_chinese(word: WordTerms) -> bool:
    return any(is_chinese(letter) for letter in fold(word.text).text)


def _written(word: WordTerms) -> _Pattern:
    """The word as its operator wrote it."""
    text = word.text
    bare = text.strip("*")
    folded = fold(bare)
    latin = all(_is_latin(letter) for letter in folded.text)
    spaces = frozenset(
        n
        for n in range(1, len(folded.at))
        if bare[folded.at[n - 1] + 1 : folded.at[n]].strip("-_ ") == "" and not folded.adjacent(n)
    )
    return _Pattern(word, folded.text, latin, text.startswith("*"), text.endswith("*"), spaces)


def _spellings(word: WordTerms) -> Iterable[_Pattern]:
    yield _written(word)
    if not word.homophones:
        return
    syllables = [syllable(letter) for letter in fold(word.text).text]
    spelled = "".join(each or "" for each in syllables)
    if all(syllables) and len(syllables) > 1 and len(spelled) >= _SPELLED_FROM:
        ends, reached = set(), 0
        for each in syllables[:-1]:
            reached += len(each or "")
            ends.add(reached)
        yield _Pattern(word, spelled, latin=True, spaces=frozenset(ends))


def _masked(text: str, findings: Sequence[Finding]) -> str:
    letters = list(text)
    for each in (found for found in findings if found.verdict is Verdict.MASK):
        for place in range(each.start, each.end):
            if unicodedata.category(letters[place])[0] in "LNM":
                letters[place] = "*"
    return "".join(letters)
