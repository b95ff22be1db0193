"""What both engines know of languages. Pure functions; the dictionaries behind them are loaded by the first text that needs them."""

from search.language.distance import distance
from search.language.normalising import normalise
from search.language.pinyin import initials, sound_of, spelled, syllables
from search.language.synonyms import Synonyms, SynonymsUnreadable, load_synonyms, read_synonyms
from search.language.words import (
    STOP_WORDS,
    Word,
    cut_around,
    finer_words,
    han_spans,
    is_han,
    pairs,
    words_in,
    words_of,
)

__all__ = [
    "STOP_WORDS",
    "Synonyms",
    "SynonymsUnreadable",
    "Word",
    "cut_around",
    "distance",
    "finer_words",
    "han_spans",
    "initials",
    "is_han",
    "load_synonyms",
    "normalise",
    "pairs",
    "read_synonyms",
    "sound_of",
    "spelled",
    "syllables",
    "words_in",
    "words_of",
]
