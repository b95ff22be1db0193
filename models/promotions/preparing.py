"""What an offer says, as plain numbers and sets of ids: worked out once, because rules stay while baskets come and go."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from models.promotions.offers import Scope
from models.promotions.types import OfferInForce
from models.shared import Money
from models.shared.money import Currency


class Kind(Enum):
    """How an offer is worked out."""

    SAVE = auto()
    PERCENT = auto()
    SHIPPING = auto()
    MIX = auto()
    """N for m over its scope."""
    CUT = auto()
    TIMED = auto()
    SAME = auto()
    """N for m of each SKU by itself."""


# Python 3.11 takes longer to find a member in its class (some 180 ns) than an offer takes to be worked out.
SAVE, PERCENT, SHIPPING, MIX, CUT, TIMED, SAME = Kind

Ladder = Callable[[int], int]
"""What its tiers give for so much worth of goods."""


@dataclass(slots=True, eq=False)
class Prepared:
    """All that an offer says, as the engine uses it. What is left of a budget is no part of it: that changes all the time."""

    kind: Kind
    is_item: bool
    """Whether it is a price of a line by itself: direct cut, timed price, n for m of one SKU."""
    group: str | None
    members_only: bool
    is_coupon: bool
    place: tuple[int, str, int, str]
    """In the order in which equal ones are decided: priority, then rule, version and coupon."""
    currency: Currency | None
    """None: it names no amount."""
    steps: list[tuple[int, int]]
    """Thresholds of a ladder, each with what it gives: an amount, or per cent."""
    ladder: Ladder | None
    """Of an offer with an amount or a percentage that goods decide."""
    repeats: bool
    off: int
    """Of a direct cut: what is saved on each unit."""
    take: int
    pay: int
    """Of n for m: so many are taken, so many paid."""
    timed: Mapping[str, int]
    """Of a timed price: that of each SKU."""
    named: frozenset[str] | None
    """Whatever is in scope, by id of any kind (their prefixes keep them apart); None: everything."""
    excluded: frozenset[str]


def prepare(offer: OfferInForce) -> Prepared:
    """What it says."""
    terms = offer.offer
    kind, steps, ladder, repeats, off, take, pay = SAVE, list[tuple[int, int]](), None, False, 0, 0, 0
    money: Money | None = None
    timed: dict[str, int] = {}
    if terms.kind == "spend_save":
        repeats, money = terms.repeats, terms.tiers[0].at
        steps = [(tier.at.minor, tier.off.minor) for tier in terms.tiers]
        ladder = _repeating(*steps[0]) if repeats else _amounts(steps)
    elif terms.kind == "spend_percent":
        kind, money = PERCENT, terms.tiers[0].at
        steps = [(tier.at.minor, tier.percent) for tier in terms.tiers]
        ladder = _percentages(steps, None if terms.at_most is None else terms.at_most.minor)
    elif terms.kind == "free_shipping":
        kind, steps, money = SHIPPING, [(terms.at.minor, 0)], terms.at
    elif terms.kind == "direct_cut":
        kind, off, money = CUT, terms.off.minor, terms.off
    elif terms.kind == "timed_price":
        kind, money = TIMED, terms.prices[0].price
        timed = {entry.sku_id: entry.price.minor for entry in terms.prices}
    else:
        kind, take, pay = MIX if terms.mix else SAME, terms.take, terms.pay
    named, excluded = _ids_of(offer.scope)
    return Prepared(
        kind=kind,
        is_item=kind in (CUT, TIMED, SAME),
        group=offer.group,
        members_only=offer.members_only,
        is_coupon=offer.coupon_id is not None,
        place=(-offer.priority, offer.rule_id, offer.rule_version, offer.coupon_id or ""),
        currency=None if money is None else money.currency,
        steps=steps,
        ladder=ladder,
        repeats=repeats,
        off=off,
        take=take,
        pay=pay,
        timed=timed,
        named=named,
        excluded=excluded,
    )


def _ids_of(scope: Scope) -> tuple[frozenset[str] | None, frozenset[str]]:
    named = frozenset((*scope.skus, *scope.products, *scope.categories, *scope.brands, *scope.merchants))
    excluded = frozenset(
        (*scope.excluded_skus, *scope.excluded_products, *scope.excluded_categories, *scope.excluded_brands)
    )
    return named or None, excluded


# ---- ladders ---------------------------------------------------------------------------------------------------------


def _repeating(at: int, gives: int) -> Ladder:
    def ladder(base: int) -> int:
        return base // at * gives

    return ladder


def _amounts(steps: list[tuple[int, int]]) -> Ladder:
    thresholds, gives = _columns(steps)

    def ladder(base: int) -> int:
        return gives[bisect_right(thresholds, base)]

    return ladder


def _percentages(steps: list[tuple[int, int]], at_most: int | None) -> Ladder:
    """A percentage is rounded down to the minor unit."""
    thresholds, gives = _columns(steps)

    def ladder(base: int) -> int:
        return base * gives[bisect_right(thresholds, base)] // 100

    def capped(base: int) -> int:
        amount = base * gives[bisect_right(thresholds, base)] // 100
        return at_most if at_most is not None and amount > at_most else amount

    return ladder if at_most is None else capped


def _columns(steps: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Thresholds, and what is given below the first of them, and from each."""
    return [at for at, _ in steps], [0, *(gives for _, gives in steps)]
