"""What an offer on the basket gives, looked at alone: measured on the goods in its scope at their item prices, and on
nothing that another basket offer takes off. So it grows with the basket, and no order of offers matters."""

from collections.abc import Sequence

from models.promotions.item_prices import ItemPrice, free_units, unit_values
from models.promotions.offers import FreeShipping, NForM, SpendPercent, SpendSave
from models.promotions.reading import Basket, Candidate


def amount_of(
    candidate: Candidate, base: int, basket: Basket, ways: Sequence[ItemPrice], unshipped: Sequence[int]
) -> int:
    """What it gives where the goods in its scope cost `base`: never more than there is to save, never above its budget.

    `unshipped` is the shipping of each line that is still to be paid.
    """
    terms = candidate.terms
    if isinstance(terms, FreeShipping):
        amount = sum(unshipped[at] for at in candidate.lines) if base >= candidate.steps[0][0] else 0
    elif isinstance(terms, NForM) and terms.mix:
        amount = _mixed(terms, candidate, basket, ways)
    elif candidate.is_short:
        amount = sum(candidate.cuts.values())
    else:
        amount = min(by_ladder(candidate, base), base)
    return amount if candidate.left is None else min(amount, candidate.left)


def by_ladder(candidate: Candidate, base: int) -> int:
    """What its tiers give for so much worth of goods. A percentage is rounded down to the minor unit."""
    reached = 0
    for at, gives in candidate.steps:
        if at > base:
            break
        reached = gives
    terms = candidate.terms
    if isinstance(terms, SpendPercent):
        amount = base * reached // 100
        return amount if terms.at_most is None else min(amount, terms.at_most.minor)
    if isinstance(terms, SpendSave) and terms.repeats:
        return reached * (base // candidate.steps[0][0])
    return reached


def _mixed(terms: NForM, candidate: Candidate, basket: Basket, ways: Sequence[ItemPrice]) -> int:
    """Units stand from the dearest to the cheapest; of every group of `take` the last are free.

    One unit more moves no unit to a cheaper place than before, so this never falls.
    """
    units = sorted((unit for at in candidate.lines for unit in unit_values(basket, at, ways[at])), reverse=True)
    of = sum(count for _, count in units)
    saved = passed = 0
    for value, count in units:
        saved += value * (free_units(terms, passed + count, of) - free_units(terms, passed, of))
        passed += count
    return saved
