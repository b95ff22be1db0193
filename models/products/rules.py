"""Pure rules of products: barcodes, options, attributes, publication, the category tree."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from models.products.errors import (
    AttributesInvalid,
    BarcodeInvalid,
    CategoryCycle,
    CategoryTooDeep,
    PublicationGap,
)
from models.products.types import AttributeDefinition, Publication
from models.shared.ids import CategoryId

MAX_DEPTH = 8
"""Levels of the category tree."""


def gtin(text: str) -> str:
    """The barcode, if it is a GTIN-8, -12, -13 or -14 with a right check digit (GS1: weights 3 and 1 from the right)."""
    if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdigit()):
        raise BarcodeInvalid(f"The barcode {text[:20]!r} must be a GTIN of 8, 12, 13 or 14 digits.", barcode=text[:20])
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(text[:-1])))
    expected = -weighted % 10
    if int(text[-1]) != expected:
        raise BarcodeInvalid(
            f"The barcode {text} ends in {text[-1]}, but its check digit must be {expected}; look for a typing mistake.",
            barcode=text,
        )
    return text


def options_key(options: Mapping[str, str]) -> str:
    """One text for one combination of options, whatever the order and case they were written in."""
    folded = sorted((name.casefold(), value.casefold()) for name, value in options.items())
    return json.dumps(folded, ensure_ascii=False, separators=(",", ":"))


def options_text(options: Mapping[str, str]) -> str:
    """The variant in words: `Red / M`."""
    return " / ".join(options.values())


def check_attributes(definitions: Iterable[AttributeDefinition], values: Mapping[str, str | int | float]) -> None:
    """Every value is defined and of its kind, and every required one is there; else `AttributesInvalid` names all faults."""
    known = {definition.code: definition for definition in definitions}
    faults = [
        f"{code} is not an attribute of the category (it has: {', '.join(sorted(known)) or 'none'})"
        for code in values
        if code not in known
    ]
    for code, definition in known.items():
        if code in values:
            faults += _attribute_faults(definition, values[code])
        elif definition.required:
            faults.append(f"{code} is required")
    if faults:
        raise AttributesInvalid(f"The attributes do not fit: {'; '.join(faults)}.", faults=faults)


def _attribute_faults(definition: AttributeDefinition, value: str | float) -> list[str]:
    if definition.kind == "number":
        return [] if not isinstance(value, str) else [f"{definition.code} must be a number, not {value[:40]!r}"]
    if not isinstance(value, str):
        return [f"{definition.code} must be text, not the number {value}"]
    if definition.kind == "enum" and value not in definition.choices:
        return [f"{definition.code} must be one of {', '.join(definition.choices)}, not {value[:40]!r}"]
    return []


def is_published(publication: Publication, now: datetime) -> bool:
    """Whether a product with this window is shown at `now`."""
    since, until = publication.since, publication.until
    return since is not None and since <= now and (until is None or now < until)


def publish(publication: Publication, at: datetime, now: datetime) -> Publication:
    """The window after "publish at `at`" is decided at `now`; a past `at` means now.

    A product that is shown then anyway stays shown, and a later end is dropped. `PublicationGap` if it is shown now, ends
    before `at`, and would have to start again: one window cannot say that.
    """
    at = max(at, now)
    since, until = publication.since, publication.until
    if since is None or not is_published(publication, now):
        return Publication(since=at)
    if until is not None and until < at:
        raise PublicationGap(
            f"The product is published until {until.isoformat()}; publish it again from {at.isoformat()} after that time has"
            " come, or unpublish it now first.",
            until=until.isoformat(),
        )
    return Publication(since=since)


def unpublish(publication: Publication, at: datetime, now: datetime) -> Publication:
    """The window after "unpublish at `at`" is decided at `now`; a past `at` means now. A start that lies later is cancelled."""
    at = max(at, now)
    since, until = publication.since, publication.until
    if since is None or since >= at:
        return Publication()
    if until is not None and until <= now:
        return publication
    return Publication(since=since, until=at)


def check_new_parent(category: CategoryId, height: int, new_parent_path: Sequence[CategoryId]) -> None:
    """A category with `height` levels (itself included) may move below that path: no cycle, at most `MAX_DEPTH` levels."""
    if category in new_parent_path:
        raise CategoryCycle(
            "A category cannot move below itself or one of its own subcategories; choose another parent.",
            category_id=category,
        )
    if len(new_parent_path) + height > MAX_DEPTH:
        raise CategoryTooDeep(f"The tree may have {MAX_DEPTH} levels; choose a parent nearer to the root.")
