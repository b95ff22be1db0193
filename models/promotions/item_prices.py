"""What one line costs by itself: of the timed prices, direct cuts and same-SKU n-for-m offers on a line, at most one counts.

An item price whose budget does not last for all it would save here is no price any more: what is left of the budget is
shared out over its lines like the amount of a basket offer. So a line's price never depends on the other lines.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from models.promotions.offers import DirectCut, NForM
from models.promotions.reading import Basket, Candidate


@dataclass(slots=True, frozen=True)
class ItemPrice:
    """One way to price a line: what it saves, by which offer (None: the ordinary price)."""

    cut: int
    by: Candidate | None = None


ORDINARY = ItemPrice(0)


def work_out_cuts(candidate: Candidate, basket: Basket) -> None:
    """Fill in the cuts of an item price, and whether its budget lasts for them."""
    terms = candidate.terms
    cuts: dict[int, int] = {}
    if isinstance(terms, DirectCut):
        off = terms.off.minor
        cuts = {at: min(off, basket.prices[at]) * basket.quantities[at] for at in candidate.lines}
    elif candidate.timed is not None:
        for at, price in candidate.timed.items():
            cuts[at] = max(0, basket.prices[at] - price) * basket.quantities[at]
    elif isinstance(terms, NForM):
        for at in candidate.lines:
            cuts[at] = free_units(terms, basket.quantities[at], basket.quantities[at]) * basket.prices[at]
    candidate.cuts = {at: cut for at, cut in cuts.items() if cut > 0}
    candidate.is_short = candidate.left is not None and sum(candidate.cuts.values()) > candidate.left


def free_units(terms: NForM, among: int, of: int) -> int:
    """How many of the first `among` units, the dearest first, are free when there are `of` in all."""
    groups, rest = divmod(min(among, of - of % terms.take), terms.take)
    return groups * (terms.take - terms.pay) + max(0, rest - terms.pay)


def prices_of_lines(basket: Basket, item_offers: Iterable[Candidate]) -> list[list[ItemPrice]]:
    """For each line the ways to price it, the best first (of equal ones that of the first offer), the ordinary price last."""
    ways: list[list[ItemPrice]] = [[ORDINARY] for _ in basket.skus]
    for candidate in item_offers:
        for at, cut in candidate.cuts.items():
            if all(way.cut != cut for way in ways[at]):
                ways[at].append(ItemPrice(cut, candidate))
    for line in ways:
        if len(line) > 1:
            line.sort(key=lambda way: -way.cut)
    return ways


def unit_values(basket: Basket, at: int, way: ItemPrice) -> Iterable[tuple[int, int]]:
    """What the units of a line cost at this item price: value and how many of it."""
    quantity, price = basket.quantities[at], basket.prices[at]
    if way.by is not None and isinstance(way.by.terms, NForM):
        free = way.cut // price
        yield price, quantity - free
        yield 0, free
    else:
        yield price - way.cut // quantity, quantity
