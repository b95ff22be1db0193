"""A document as Meilisearch holds it, and what the index must know of its fields."""

from collections.abc import Iterable
from typing import Any

from search.documents import OfferPatch, ProductDocument, SkuDocument
from search.language import Synonyms, initials, is_han, normalise, spelled, words_of
from search.query import MAX_WINDOW

MARK, END_MARK = "\ue000", "\ue001"
"""Stand around what was looked for; characters of the private use area, which no title keeps."""
_LABEL = "|"
"""Facet values are `name|id`, so that counting them answers both, and a prefix of the name finds them."""


def index_settings(synonyms: Synonyms) -> dict[str, Any]:
    """Everything that differs from what a new index has."""
    return {
        "searchableAttributes": [
            *("title", "brand_name", "codes", "category_names", "spoken", "option_values", "attribute_values"),
            *("merchant_name", "description"),
        ],
        "filterableAttributes": [
            *("spu_id", "brand_id", "merchant_id", "category_ids", "prices", "in_stock", "attribute", "option"),
            *("brand", "merchant", "category"),
        ],
        "sortableAttributes": ["price_from", "price_to", "sales", "published_at"],
        "displayedAttributes": ["*"],
        # `sort` first: who asks for an order gets that order, and relevance decides between equals.
        "rankingRules": [
            *("sort", "words", "typo", "proximity", "attribute", "exactness", "sales:desc", "published_at:desc"),
        ],
        "synonyms": {phrase: list(others) for phrase, others in synonyms.mapping.items()},
        "typoTolerance": {
            "enabled": True,
            "minWordSizeForTypos": {"oneTypo": 4, "twoTypos": 8},
            "disableOnAttributes": ["codes"],
        },
        "pagination": {"maxTotalHits": MAX_WINDOW},
        "faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "count"}},
    }


def whole(document: ProductDocument) -> dict[str, Any]:
    """The document with all its fields but those of `offers`."""
    named = {str(one): name for one, name in zip(document.category_ids, document.category_names, strict=True)}
    return {
        "spu_id": document.spu_id,
        "revision": document.revision,
        "title": _unmarked(document.title),
        "description": document.description,
        "merchant_id": document.merchant_id,
        "merchant_name": document.merchant_name,
        "merchant": labelled(document.merchant_name, document.merchant_id),
        "brand_id": document.brand_id,
        "brand_name": document.brand_name,
        "brand": labelled(document.brand_name, document.brand_id)
        if document.brand_id and document.brand_name
        else None,
        "category_id": document.category_ids[-1],
        "category_ids": list(document.category_ids),
        "category_names": list(document.category_names),
        "category": [labelled(name, one) for one, name in named.items()],
        "attribute": {code: str(value) for code, value in document.attributes.items()},
        "attribute_values": [str(value) for value in document.attributes.values()],
        "spoken": _spoken((document.title, document.brand_name or "", *document.category_names)),
        "image_url": document.image_url,
        "sales": document.sales,
        "published_at": int(document.published_at.timestamp()),
    }


def offers(source: ProductDocument | OfferPatch) -> dict[str, Any]:
    """The fields of what changes often."""
    options: dict[str, dict[str, None]] = {}
    for sku in source.skus:
        for label, value in sku.options.items():
            options.setdefault(label, {})[value] = None
    prices = sorted({sku.price.minor for sku in source.skus})
    return {
        "spu_id": source.spu_id,
        "offers_revision": source.revision,
        "codes": sorted({code for sku in source.skus for code in _codes(sku)}),
        "option": {label: list(values) for label, values in options.items()},
        "option_values": sorted({value for values in options.values() for value in values}),
        "prices": prices,
        "price_from": prices[0],
        "price_to": prices[-1],
        "currency": source.skus[0].price.currency,
        "in_stock": any(sku.available for sku in source.skus),
    }


def labelled(name: str, one: str) -> str:
    """A facet value that says both."""
    return f"{name}{_LABEL}{one}"


def taken_apart(value: str) -> tuple[str, str]:
    """Name and id of such a value."""
    name, _, one = value.rpartition(_LABEL)
    return name, one


def _codes(sku: SkuDocument) -> Iterable[str]:
    return (code for code in (sku.code, sku.barcode) if code)


def _unmarked(title: str) -> str:
    return title.replace(MARK, "").replace(END_MARK, "")


def _spoken(texts: Iterable[str]) -> list[str]:
    """How the Chinese words of these texts are spelled, in full and by initials."""
    found: dict[str, None] = {}
    for text in texts:
        chinese = "".join(word.text for word in words_of(normalise(text)) if is_han(word.text))
        if chinese:
            found |= {spelled(chinese): None, initials(chinese): None}
        for word in words_of(normalise(text)):
            if is_han(word.text):
                found[spelled(word.text)] = None
    return list(found)
