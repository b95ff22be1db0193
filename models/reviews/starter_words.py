"""The list of words a new shop starts with."""

from importlib.resources import files

from models.reviews.types import Verdict, WordTerms


def starter_words() -> list[WordTerms]:
    """Every entry of `starter_words.tsv`."""
    text = files("models.reviews").joinpath("starter_words.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return [
        WordTerms(verdict=Verdict(verdict), homophones=homophones == "yes", text=word, note=note)
        for verdict, homophones, word, note in rows
    ]
