"""What an offer says, as plain numbers and sets of ids: worked out once, because rules stay while baskets come and go."""

from dataclasses import dataclass
from enum import Enum, auto

from models.promotions.offers import DirectCut, FreeShipping, Offer, Scope, SpendPercent, SpendSave, TimedPrice
from models.promotions.types import OfferInForce
from models.shared import Money
from models.shared.money import Currency

MOST_REMEMBERED = 2000
"""So many rules are remembered; with one more, all are forgotten and read again."""


class Kind(Enum):
    """How an offer is worked out."""

    SAVE = auto()
    PERCENT = auto()
    SHIPPING = auto()
    MIX = auto()
    """N for m over its scope."""
    ITEM = auto()
    """A price of a line by itself: direct cut, timed price, n for m of one SKU."""


@dataclass(slots=True, frozen=True)
class Prepared:
    """Terms and a scope as the engine uses them. What is left of a budget is no part of it: that changes all the time."""

    terms: Offer
    scope: Scope
    kind: Kind
    currency: Currency | None
    """None: it names no amount."""
    steps: list[tuple[int, int]]
    """Thresholds of a ladder, each with what it gives: an amount, or per cent."""
    repeats: bool
    at_most: int | None
    timed: dict[str, int] | None
    """Of a timed price: that of each SKU."""
    named: frozenset[str] | None
    """Whatever is in scope, by id of any kind (their prefixes keep them apart); None: everything."""
    excluded: frozenset[str]


# By identity: these values are frozen, and an entry holds on to both, so no other object can have their ids meanwhile.
_remembered: dict[tuple[int, int], Prepared] = {}


def prepared(offer: OfferInForce) -> Prepared:
    """What it says. Rules are remembered; coupons are not, since every wallet brings values of its own."""
    if offer.coupon_id is not None:
        return _prepare(offer.offer, offer.scope)
    key = id(offer.offer), id(offer.scope)
    known = _remembered.get(key)
    if known is None:
        known = _prepare(offer.offer, offer.scope)
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[key] = known
    return known


def _prepare(terms: Offer, scope: Scope) -> Prepared:
    kind = Kind.ITEM
    steps: list[tuple[int, int]] = []
    money: Money | None = None
    at_most: int | None = None
    repeats = False
    timed: dict[str, int] | None = None
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
        timed = {entry.sku_id: entry.price.minor for entry in terms.prices}
    elif terms.mix:
        kind = Kind.MIX
    currency = None if money is None else money.currency
    named = frozenset((*scope.skus, *scope.products, *scope.categories, *scope.brands, *scope.merchants))
    excluded = frozenset(
        (*scope.excluded_skus, *scope.excluded_products, *scope.excluded_categories, *scope.excluded_brands)
    )
    return Prepared(terms, scope, kind, currency, steps, repeats, at_most, timed, named or None, excluded)
