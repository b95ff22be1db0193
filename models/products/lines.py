"""One line of a catalogue file: a SKU with everything its product says, and what may be wrong with it."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from models.products.amounts import parse_amount
from models.products.errors import AmountInvalid, BarcodeInvalid
from models.products.rules import gtin
from models.products.types import (
    AttributeDefinition,
    Attributes,
    Code,
    Description,
    MaxPerOrder,
    Options,
    Title,
    Weight,
)
from models.shared import Frozen, Money
from models.shared.money import Currency

_TOKEN = re.compile(r"\\(?P<kept>.)|(?P<end>[;；])|(?P<equals>[=＝])|(?P<text>.)", re.DOTALL)


def parse_pairs(value: Any) -> Any:
    """`Colour=Red;Size=M` as a mapping; a backslash keeps a following `;` or `=` in the text. Other types stay as they are."""
    if not isinstance(value, str):
        return value
    pairs: dict[str, str] = {}
    name: str | None = None
    text = ""
    for token in [*_TOKEN.finditer(value), None]:
        if token is not None and (token["kept"] or token["text"]):
            text += token["kept"] or token["text"]
        elif token is not None and token["equals"]:
            if name is not None:
                text += token["equals"]
            else:
                name, text = text.strip(), ""
        else:
            _end_pair(pairs, name, text.strip())
            name, text = None, ""
    return pairs


def _end_pair(pairs: dict[str, str], name: str | None, text: str) -> None:
    if name is None:
        if text:
            raise ValueError(f"{text[:40]!r} is not a pair like Colour=Red")
        return
    if name in pairs:
        raise ValueError(f"{name[:40]!r} is given twice")
    pairs[name] = text


def format_pairs(pairs: Mapping[str, Any]) -> str:
    """What `parse_pairs` reads back."""
    return ";".join(f"{_escaped(name)}={_escaped(str(value))}" for name, value in pairs.items())


def _escaped(text: str) -> str:
    return re.sub(r"([\\;；=＝])", r"\\\1", text)


class ImportLine(Frozen):
    """A SKU and its product as a file states them. Lines of one product repeat what the product says.

    `published` and `price` may be left out: then they stay as they are (a new product stays unpublished).
    """

    merchant_code: Code
    spu_code: Code
    sku_code: Code
    title: Title
    description: Description = ""
    category_code: Code
    brand_code: Code | None = None
    attributes: Annotated[Attributes, BeforeValidator(parse_pairs), Field(max_length=100)] = Field(default_factory=dict)
    options: Annotated[Options, BeforeValidator(parse_pairs), Field(max_length=5)] = Field(default_factory=dict)
    barcode: str | None = None
    weight_g: Weight
    price: str | None = None
    currency: Currency = "CNY"
    max_per_order: MaxPerOrder = 999
    listed: bool = True
    published: bool | None = None

    @field_validator("barcode")
    @classmethod
    def _checked(cls, value: str | None) -> str | None:
        try:
            return None if value is None else gtin(value)
        except BarcodeInvalid as refusal:
            raise ValueError(refusal.detail) from refusal

    @field_validator("price", mode="before")
    @classmethod
    def _as_written(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _price_fits_currency(self) -> "ImportLine":
        if self.price is not None:
            try:
                parse_amount(self.price, self.currency)
            except AmountInvalid as refusal:
                raise ValueError(refusal.detail) from refusal
        return self

    @property
    def money(self) -> Money | None:
        """The price, if the line has one."""
        return None if self.price is None else parse_amount(self.price, self.currency)

    def product_digest(self) -> bytes:
        """A short fingerprint of what the line says about its product, to find lines that contradict each other."""
        said = (
            self.title,
            self.description,
            self.category_code,
            self.brand_code,
            sorted(self.attributes.items()),
            self.published,
        )
        return hashlib.blake2b(repr(said).encode(), digest_size=8).digest()


COLUMNS = tuple(ImportLine.model_fields)
REQUIRED = tuple(name for name, field in ImportLine.model_fields.items() if field.is_required())

_TO_DO = {
    "merchant_code": "Give the code of a merchant that exists.",
    "spu_code": "Give the merchant's code of the product: letters, digits, dot, dash, underscore, at most 64.",
    "sku_code": "Give the merchant's code of the SKU: letters, digits, dot, dash, underscore, at most 64.",
    "title": "Give a title of 1 to 200 characters.",
    "description": "Shorten the description to 10,000 characters.",
    "category_code": "Give the code of a category that exists.",
    "brand_code": "Give the code of a brand that exists, or leave it empty.",
    "attributes": "Write pairs like screen=6.1;colour=Black with the attributes of the category.",
    "options": "Write at most five pairs like Colour=Red;Size=M.",
    "barcode": "Give a GTIN with its right check digit, as text, or leave it empty.",
    "weight_g": "Give whole grams from 0 to 1000000.",
    "price": "Give an amount like 199.00, or leave it empty to keep the price.",
    "currency": "Give three capital letters like CNY.",
    "max_per_order": "Give a whole number from 1 to 999.",
    "listed": "Write yes or no.",
    "published": "Write yes or no, or leave it empty to keep it as it is.",
}


class LineFault(Frozen):
    """What is wrong in one line of a file, and what to do about it. `column` is empty when it is the line as a whole."""

    line: int
    column: str
    wrong: str
    to_do: str


class NumberedLine(Frozen):
    """A line that can be read, and where it stands in its file."""

    line: int
    value: ImportLine


def fault(line: int, column: str, wrong: str, to_do: str = "") -> LineFault:
    """A fault; without advice of its own it gets the column's."""
    return LineFault(line=line, column=column, wrong=wrong, to_do=to_do or _TO_DO.get(column, "Correct the line."))


def read_line(number: int, fields: Mapping[str, Any]) -> Iterator[NumberedLine | LineFault]:
    """The line, or every fault in it."""
    try:
        yield NumberedLine(line=number, value=ImportLine.model_validate(fields))
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False):
            column = str(one["loc"][0]) if one["loc"] else "price"  # the only rule over the whole line is the price's
            given = "" if one["type"] in ("missing", "value_error") else f" (given: {str(one['input'])[:60]!r})"
            yield fault(number, column, one["msg"].removeprefix("Value error, ") + given)


class Consistency:
    """Finds lines of one file that contradict earlier ones. Remembers some hundred bytes a line, no text."""

    def __init__(self) -> None:
        self._products: dict[bytes, tuple[int, bytes]] = {}
        self._skus: dict[bytes, int] = {}

    def check(self, numbered: NumberedLine) -> LineFault | None:
        """The fault of a line that repeats a SKU, or says something else about a product than its first line."""
        line, value = numbered.line, numbered.value
        sku_at = self._skus.setdefault(_key(value.merchant_code, value.sku_code), line)
        if sku_at != line:
            return fault(
                line, "sku_code", f"{value.sku_code} was in line {sku_at} already", "Keep one of the two lines."
            )
        digest = value.product_digest()
        product_at, first = self._products.setdefault(_key(value.merchant_code, value.spu_code), (line, digest))
        if first != digest:
            return fault(
                line,
                "spu_code",
                f"title, description, category, brand, attributes or published of {value.spu_code} differ from line {product_at}",
                "Repeat the same values in every line of a product.",
            )
        return None


def _key(*parts: str) -> bytes:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=12).digest()


def typed_attributes(definitions: Mapping[str, AttributeDefinition], values: Attributes) -> Attributes:
    """Numbers that a CSV cell could only write as text, as numbers; what is not a number stays, to be refused by name."""
    return {
        code: _number(value)
        if isinstance(value, str) and code in definitions and definitions[code].kind == "number"
        else value
        for code, value in values.items()
    }


def _number(text: str) -> str | int | float:
    if re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d{1,15}\.\d{1,15}", text, re.ASCII) else text
