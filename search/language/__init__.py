"""What both engines know of languages. Pure functions; the dictionaries behind them are loaded by the first text that needs them."""

from search.language.normalising import normalise
from search.language.pinyin import initials, sound_of, spelled, syllables
from search.language.synonyms import Synonyms, SynonymsUnreadable, load_synonyms, read_synonyms
from search.language.words import STOP_WORDS, Word, finer_words, is_han, pairs, words_of

__all__ = [
    "STOP_WORDS",
    "Synonyms",
    "SynonymsUnreadable",
    "Word",
    "finer_words",
    "initials",
    "is_han",
    "load_synonyms",
    "normalise",
    "pairs",
    "read_synonyms",
    "sound_of",
    "spelled",
    "syllables",
    "words_of",
]
