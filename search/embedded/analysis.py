"""A document as the rows of the embedded index: pure, whatever it costs is CPU."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from search.documents import OfferPatch, ProductDocument, SkuDocument
from search.embedded import lexemes
from search.embedded.lexemes import Stems
from search.language import Word, finer_words, initials, is_han, normalise, sound_of, spelled, words_in

_READ_OF_A_DESCRIPTION = 3_000
"""Characters; what stands further down describes the shop more often than the product."""
_SHOWN_IN_A_SUGGESTION = 80
_KEY = 40
_LONGEST_HAN_PHRASE = 6
KEY_SIGN = "|"
"""Stands around each part of a title that is written in one script; no word has it."""

FacetValue = tuple[str, str, str]
"""Facet, value, label."""


@dataclass(frozen=True)
class Texts:
    """A document's texts in words, by how much they count."""

    by_weight: tuple[tuple[str, tuple[Word, ...]], ...]
    description: tuple[Word, ...]

    @property
    def plain_words(self) -> set[str]:
        """Every word that may have a stem."""
        every = [word for _, words in self.by_weight for word in words] + list(self.description)
        return {part for word in every if not word.is_han for part in (word.text, *word.parts) if part.isalpha()}


def texts_of(document: ProductDocument) -> Texts:
    """The document's texts, the most telling first."""
    options = (value for sku in document.skus for value in sku.options.values())
    attributes = (str(value) for value in document.attributes.values())
    weighted = (
        ("A", (document.title,)),
        ("B", (document.brand_name or "", *document.category_names[-1:], *dict.fromkeys(options))),
        ("C", (*attributes, *document.category_names[:-1])),
        ("D", (document.merchant_name,)),
    )
    return Texts(
        tuple((weight, tuple(word for text in texts for word in words_in(text))) for weight, texts in weighted),
        words_in(document.description[:_READ_OF_A_DESCRIPTION]),
    )


@dataclass(frozen=True)
class Analysed:
    """What the tables hold of a document, apart from its offers."""

    words: str
    described: str
    """What only the description says."""
    ranked: str
    title: str
    """Its parts, each of one script, without punctuation, between signs."""
    vocabulary: tuple[str, ...]
    names: tuple[str, ...]
    """Those of its words that it is called by: its title or its category ends with them."""
    facets: tuple[FacetValue, ...]
    suggestions: tuple[tuple[str, str], ...]
    """What may be typed, and what is then shown."""


def analyse(document: ProductDocument, texts: Texts, stems: Stems) -> Analysed:
    """The rows of a document whose words' stems are known."""
    weights = _weights(document, texts, stems)
    vocabulary = _vocabulary(document, texts)
    described = {
        lexeme
        for word in texts.description
        for lexeme in (*lexemes.of_word(word, stems), *lexemes.of_parts(word, stems))
    }
    fragments = {lexeme for _, words in texts.by_weight for lexeme in lexemes.inside(words)}
    found = fragments | {lexeme for lexeme in weights if not lexemes.only_ranks(lexeme)}
    return Analysed(
        words=lexemes.vector(found),
        described=lexemes.vector(described - weights.keys()),
        ranked=lexemes.weighted_vector(weights),
        title=f"{KEY_SIGN}{KEY_SIGN.join(chunks_of(document.title))}{KEY_SIGN}",
        vocabulary=tuple(sorted(vocabulary)),
        names=tuple(sorted(_names(document) & vocabulary)),
        facets=tuple(dict.fromkeys(_facets(document))),
        suggestions=tuple((key, document.title[:_SHOWN_IN_A_SUGGESTION]) for key in keys_of(document.title)),
    )


def _weights(document: ProductDocument, texts: Texts, stems: Stems) -> dict[str, str]:
    """How much each lexeme counts, at its best place."""
    weights: dict[str, str] = {}
    for weight, words in texts.by_weight:
        for word in words:
            weights.update((lexeme, weight) for lexeme in lexemes.of_word(word, stems) if lexeme not in weights)
    names = (("A", document.title), ("B", document.category_names[-1]))
    for weight, name in names:
        for part in lexemes.scripts_of(words_in(name)):
            for lexeme in (*lexemes.side_by_side(part, stems), *lexemes.last_of_name(part, stems)):
                weights.setdefault(lexeme, weight)
    for _, words in texts.by_weight:
        for lexeme in (part for word in words for part in lexemes.of_parts(word, stems)):
            weights.setdefault(lexeme, "D")
    return weights


def _vocabulary(document: ProductDocument, texts: Texts) -> set[str]:
    """The words worth completing and correcting to: those of title, brand, category and options, not of long texts."""
    found: set[str] = set()
    for _, words in texts.by_weight[:2]:
        for word in words:
            found.update((word.text, *(finer_words(word.text) if word.is_han else word.parts)))
    found.update(chunk for chunk in chunks_of(document.brand_name or "") if is_han(chunk))
    found.update(_names(document))
    return {word for word in found if _is_telling(word)}


def _names(document: ProductDocument) -> set[str]:
    """What the title and the category end with, in one word and in two: 壳 and 手机壳, mouse and wireless mouse."""
    found: set[str] = set()
    for name in (document.title, document.category_names[-1]):
        for part in lexemes.scripts_of(words_in(name)):
            han = part[-1].is_han
            words = part if han else lexemes.english_name(part)
            joined = ("" if han else " ").join(word.text for word in words[-2:])
            found.update(word.text for word in words[-1:])
            if len(words) > 1 and (not han or len(joined) <= _LONGEST_HAN_PHRASE):
                found.add(joined)
    return {name for name in found if _is_telling(name)}


def _is_telling(word: str) -> bool:
    """Whether somebody might type it to find goods: no single character, no model number."""
    return len(word) > 1 and not any(letter.isdigit() for letter in word)


def _facets(document: ProductDocument) -> Iterator[FacetValue]:
    yield "merchant", document.merchant_id, document.merchant_name
    if document.brand_id is not None:
        yield "brand", document.brand_id, document.brand_name or document.brand_id
    for category_id, name in zip(document.category_ids, document.category_names, strict=True):
        yield "category", category_id, name
    for code, value in document.attributes.items():
        yield f"attribute.{code}", str(value), str(value)


def variants_of(skus: Iterable[SkuDocument]) -> tuple[FacetValue, ...]:
    """The facet values that the options of its SKUs are."""
    found = ((f"option.{label}", value, value) for sku in skus for label, value in sku.options.items())
    return tuple(dict.fromkeys(found))


def names_in(label: str) -> list[str]:
    """What a brand or a category may be called: its whole name, and each part that is written in one script."""
    whole = normalise(label)
    return list(dict.fromkeys(name for name in (whole, *chunks_of(label)) if name))


def chunks_of(text: str) -> tuple[str, ...]:
    """A text split where its script changes: 蓝牙耳机 Bluetooth headphones is two."""
    found: list[str] = []
    last_was_han: bool | None = None
    for word in words_in(text):
        if word.is_han == last_was_han:
            found[-1] += word.text if word.is_han else f" {word.text}"
        else:
            found.append(word.text)
        last_was_han = word.is_han
    return tuple(found)


def keys_of(text: str) -> tuple[str, ...]:
    """What somebody may begin to type who means this text: it, each of its parts, how its Chinese parts are spelled."""
    keys = [normalise(text)]
    for chunk in chunks_of(text):
        keys += [chunk, spelled(chunk), initials(chunk)] if is_han(chunk) else [chunk]
    return tuple(dict.fromkeys(key[:_KEY] for key in keys if key))


def heard(word: str) -> tuple[str, str, str]:
    """A word of the vocabulary as it is spelled, by initials, and as it sounds."""
    if not is_han(word):
        return word, "", sound_of(word) if word.isascii() else word
    return spelled(word), initials(word), sound_of(spelled(word))


@dataclass(frozen=True)
class Offers:
    """What the tables hold of a product's SKUs."""

    codes: list[str]
    prices: list[int]
    in_stock: bool
    variants: tuple[FacetValue, ...]


def offers_of(source: ProductDocument | OfferPatch) -> Offers:
    """The offers of a document or of a patch."""
    codes = (normalise(code) for sku in source.skus for code in (sku.code, sku.barcode) if code)
    return Offers(
        codes=sorted(set(codes)),
        prices=sorted({sku.price.minor for sku in source.skus}),
        in_stock=any(sku.available for sku in source.skus),
        variants=variants_of(source.skus),
    )
