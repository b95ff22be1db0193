"""What one line costs by itself: of the timed prices, direct cuts and same-SKU n-for-m offers on a line, at most one counts.

An item price whose budget does not last for all it would save here is no price any more: what is left of the budget is
shared out over its lines like the amount of a basket offer. So a line's price never depends on the other lines.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.promotions.preparing import CUT, SAME, TIMED, Prepared
from models.promotions.reading import Basket, Candidate


@dataclass(slots=True, eq=False)
class ItemPrice:
    """One way to price a line: what it saves, by which offer (None: the ordinary price). Compared by identity."""

    cut: int
    by: Candidate | None = None


ORDINARY = ItemPrice(0)


def work_out_cuts(candidate: Candidate, basket: Basket) -> None:
    """Fill in the cuts of an item price, and whether its budget lasts for them."""
    said, lines = candidate.said, candidate.lines
    prices, quantities = basket.prices, basket.quantities
    kind = said.kind
    if kind is CUT:
        off = said.off
        cuts = {at: (off if off < prices[at] else prices[at]) * quantities[at] for at in lines}
    elif kind is TIMED:
        timed, skus = said.timed, basket.skus
        cuts = {at: (prices[at] - timed[skus[at]]) * quantities[at] for at in lines}
    elif kind is SAME:
        cuts = {at: free_units(said, quantities[at], quantities[at]) * prices[at] for at in lines}
    candidate.cuts = cuts = {at: cut for at, cut in cuts.items() if cut > 0}
    candidate.is_short = candidate.left is not None and sum(cuts.values()) > candidate.left


def free_units(n_for_m: Prepared, among: int, of: int) -> int:
    """How many of the first `among` units, the dearest first, are free when there are `of` in all."""
    take, pay = n_for_m.take, n_for_m.pay
    whole = of - of % take
    groups, rest = divmod(among if among < whole else whole, take)
    free = groups * (take - pay)
    return free + rest - pay if rest > pay else free


def prices_of_lines(basket: Basket, item_offers: Iterable[Candidate]) -> list[list[ItemPrice]]:
    """For each line the ways to price it, the best first (of equal ones that of the first offer), the ordinary price last."""
    by_cut: list[dict[int, Candidate]] = [{} for _ in basket.skus]
    for candidate in item_offers:
        for at, cut in candidate.cuts.items():
            if cut not in by_cut[at]:
                by_cut[at][cut] = candidate
    return [[*(ItemPrice(cut, of_line[cut]) for cut in sorted(of_line, reverse=True)), ORDINARY] for of_line in by_cut]


def unit_values(basket: Basket, at: int, way: ItemPrice) -> Sequence[tuple[int, int]]:
    """What the units of a line cost at this item price: value and how many of it."""
    quantity, price = basket.quantities[at], basket.prices[at]
    if way.by is not None and way.by.said.kind is SAME:
        free = way.cut // price
        return (price, quantity - free), (0, free)
    return ((price - way.cut // quantity, quantity),)
