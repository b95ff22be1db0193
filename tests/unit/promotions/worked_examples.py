"""Reads docs/promotion-examples.md: its baskets, its offers in words, and what it says comes of them."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from models.promotions.offers import (
    DirectCut,
    FreeShipping,
    NForM,
    Offer,
    PercentTier,
    SaveTier,
    Scope,
    SkuPrice,
    SpendPercent,
    SpendSave,
    TimedPrice,
)
from models.promotions.types import OfferInForce, OfferLine, Source
from models.shared import Money
from models.shared.ids import BrandId, CategoryId, CouponId, Id, MerchantId, SkuId, SpuId

T = TypeVar("T", bound=Id)
NOW = datetime(2026, 11, 11, tzinfo=UTC)
PAGE = Path(__file__).parents[3] / "docs" / "promotion-examples.md"


@dataclass
class Row:
    """What the table says of one article: each offer's share (goods, shipping), and what is left to pay."""

    shares: dict[str, tuple[int, int]]
    goods: int
    shipping: int | None


@dataclass
class Example:
    """One section of the page."""

    title: str
    offers: dict[str, OfferInForce] = field(default_factory=dict)
    lines: dict[str, OfferLine] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    total: Row | None = None
    missed: set[str] = field(default_factory=set)
    is_member: bool = False
    returned: tuple[str, int] | None = None
    taken_back: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Article:
    """A row of the table of articles."""

    number: int
    categories: tuple[str, ...]
    brand: str
    merchant: str


def minor(amount: str) -> int:
    """Fen."""
    whole, fen = amount.split(".")
    return int(whole) * 100 + int(fen)


def cny(amount: str) -> Money:
    """The amount that is written so."""
    return Money(minor=minor(amount))


def rule_id(name: str) -> str:
    """Names sort as their rules do."""
    return f"prm_{name.lower():0>26}"


def read_page() -> tuple[list[Example], dict[str, Article]]:
    """Every example, and the articles."""
    head, *sections = re.split(r"^### ", PAGE.read_text(), flags=re.MULTILINE)
    articles = {
        cells[0].split()[0]: Article(number, tuple(cells[1].split(", ")) if cells[1] else (), cells[2], cells[3])
        for number, cells in enumerate(_cells(head.split("| article |")[1]), 1)
    }
    return [_example(section.split("\n## ")[0], articles) for section in sections], articles


def _cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()[2:] if row.startswith("|")]


def _example(section: str, articles: dict[str, Article]) -> Example:
    title, *lines = section.splitlines()
    example = Example(title)
    for line in lines:
        if offer := re.fullmatch(r"- ([A-Z]): (.+)", line):
            example.offers[offer[1]] = _offer(offer[1], offer[2], articles)
        elif line.startswith("| ") and not line.startswith("| article"):
            _add_row(example, [cell.strip() for cell in line.split("|")[1:-1]], articles)
        elif line.startswith("Missed: "):
            example.missed = set(line.removeprefix("Missed: ").split("; "))
        elif line == "Buyer: member 会员":
            example.is_member = True
        elif back := re.fullmatch(r"Returned 退货: (\w+) (\d+)\. Taken back 扣回: (.+)", line):
            example.returned = back[1], int(back[2])
            if back[3] != "nothing":
                example.taken_back = {part.split()[0]: minor(part.split()[1]) for part in back[3].split(", ")}
    return example


def _add_row(example: Example, cells: list[str], articles: dict[str, Article]) -> None:
    name, price, units, shipping, *shares, goods, to_ship = cells
    row = Row(
        {offer: _share(share) for offer, share in zip(example.offers, shares, strict=True) if share},
        minor(goods),
        None if to_ship == "–" else minor(to_ship),
    )
    if name == "total":
        example.total = row
        return
    article = articles[name]
    example.rows[name] = row
    example.lines[name] = OfferLine(
        sku_id=_sku(article),
        spu_id=SpuId(f"spu_{article.number:026}"),
        merchant_id=_worded(MerchantId, article.merchant),
        category_ids=tuple(_worded(CategoryId, category) for category in article.categories),
        brand_id=_worded(BrandId, article.brand) if article.brand else None,
        quantity=int(units),
        unit_price=cny(price),
        shipping=None if shipping == "–" else cny(shipping),
    )


def _share(cell: str) -> tuple[int, int]:
    return (0, minor(cell[1:-1])) if cell.startswith("(") else (minor(cell), 0)


def _sku(article: Article) -> SkuId:
    return SkuId(f"sku_{article.number:026}")


def _worded(kind: type[T], word: str) -> T:
    return kind.derive(NOW, word)


def _offer(name: str, words: str, articles: dict[str, Article]) -> OfferInForce:
    terms, *conditions = words.split(" · ")
    fields: dict[str, object] = {}
    scope = Scope()
    for condition in conditions:
        word, _, rest = condition.partition(" ")
        if word == "on":
            scope = scope.model_copy(update=_scope(rest.split(", "), articles))
        elif word == "not":
            names = rest.removeprefix("on ").split(", ")
            scope = scope.model_copy(update={f"excluded_{key}": ids for key, ids in _scope(names, articles).items()})
        else:
            fields |= _condition(condition, word, rest, name)
    return OfferInForce(
        rule_id=rule_id(name), rule_version=1, label=name, offer=_terms(terms, articles), scope=scope, **fields
    )  # type: ignore[arg-type]


def _condition(condition: str, word: str, rest: str, name: str) -> dict[str, object]:
    flags: dict[str, dict[str, object]] = {
        "members only 会员": {"members_only": True},
        "used up": {"is_exhausted": True},
        "kept on refunds": {"claws_back": False},
        "coupon 券": {"source": Source.COUPON, "coupon_id": CouponId(f"cpn_{name.lower():0>26}")},
    }
    if condition in flags:
        return flags[condition]
    if word == "left":
        return {"left": cny(rest)}
    if word == "group":
        return {"group": rest}
    assert word == "priority", condition
    return {"priority": int(rest)}


def _scope(names: list[str], articles: dict[str, Article]) -> dict[str, tuple[Id, ...]]:
    found: dict[str, tuple[Id, ...]] = {}
    for name in names:
        if name in articles:
            found["skus"] = (*found.get("skus", ()), _sku(articles[name]))
        elif any(name in article.categories for article in articles.values()):
            found["categories"] = (*found.get("categories", ()), _worded(CategoryId, name))
        elif any(name == article.brand for article in articles.values()):
            found["brands"] = (*found.get("brands", ()), _worded(BrandId, name))
        else:
            assert any(name == article.merchant for article in articles.values()), name
            found["merchants"] = (*found.get("merchants", ()), _worded(MerchantId, name))
    return found


def _terms(words: str, articles: dict[str, Article]) -> Offer:
    kind, _, rest = words.partition(" ")
    if n_for_m := re.fullmatch(r"买(\d+)付(\d+)", kind):
        assert rest in ("same", "mixed"), words
        return NForM(take=int(n_for_m[1]), pay=int(n_for_m[2]), mix=rest == "mixed")
    if kind in ("满减", "每满"):
        tiers = [part.split(" → ") for part in rest.split(", ")]
        return SpendSave(tiers=tuple(SaveTier(at=cny(at), off=cny(off)) for at, off in tiers), repeats=kind == "每满")
    if kind == "满折":
        ladder, _, most = rest.partition(", at most ")
        steps = [part.removesuffix(" %").split(" → ") for part in ladder.split(", ")]
        return SpendPercent(
            tiers=tuple(PercentTier(at=cny(at), percent=int(share)) for at, share in steps),
            at_most=cny(most) if most else None,
        )
    if kind == "限时":
        priced = [part.split() for part in rest.split(", ")]
        return TimedPrice(
            prices=tuple(SkuPrice(sku_id=_sku(articles[name]), price=cny(price)) for name, price in priced)
        )
    if kind == "直降":
        return DirectCut(off=cny(rest))
    assert kind == "包邮", words
    return FreeShipping(at=cny(rest))
