"""What an offer on the basket gives, looked at alone: measured on the goods in its scope at their item prices, and on
nothing that another basket offer takes off. So it grows with the basket, and no order of offers matters."""

from collections.abc import Sequence

from models.promotions.item_prices import ItemPrice, free_units, unit_values
from models.promotions.offers import NForM
from models.promotions.preparing import Kind
from models.promotions.reading import Basket, Candidate


def amount_of(
    candidate: Candidate, base: int, basket: Basket, ways: Sequence[ItemPrice], unshipped: Sequence[int]
) -> int:
    """What it gives where the goods in its scope cost `base`: never more than there is to save, never above its budget.

    `unshipped` is the shipping of each line that is still to be paid.
    """
    kind = candidate.kind
    if kind is Kind.SAVE or kind is Kind.PERCENT:
        amount = by_ladder(candidate, base)
        if amount > base:
            amount = base
    elif kind is Kind.SHIPPING:
        amount = sum(unshipped[at] for at in candidate.lines) if base >= candidate.steps[0][0] else 0
    elif kind is Kind.MIX:
        amount = _mixed(candidate, basket, ways)
    else:
        amount = sum(candidate.cuts.values())  # an item price whose budget is too short for these
    return amount if candidate.left is None else min(amount, candidate.left)


def by_ladder(candidate: Candidate, base: int) -> int:
    """What its tiers give for so much worth of goods. A percentage is rounded down to the minor unit."""
    reached = 0
    for at, gives in candidate.steps:
        if at > base:
            break
        reached = gives
    if candidate.kind is Kind.PERCENT:
        reached = base * reached // 100
        if candidate.at_most is not None:
            reached = min(reached, candidate.at_most)
    elif candidate.repeats:
        reached *= base // candidate.steps[0][0]
    return reached


def _mixed(candidate: Candidate, basket: Basket, ways: Sequence[ItemPrice]) -> int:
    """Units stand from the dearest to the cheapest; of every group of `take` the last are free.

    One unit more moves no unit to a cheaper place than before, so this never falls.
    """
    terms = candidate.terms
    assert isinstance(terms, NForM)
    units = sorted((unit for at in candidate.lines for unit in unit_values(basket, at, ways[at])), reverse=True)
    of = sum(count for _, count in units)
    if of < terms.take:
        return 0
    saved = passed = free = 0
    for value, count in units:
        passed += count
        free_now = free_units(terms, passed, of)
        saved += value * (free_now - free)
        free = free_now
    return saved
