"""What points are worth, how many an order takes, what they take off its lines, and what is earned and given back. Pure."""

from collections.abc import Mapping

from models.points.errors import PointsAboveShare
from models.points.types import PointsTerms
from models.promotions.types import Adjustment, Source
from models.shared import Money
from models.shared.ids import SkuId
from models.shared.money import Currency, largest_remainder, total
from models.shared.refusals import InvalidRequest

RULE = "points"
"""The `rule_id` of what points take off."""


def worth(points: int, terms: PointsTerms, currency: Currency) -> Money:
    """What so many points take off."""
    return Money(minor=points * terms.worth_minor, currency=currency)


def most_points(goods_left: Money, terms: PointsTerms) -> int:
    """How many points an order takes whose goods cost so much after all discounts; rounded down to whole points."""
    return max(goods_left.minor, 0) * terms.most_percent // 100 // terms.worth_minor


def earned_for(paid: Money, terms: PointsTerms) -> int:
    """How many points an order earns on what was really paid for it, rounded down."""
    return max(paid.minor, 0) * terms.earn_per_hundred // 100


def spend_on(points: int, goods_left: Mapping[SkuId, Money], terms: PointsTerms) -> dict[SkuId, Adjustment]:
    """What these points take off the goods of each line: by what they still cost, to the cent, never more than that.

    `goods_left` is what the goods of each line cost after all other discounts, all in one currency. Lines that get nothing
    are not in the answer. `PointsAboveShare` with the `most` that this order takes.
    """
    if points < 0:
        raise InvalidRequest(f"An order cannot spend {points} points; name how many, or none.")
    if points == 0:
        return {}
    currency = next(iter(goods_left.values()), Money(minor=0)).currency
    most = most_points(total(list(goods_left.values()), currency), terms)
    if points > most:
        raise PointsAboveShare(
            f"This order takes at most {most} points, {terms.most_percent} % of its goods. Use fewer.", most=most
        )
    shares = worth(points, terms, currency).split([left.minor for left in goods_left.values()])
    return {
        sku_id: Adjustment(rule_id=RULE, rule_version=1, label="Points", amount=share, source=Source.POINTS)
        for sku_id, share in zip(goods_left, shares, strict=True)
        if share.minor
    }


def points_by_line(points: int, saved: Mapping[SkuId, Money]) -> dict[SkuId, int]:
    """Whose points paid what: the order's points shared between its lines by what points took off each (largest remainder).
    `saved` has the lines in the order's own order, so that the answer is always the same."""
    if not saved:
        return {}
    shares = largest_remainder(points, [amount.minor for amount in saved.values()])
    return dict(zip(saved, shares, strict=True))


def points_of(units: int, *, before: int, of: int, points: int) -> int:
    """The share of a line's `points` that goes back with `units` of its `of` units, when `before` came back earlier.

    Each unit has the whole or the next whole number below or above an even share, and whatever the parts in which a line
    comes back, what goes back with all of them is exactly its points. `InvalidRequest` for units that the line does not have.
    """
    if units < 0 or before < 0 or before + units > of:
        raise InvalidRequest(f"{units} units cannot come back: {before} of {of} are back already.")
    return points * (before + units) // of - points * before // of if of else 0


def due_back(earned: int, paid: Money, refunded: Money, whole: bool) -> int:
    """How many of the points earned on `paid` are due back when `refunded` of it went back in all, rounded down;
    exactly what was earned once everything went back."""
    if whole or paid <= refunded:
        return earned
    return earned * refunded.minor // paid.minor
