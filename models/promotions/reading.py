"""A basket and its offers as the engine works on them: whole numbers and places of lines, in an order of their own.

Lines stand in the order of their SKUs and offers in the order in which equal ones are decided (priority, then rule), so
that nothing depends on the order in which either was given.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from models.promotions.offers import Offer
from models.promotions.preparing import Kind, Prepared, prepared
from models.promotions.types import MissedReason, OfferInForce, OfferLine
from models.shared import Money
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


@dataclass(slots=True, eq=False)
class Candidate:
    """An offer that may count in this basket, with the places of the lines it looks at. Compared by identity."""

    offer: OfferInForce
    terms: Offer
    kind: Kind
    steps: list[tuple[int, int]]
    """Thresholds of a ladder, each with what it gives: an amount, or per cent."""
    repeats: bool
    at_most: int | None
    lines: tuple[int, ...]
    scope: int
    """The same lines as bits of a number."""
    left: int | None
    group: str | None
    rank: int
    """Its place among the candidates."""
    timed: dict[int, int] | None
    """Of a timed price: that of each line."""
    cuts: dict[int, int]
    """Of an item price: what it saves on each line."""
    is_short: bool
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
    candidates: list[Candidate] = []
    ruled_out: list[tuple[OfferInForce, MissedReason]] = []
    for offer in _in_order(offers):
        said = prepared(offer)
        scope, at = places.of(said)
        timed: dict[int, int] | None = None
        if at and said.timed is not None:
            timed = {place: said.timed[basket.skus[place]] for place in at if basket.skus[place] in said.timed}
            scope, at = _bits_of(timed), tuple(timed)
        if not at or not _is_of(basket.currency, said, offer.left):
            if offer.coupon_id is not None:
                ruled_out.append((offer, MissedReason.NOT_IN_SCOPE))
            continue
        reason = _ruled_out(offer, is_member)
        if reason is not None:
            ruled_out.append((offer, reason))
            continue
        left = None if offer.left is None else offer.left.minor
        candidates.append(
            Candidate(
                offer,
                said.terms,
                said.kind,
                said.steps,
                said.repeats,
                said.at_most,
                at,
                scope,
                left,
                offer.group,
                len(candidates),
                timed,
                {},
                False,
            )
        )
    return Reading(basket, candidates, ruled_out)


def _in_order(offers: Iterable[OfferInForce]) -> list[OfferInForce]:
    """By priority, then rule, version and coupon: one sort for each, the last one first, which needs no tuples."""
    ordered = sorted(offers, key=lambda offer: offer.coupon_id or "")
    ordered.sort(key=attrgetter("rule_version"))
    ordered.sort(key=attrgetter("rule_id"))
    ordered.sort(key=attrgetter("priority"), reverse=True)  # equal ones stay as they stand
    return ordered


def _is_of(currency: Currency, said: Prepared, left: Money | None) -> bool:
    return (said.currency is None or said.currency == currency) and (left is None or left.currency == currency)


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


_FEW = 4
"""So many ids are looked up one by one; of more, those that the basket has are found first."""


class _Places:
    """Which lines a scope has. Each id knows its lines as the bits of a number, so that a scope costs one look an id."""

    def __init__(self, lines: Sequence[OfferLine]) -> None:
        where: dict[str, int] = defaultdict(int)
        for place, line in enumerate(lines):
            bit = 1 << place
            where[line.sku_id] |= bit
            where[line.spu_id] |= bit
            where[line.merchant_id] |= bit
            for category_id in line.category_ids:
                where[category_id] |= bit
            if line.brand_id is not None:
                where[line.brand_id] |= bit
        self._where, self._ids = where, frozenset(where)
        self._all = (1 << len(lines)) - 1
        self._known: dict[int, tuple[int, ...]] = {}

    def of(self, said: Prepared) -> tuple[int, tuple[int, ...]]:
        """The lines as bits, and their places, rising."""
        bits = self._all if said.named is None else self._bits(said.named)
        if bits and said.excluded:
            bits &= ~self._bits(said.excluded)
        known = self._known.get(bits)
        if known is None:
            known = self._known[bits] = _places_of(bits)
        return bits, known

    def _bits(self, ids: frozenset[str]) -> int:
        bits = 0
        for one in ids if len(ids) <= _FEW else ids & self._ids:
            bits |= self._where.get(one, 0)
        return bits


def _places_of(bits: int) -> tuple[int, ...]:
    places: list[int] = []
    while bits:
        lowest = bits & -bits
        places.append(lowest.bit_length() - 1)
        bits ^= lowest
    return tuple(places)


def _bits_of(places: Iterable[int]) -> int:
    bits = 0
    for place in places:
        bits |= 1 << place
    return bits
