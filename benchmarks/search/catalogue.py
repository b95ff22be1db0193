"""A catalogue from a seed: goods as merchants list them, in Chinese, in English, or in both, and what each of them truly is."""

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from benchmarks.search.vocabulary import (
    AUDIENCES,
    BRANDS,
    COLOURS,
    DEPARTMENTS,
    FEATURES,
    MATERIALS,
    MERCHANTS,
    SEASONS,
)
from models.shared import Money
from models.shared.ids import BrandId, CategoryId, MerchantId, SkuId, SpuId
from search.documents import ProductDocument, SkuDocument

_SEED = 20261101
_OPENED = datetime(2026, 1, 1, tzinfo=UTC)
_WORN = ("fashion", "shoes", "bags")
_SEASONAL = {
    "dress",
    "skirt",
    "shirt",
    "tshirt",
    "hoodie",
    "sweater",
    "jacket",
    "down_jacket",
    "trousers",
    "jeans",
    "scarf",
    "gloves",
    "sandals",
    "duvet",
}
_AT_MOST_SKUS = 4


@dataclass(frozen=True)
class Kind:
    """A kind of goods: a row of `kinds.csv`."""

    key: str
    department: str
    category: str
    zh: tuple[str, ...]
    en: tuple[str, ...]
    trade: str
    materials: tuple[str, ...]
    features: tuple[str, ...]
    sizes: tuple[str, ...]
    coloured: bool
    least: int
    most: int


@dataclass(frozen=True)
class Good:
    """A product and the truth about it, which questions are judged by."""

    kind: str
    brand: str
    """Its Latin name."""
    material: str | None
    features: frozenset[str]
    audience: str | None
    season: str | None
    colours: frozenset[str]
    sizes: frozenset[str]
    document: ProductDocument


@cache
def kinds() -> tuple[Kind, ...]:
    """All kinds of goods."""
    with Path(__file__).with_name("kinds.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Kind(
                row["key"], row["department"], row["category"], _listed(row["zh"]), _listed(row["en"]), row["brands"],
                _listed(row["materials"]), _listed(row["features"]), _listed(row["sizes"]), row["colours"] == "1",
                int(row["least"]), int(row["most"]),
            )
            for row in csv.DictReader(file)
        )  # fmt: skip


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.split("|") if part)


def goods(number: int) -> Iterator[Good]:
    """That many goods, each kind in turn; the first ones are the same whatever the number is."""
    chance = random.Random(_SEED)
    for place in range(number):
        yield _good(place, kinds()[place % len(kinds())], chance)


def _good(place: int, kind: Kind, chance: random.Random) -> Good:
    brand_zh, brand_en = chance.choice(BRANDS[kind.trade])
    material = chance.choice(kind.materials) if kind.materials else None
    features = chance.sample(kind.features, min(len(kind.features), chance.choice((1, 2, 2, 3))))
    if {"短袖", "长袖"} <= set(features):
        features.remove("长袖")
    if {"修身", "宽松"} <= set(features):
        features.remove("宽松")
    if {"加厚", "轻薄"} <= set(features):
        features.remove("轻薄")
    audience = chance.choice((*AUDIENCES, None)) if kind.trade in _WORN and kind.key not in ("dress", "skirt") else None
    audience = "女" if kind.key in ("dress", "skirt") else audience
    season = chance.choice((*SEASONS, None)) if kind.key in _SEASONAL else None
    colours = chance.sample(list(COLOURS), chance.choice((1, 2, 2))) if kind.coloured else []
    sizes = chance.sample(kind.sizes, min(len(kind.sizes), chance.choice((1, 2, 3))))
    style = chance.choices(("zh", "en", "both"), (5, 2, 3))[0]
    told = _Told(kind, brand_zh, brand_en, material, tuple(features), audience, season, style, chance)
    document = _document(place, told, colours, sizes)
    return Good(
        kind.key,
        brand_en,
        material,
        frozenset(features),
        audience,
        season,
        frozenset(colours),
        frozenset(sizes),
        document,
    )


@dataclass(frozen=True)
class _Told:
    kind: Kind
    brand_zh: str
    brand_en: str
    material: str | None
    features: tuple[str, ...]
    audience: str | None
    season: str | None
    style: str
    chance: random.Random


def _title(told: _Told) -> str:
    model = f"{told.chance.choice('ABKLMNPRSTX')}{told.chance.randrange(1, 100)}"
    chinese = _chinese_title(told)
    english = _english_title(told)
    if told.style == "zh":
        return f"{told.brand_zh} {chinese} {model}" if told.chance.random() < 0.5 else f"{told.brand_zh}{chinese}"
    if told.style == "en":
        return f"{told.brand_en} {english} {model}"
    return f"{chinese} {english}"


def _chinese_title(told: _Told) -> str:
    parts = [SEASONS[told.season][0] if told.season else ""]
    parts += list(told.features)
    parts.append(MATERIALS[told.material][0] if told.material else "")
    parts.append(AUDIENCES[told.audience][0] if told.audience else "")
    return "".join(parts) + told.chance.choice(told.kind.zh)


def _english_title(told: _Told) -> str:
    words = [FEATURES[feature].capitalize() for feature in told.features[:2]]
    words += [MATERIALS[told.material][1]] if told.material else []
    words += [SEASONS[told.season][1]] if told.season and told.chance.random() < 0.5 else []
    words.append(told.chance.choice(told.kind.en).lower())
    name = " ".join(words)
    return f"{name} for {AUDIENCES[told.audience][1]}" if told.audience else name


def _description(told: _Told) -> str:
    """What stands there says more than the title, and names other goods."""
    other = told.chance.choice(kinds())
    said = []
    if told.style != "en":
        said.append(f"{'、'.join(told.features)}的{told.kind.zh[0]}，七天无理由退换。可以搭配{other.zh[0]}使用。")
    if told.style != "zh":
        features = ", ".join(FEATURES[feature] for feature in told.features)
        said.append(f"A {told.kind.en[0].lower()} that is {features}. Goes well with a {other.en[0].lower()}.")
    return "".join(said)


def _document(place: int, told: _Told, colours: Sequence[str], sizes: Sequence[str]) -> ProductDocument:
    kind, chance = told.kind, told.chance
    english = told.style == "en"
    price = chance.randrange(kind.least, kind.most) * 100
    attributes: dict[str, str | int] = {}
    if told.material:
        attributes["material"] = MATERIALS[told.material][1 if english else 0]
    if told.season and chance.random() < 0.7:
        attributes["season"] = SEASONS[told.season][1 if english else 0]
    brand = f"{told.brand_zh} {told.brand_en}"
    names = (DEPARTMENTS[kind.department], kind.category)
    merchant = chance.choice(MERCHANTS)
    return ProductDocument(
        spu_id=SpuId.derive(_OPENED, f"product {place}"),
        revision=1,
        title=_title(told),
        description=_description(told),
        merchant_id=MerchantId.derive(_OPENED, merchant),
        merchant_name=merchant,
        brand_id=BrandId.derive(_OPENED, brand),
        brand_name=brand,
        category_ids=tuple(CategoryId.derive(_OPENED, name) for name in names),
        category_names=names,
        attributes=attributes,
        skus=tuple(_skus(place, told, colours, sizes, price)),
        image_url=None,
        published_at=_OPENED + timedelta(minutes=chance.randrange(400_000)),
        sales=min(5000, int(chance.paretovariate(0.9)) - 1),
    )


def _skus(place: int, told: _Told, colours: Sequence[str], sizes: Sequence[str], price: int) -> Iterator[SkuDocument]:
    english = told.style == "en"
    choices = [
        {
            **({"Colour" if english else "颜色": COLOURS[colour] if english else colour} if colour else {}),
            **({"Size" if english else "规格": size} if size else {}),
        }
        for colour in colours or [""]
        for size in sizes or [""]
    ][:_AT_MOST_SKUS]
    prefix = "".join(word[0] for word in told.brand_en.split())[:2].upper()
    for number, options in enumerate(choices):
        yield SkuDocument(
            sku_id=SkuId.derive(_OPENED, f"sku {place} {number}"),
            code=f"{prefix}{told.kind.key[:4].upper()}-{place:05}-{number + 1}",
            barcode=f"69{place:08}{number:02}",
            options=options,
            price=Money(minor=price + number * 500, currency="CNY"),
            available=told.chance.random() < 0.85,
        )
