"""What an offer on the basket gives, looked at alone: measured on the goods in its scope at their item prices, and on
nothing that another basket offer takes off. So it grows with the basket, and no order of offers matters."""

from collections.abc import Sequence

from models.promotions.item_prices import ItemPrice, free_units, unit_values
from models.promotions.preparing import MIX, SHIPPING
from models.promotions.reading import Basket, Candidate


def amount_of(
    candidate: Candidate, base: int, basket: Basket, ways: Sequence[ItemPrice], unshipped: Sequence[int]
) -> int:
    """What it gives where the goods in its scope cost `base`: never more than there is to save, never above its budget.

    `unshipped` is the shipping of each line that is still to be paid.
    """
    said, left = candidate.said, candidate.left
    ladder = said.ladder
    if ladder is not None:
        amount = ladder(base)
        if amount > base:
            amount = base
    elif said.kind is SHIPPING:
        amount = sum([unshipped[at] for at in candidate.lines]) if base >= said.steps[0][0] else 0
    elif said.kind is MIX:
        amount = _mixed(candidate, basket, ways)
    else:
        amount = sum(candidate.cuts.values())  # an item price whose budget is too short for these
    return amount if left is None or amount < left else left


def _mixed(candidate: Candidate, basket: Basket, ways: Sequence[ItemPrice]) -> int:
    """Units stand from the dearest to the cheapest; of every group of `take` the last are free.

    One unit more moves no unit to a cheaper place than before, so this never falls.
    """
    units: list[tuple[int, int]] = []
    for at in candidate.lines:
        units.extend(unit_values(basket, at, ways[at]))
    of = sum([count for _, count in units])
    if of < candidate.said.take:
        return 0
    units.sort(reverse=True)
    saved = passed = free = 0
    for value, count in units:
        passed += count
        free_now = free_units(candidate.said, passed, of)
        saved += value * (free_now - free)
        free = free_now
    return saved
