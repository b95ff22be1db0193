"""A basket and its offers as the engine works on them: whole numbers and places of lines, in an order of their own.

Lines stand in the order of their SKUs and offers in the order in which equal ones are decided (priority, then rule), so
that nothing depends on the order in which either was given.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.promotions.preparing import TIMED, Prepared, prepare
from models.promotions.rulebook import Bits, rulebook
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


@dataclass(slots=True, eq=False)
class Candidate:
    """An offer that may count in this basket, with the places of the lines it looks at. Compared by identity."""

    offer: OfferInForce
    said: Prepared
    lines: tuple[int, ...]
    scope: Bits
    """The same lines."""
    left: int | None
    rank: int
    """Its place among the candidates."""
    cuts: Mapping[int, int]
    """Of an item price: what it saves on each line."""
    is_short: bool
    """Whether it is an item price whose budget does not last for the basket."""


_NO_CUTS: Mapping[int, int] = {}


@dataclass(slots=True)
class Reading:
    """The basket, the offers that may count, and those that may not, with the reason."""

    basket: Basket
    candidates: list[Candidate]
    ruled_out: list[tuple[OfferInForce, MissedReason]]


def read(lines: Sequence[OfferLine], offers: Sequence[OfferInForce], *, is_member: bool) -> Reading:
    """`ValueError` for no line, for lines of several currencies, and for a SKU with two prices: mistakes in code."""
    lines = _one_line_a_sku(lines)
    basket = _basket(lines)
    currency = basket.currency
    candidates: list[Candidate] = []
    ruled_out: list[tuple[OfferInForce, MissedReason]] = []
    places: dict[Bits, tuple[int, ...]] = {}
    for said, offer, scope in _looking_at(lines, offers):
        left = offer.left
        is_foreign = said.currency is not None and said.currency != currency
        if not scope or is_foreign or (left is not None and left.currency != currency):
            if said.is_coupon:
                ruled_out.append((offer, MissedReason.NOT_IN_SCOPE))
        elif said.members_only and not is_member:
            ruled_out.append((offer, MissedReason.MEMBERS_ONLY))
        elif offer.is_exhausted or (left is not None and left.minor <= 0):
            ruled_out.append((offer, MissedReason.NOTHING_LEFT))
        else:
            at = places.get(scope)
            if at is None:
                at = places[scope] = _places_of(scope)
            minor = None if left is None else left.minor
            candidates.append(Candidate(offer, said, at, scope, minor, len(candidates), _NO_CUTS, False))
    return Reading(basket, candidates, ruled_out)


def _looking_at(
    lines: Sequence[OfferLine], offers: Sequence[OfferInForce]
) -> Iterable[tuple[Prepared, OfferInForce, Bits]]:
    """What each offer says and at which lines it looks, in the order in which equal ones are decided; no rule without a line."""
    where = _where(lines)
    every = (1 << len(lines)) - 1
    rules: list[OfferInForce] = []
    coupons: list[OfferInForce] = []
    for offer in offers:
        (rules if offer.coupon_id is None else coupons).append(offer)
    book = rulebook(rules)
    found = zip(book.said, book.order, book.lines_of(where, every), strict=True)
    looking = [(said, rules[place], scope) for said, place, scope in found if scope]
    for coupon in coupons:
        said = prepare(coupon)
        insort(looking, (said, coupon, _lines_of(said, where, every)), key=lambda one: one[0].place)
    return looking


def _lines_of(said: Prepared, where: Mapping[str, Bits], every: Bits) -> Bits:
    lines = every if said.named is None else _bits_of(said.named, where)
    if said.kind is TIMED:
        lines &= _bits_of(said.timed, where)
    return lines & ~_bits_of(said.excluded, where)


def _bits_of(ids: Iterable[str], where: Mapping[str, Bits]) -> Bits:
    bits = 0
    for one in ids:
        bits |= where.get(one, 0)
    return bits


def _where(lines: Sequence[OfferLine]) -> dict[str, Bits]:
    """Of each id in the basket, of whatever kind (their prefixes keep them apart), the lines that have it."""
    where: dict[str, Bits] = defaultdict(int)
    bit = 1
    for line in lines:
        where[line.sku_id] |= bit
        where[line.spu_id] |= bit
        where[line.merchant_id] |= bit
        for category_id in line.category_ids:
            where[category_id] |= bit
        brand_id = line.brand_id
        if brand_id is not None:
            where[brand_id] |= bit
        bit <<= 1
    return where


def _places_of(bits: Bits) -> tuple[int, ...]:
    """Rising."""
    places: list[int] = []
    while bits:
        lowest = bits & -bits
        places.append(lowest.bit_length() - 1)
        bits ^= lowest
    return tuple(places)


def _one_line_a_sku(lines: Sequence[OfferLine]) -> list[OfferLine]:
    by_sku: dict[SkuId, OfferLine] = {}
    for line in lines:
        sku_id = line.sku_id
        known = by_sku.get(sku_id)
        if known is None:
            by_sku[sku_id] = line
            continue
        if known.unit_price != line.unit_price:
            raise ValueError(f"{sku_id} has two prices")
        shipping = None if known.shipping is None or line.shipping is None else known.shipping + line.shipping
        by_sku[sku_id] = known.model_copy(update={"quantity": known.quantity + line.quantity, "shipping": shipping})
    return [by_sku[sku_id] for sku_id in sorted(by_sku)]


def _basket(lines: Sequence[OfferLine]) -> Basket:
    prices = [line.unit_price for line in lines]
    fees = [line.shipping for line in lines]
    known = [fee for fee in fees if fee is not None]
    currencies = {amount.currency for amount in (*prices, *known)}
    if len(currencies) != 1:
        raise ValueError(f"one currency is needed, not {sorted(currencies)}")
    of_units = [price.minor for price in prices]
    quantities = [line.quantity for line in lines]
    return Basket(
        currency=currencies.pop(),
        skus=[line.sku_id for line in lines],
        prices=of_units,
        quantities=quantities,
        shipping=[0 if fee is None else fee.minor for fee in fees],
        is_shipping_known=len(known) == len(fees),
        values=[price * quantity for price, quantity in zip(of_units, quantities, strict=True)],
    )
