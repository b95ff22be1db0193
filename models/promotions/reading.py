"""A basket and its offers as the engine works on them: whole numbers and places of lines, in an order of their own.

Lines stand in the order of their SKUs and offers in the order in which equal ones are decided (priority, then rule), so
that nothing depends on the order in which either was given.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from models.promotions.offers import DirectCut, FreeShipping, Offer, Scope, SpendPercent, SpendSave, TimedPrice
from models.promotions.types import MissedReason, OfferInForce, OfferLine
from models.shared.ids import SkuId
from models.shared.money import Currency


@dataclass(slots=True)
class Basket:
    """The lines, each by its place."""

    currency: Currency
    skus: list[SkuId]
    prices: list[int]
    """Of one unit."""
    quantities: list[int]
    shipping: list[int]
    """Zero where it is not known."""
    is_shipping_known: bool
    """Of every line."""
    values: list[int]
    """Of the whole line at its ordinary price."""


class Kind(Enum):
    """How an offer is worked out."""

    SAVE = auto()
    PERCENT = auto()
    SHIPPING = auto()
    MIX = auto()
    """N for m over its scope."""
    ITEM = auto()
    """A price of a line by itself: direct cut, timed price, n for m of one SKU."""


@dataclass(slots=True, eq=False)
class Candidate:
    """An offer that may count in this basket, with the places of the lines it looks at. Compared by identity."""

    offer: OfferInForce
    terms: Offer
    kind: Kind
    lines: tuple[int, ...]
    scope: int
    """The same lines as bits of a number."""
    left: int | None
    group: str | None
    rank: int
    steps: list[tuple[int, int]]
    """Thresholds of a ladder, each with what it gives: an amount, or per cent."""
    repeats: bool = False
    at_most: int | None = None
    by_base: dict[int, int] = field(default_factory=dict)
    """What its ladder gives, once it has been worked out."""
    timed: dict[int, int] = field(default_factory=dict)
    """Of a timed price: that of each line."""
    cuts: dict[int, int] = field(default_factory=dict)
    """Of an item price: what it saves on each line."""
    is_short: bool = False
    """Whether it is an item price whose budget does not last for the basket."""


@dataclass(slots=True)
class Reading:
    """The basket, the offers that may count, and those that may not, with the reason."""

    basket: Basket
    candidates: list[Candidate]
    ruled_out: list[tuple[OfferInForce, MissedReason]]


def read(lines: Sequence[OfferLine], offers: Iterable[OfferInForce], *, is_member: bool) -> Reading:
    """`ValueError` for no line, for lines of several currencies, and for a SKU with two prices: mistakes in code."""
    lines = _one_line_a_sku(lines)
    basket = _basket(lines)
    places = _Places(lines)
    reading = Reading(basket, [], [])
    for offer in sorted(offers, key=_order):
        at = places.of(offer.scope)
        timed: dict[int, int] = {}
        if at and isinstance(offer.offer, TimedPrice):
            timed = places.priced(offer.offer, at)
            at = tuple(timed)
        candidate = _candidate(offer, at, basket.currency) if at else None
        reason = _ruled_out(offer, is_member) if candidate is not None else MissedReason.NOT_IN_SCOPE
        if candidate is not None and reason is None:
            candidate.rank, candidate.timed = len(reading.candidates), timed
            reading.candidates.append(candidate)
        elif reason is not None and (reason is not MissedReason.NOT_IN_SCOPE or offer.coupon_id is not None):
            reading.ruled_out.append((offer, reason))
    return reading


def _order(offer: OfferInForce) -> tuple[int, str, int, str]:
    return -offer.priority, offer.rule_id, offer.rule_version, offer.coupon_id or ""


def _ruled_out(offer: OfferInForce, is_member: bool) -> MissedReason | None:
    if offer.members_only and not is_member:
        return MissedReason.MEMBERS_ONLY
    if offer.is_exhausted or (offer.left is not None and offer.left.minor <= 0):
        return MissedReason.NOTHING_LEFT
    return None


def _one_line_a_sku(lines: Sequence[OfferLine]) -> list[OfferLine]:
    by_sku: dict[SkuId, OfferLine] = {}
    for line in lines:
        known = by_sku.get(line.sku_id)
        if known is None:
            by_sku[line.sku_id] = line
            continue
        if known.unit_price != line.unit_price:
            raise ValueError(f"{line.sku_id} has two prices")
        shipping = None if known.shipping is None or line.shipping is None else known.shipping + line.shipping
        by_sku[line.sku_id] = known.model_copy(
            update={"quantity": known.quantity + line.quantity, "shipping": shipping}
        )
    return sorted(by_sku.values(), key=lambda line: line.sku_id)


def _basket(lines: Sequence[OfferLine]) -> Basket:
    currencies = {line.unit_price.currency for line in lines}
    currencies |= {line.shipping.currency for line in lines if line.shipping is not None}
    if len(currencies) != 1:
        raise ValueError(f"one currency is needed, not {sorted(currencies)}")
    prices = [line.unit_price.minor for line in lines]
    quantities = [line.quantity for line in lines]
    return Basket(
        currency=currencies.pop(),
        skus=[line.sku_id for line in lines],
        prices=prices,
        quantities=quantities,
        shipping=[line.shipping.minor if line.shipping is not None else 0 for line in lines],
        is_shipping_known=all(line.shipping is not None for line in lines),
        values=[price * quantity for price, quantity in zip(prices, quantities, strict=True)],
    )


class _Places:
    """Which lines a scope has. Each id knows its lines as the bits of a number, so that a scope costs one look an id."""

    def __init__(self, lines: Sequence[OfferLine]) -> None:
        self._skus: dict[str, int] = defaultdict(int)
        self._products: dict[str, int] = defaultdict(int)
        self._categories: dict[str, int] = defaultdict(int)
        self._brands: dict[str, int] = defaultdict(int)
        self._merchants: dict[str, int] = defaultdict(int)
        self._all = (1 << len(lines)) - 1
        self._known: dict[int, tuple[int, ...]] = {}
        for place, line in enumerate(lines):
            bit = 1 << place
            self._skus[line.sku_id] |= bit
            self._products[line.spu_id] |= bit
            self._merchants[line.merchant_id] |= bit
            for category_id in line.category_ids:
                self._categories[category_id] |= bit
            if line.brand_id is not None:
                self._brands[line.brand_id] |= bit

    def of(self, scope: Scope) -> tuple[int, ...]:
        """The places, rising."""
        bits, is_named = 0, False
        if scope.skus:
            bits, is_named = _bits(scope.skus, self._skus), True
        if scope.products:
            bits, is_named = bits | _bits(scope.products, self._products), True
        if scope.categories:
            bits, is_named = bits | _bits(scope.categories, self._categories), True
        if scope.brands:
            bits, is_named = bits | _bits(scope.brands, self._brands), True
        if scope.merchants:
            bits, is_named = bits | _bits(scope.merchants, self._merchants), True
        if not is_named:
            bits = self._all
        bits = self._without(scope, bits)
        known = self._known.get(bits)
        if known is None:
            known = self._known[bits] = tuple(place for place in range(bits.bit_length()) if bits >> place & 1)
        return known

    def _without(self, scope: Scope, bits: int) -> int:
        if scope.excluded_skus:
            bits &= ~_bits(scope.excluded_skus, self._skus)
        if scope.excluded_products:
            bits &= ~_bits(scope.excluded_products, self._products)
        if scope.excluded_categories:
            bits &= ~_bits(scope.excluded_categories, self._categories)
        if scope.excluded_brands:
            bits &= ~_bits(scope.excluded_brands, self._brands)
        return bits

    def priced(self, terms: TimedPrice, at: tuple[int, ...]) -> dict[int, int]:
        """The timed price of each of these lines that has one."""
        priced = {
            self._skus[entry.sku_id].bit_length() - 1: entry.price
            for entry in terms.prices
            if entry.sku_id in self._skus
        }
        return {place: priced[place].minor for place in at if place in priced}


def _bits(ids: Sequence[str], where: dict[str, int]) -> int:
    bits = 0
    if not where.keys().isdisjoint(ids):
        for one in ids:
            bits |= where.get(one, 0)
    return bits


def _candidate(offer: OfferInForce, at: tuple[int, ...], currency: Currency) -> Candidate | None:
    """None if it is of another currency."""
    terms, left = offer.offer, offer.left
    kind, steps, money = Kind.ITEM, [], None
    repeats, at_most = False, None
    if isinstance(terms, SpendSave):
        kind, repeats, money = Kind.SAVE, terms.repeats, terms.tiers[0].at
        steps = [(tier.at.minor, tier.off.minor) for tier in terms.tiers]
    elif isinstance(terms, SpendPercent):
        kind, money = Kind.PERCENT, terms.tiers[0].at
        steps = [(tier.at.minor, tier.percent) for tier in terms.tiers]
        at_most = None if terms.at_most is None else terms.at_most.minor
    elif isinstance(terms, FreeShipping):
        kind, steps, money = Kind.SHIPPING, [(terms.at.minor, 0)], terms.at
    elif isinstance(terms, DirectCut):
        money = terms.off
    elif isinstance(terms, TimedPrice):
        money = terms.prices[0].price
    elif terms.mix:
        kind = Kind.MIX
    if (money is not None and money.currency != currency) or (left is not None and left.currency != currency):
        return None
    scope = 0
    for place in at:
        scope |= 1 << place
    return Candidate(
        offer, terms, kind, at, scope, None if left is None else left.minor, offer.group, 0, steps, repeats, at_most
    )
