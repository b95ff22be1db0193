"""What a basket saves when the item price of every line is given: each exclusion group gives its best, all else adds up.

While discounts do not meet in a line that is too cheap for them, each group decides by itself. Where they do, the members of
groups are tried together, by what really fits onto the lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, prod

from models.promotions.apportioning import Pouring, pour
from models.promotions.basket_offers import amount_of
from models.promotions.item_prices import ItemPrice
from models.promotions.preparing import Kind
from models.promotions.reading import Basket, Candidate

Pick = tuple[Candidate, int]
"""An offer that counts, with what it wants to save."""
Slot = tuple[Candidate, ...]
"""Offers of which at most one counts, by rank: those of an exclusion group, or one that has none."""

MOST_COMBINATIONS = 300
"""Of offers that do not fit onto the lines together, so many combinations of group members are all tried."""
MOST_SWAPS = 12
"""With more combinations, so many members are tried in the place of the best of their group, the nearest first."""


@dataclass(slots=True)
class Offered:
    """The offers on the basket, by slot."""

    slots: Sequence[Slot]
    scopes: dict[int, tuple[int, ...]]
    """The lines of each scope that any of them has: many offers share one."""
    shipping: list[Candidate]
    """Free shipping that nothing stands against."""

    @classmethod
    def of(cls, slots: Sequence[Slot]) -> "Offered":
        """These slots."""
        scopes = {offer.scope: offer.lines for slot in slots for offer in slot}
        alone = [slot[0] for slot in slots if len(slot) == 1]
        return cls(slots, scopes, [offer for offer in alone if offer.kind is Kind.SHIPPING])


@dataclass(slots=True)
class Weighed:
    """A way to price the basket, and all that it saves."""

    saved: int
    ways: Sequence[ItemPrice]
    values: list[int]
    bases: dict[int, int]
    """What the goods cost in each scope."""
    unshipped: list[int]
    """Shipping of each line that no free shipping without a group pays."""
    amounts: dict[Candidate, int]
    """What each offer would give."""
    picks: list[Pick]
    is_capped: bool
    """Whether the offers want more than the lines cost."""


def weigh(basket: Basket, offered: Offered, ways: Sequence[ItemPrice], like: Weighed | None = None) -> Weighed:
    """The most that can be saved at these item prices. What other prices have in common is taken from `like`."""
    values = [value - way.cut for value, way in zip(basket.values, ways, strict=True)]
    changed = _changed(ways, like)
    bases = {} if like is None else like.bases.copy()
    for scope, lines in offered.scopes.items():
        if scope & changed:
            bases[scope] = sum([values[at] for at in lines])
    amounts = {} if like is None else like.amounts.copy()
    cut = sum([way.cut for way in ways])
    found = Weighed(cut, ways, values, bases, list(basket.shipping), amounts, [], False)
    covered = _cover_shipping(basket, offered, found)
    best = _best_of_slots(basket, offered, found, covered, changed)
    hoped = sum([amount for _, amount in best])
    to_fit = [pick for pick in best if pick[0] not in covered]
    flow = hoped if _fit_easily(to_fit, found) else flow_of(basket, best, found)
    if flow < hoped:
        found.is_capped = True
        wanted = _wanted(offered, found)
        if prod(len(picks) for picks in wanted) <= MOST_COMBINATIONS:
            best, flow = _try_all(basket, wanted, found, best, flow)
        else:
            best, flow = _swap(basket, wanted, found, best, flow)
    found.saved += flow
    found.picks = sorted(best, key=lambda pick: pick[0].rank)
    return found


def _best_of_slots(
    basket: Basket, offered: Offered, found: Weighed, covered: Mapping[Candidate, int], changed: int
) -> list[Pick]:
    """What gives most in each slot that gives anything; the amounts of offers on changed lines are worked out anew."""
    amounts, bases = found.amounts, found.bases
    best: list[Pick] = []
    for slot in offered.slots:
        top: Candidate | None = None
        most = 0
        for offer in slot:
            if offer in covered:
                amounts[offer] = covered[offer]
            elif offer.scope & changed or offer.kind is Kind.SHIPPING:  # which looks at what others pay, too
                amounts[offer] = amount_of(offer, bases[offer.scope], basket, found.ways, found.unshipped)
            if amounts[offer] > most:  # of equal ones the first, which is that of the lower rank
                top, most = offer, amounts[offer]
        if top is not None:
            best.append((top, most))
    return best


def _changed(ways: Sequence[ItemPrice], like: Weighed | None) -> int:
    """The lines that go by another item price, as bits: all without another way to price them."""
    changed = -1 if like is None else 0
    if like is not None:
        for at, (way, was) in enumerate(zip(ways, like.ways, strict=True)):
            if way is not was:
                changed |= 1 << at
    return changed


def _cover_shipping(basket: Basket, offered: Offered, found: Weighed) -> dict[Candidate, int]:
    """Free shipping that nothing stands against goes first: whatever else pays shipping pays what it leaves."""
    covered: dict[Candidate, int] = {}
    for offer in offered.shipping:
        amount = amount_of(offer, found.bases[offer.scope], basket, found.ways, found.unshipped)
        if offer.left is not None and offer.left < sum([found.unshipped[at] for at in offer.lines]):
            continue
        covered[offer] = amount
        if amount:
            for at in offer.lines:
                found.unshipped[at] = 0
    return covered


def _wanted(offered: Offered, found: Weighed) -> list[list[Pick]]:
    """Of each slot what its offers give, the best first; of equal ones the first."""
    wanted: list[list[Pick]] = []
    for slot in offered.slots:
        picks = [(offer, found.amounts[offer]) for offer in slot if found.amounts[offer] > 0]
        picks.sort(key=lambda pick: (-pick[1], pick[0].rank))
        if picks:
            wanted.append(picks)
    return wanted


def _fit_easily(picks: Sequence[Pick], found: Weighed) -> bool:
    """Whether shares in proportion to value fit; if so, nothing is lost, and whole numbers fit as well."""
    used = [0.0] * len(found.values)
    shipped: set[int] = set()
    for offer, amount in picks:
        if offer.kind is Kind.SHIPPING:
            paid = [at for at in offer.lines if found.unshipped[at]]
            if not shipped.isdisjoint(paid):
                return False
            shipped.update(paid)
        elif offer.is_short:
            whole = sum(offer.cuts.values())
            for at, cut in offer.cuts.items():
                used[at] += amount * cut / whole / found.values[at] if found.values[at] else inf
        else:
            rate = amount / found.bases[offer.scope]
            for at in offer.lines:
                used[at] += rate
    return max(used) < 1 - 1e-9


def flow_of(basket: Basket, picks: Sequence[Pick], found: Weighed) -> int:
    """What of these amounts fits onto the lines."""
    return sum(sum(shares.values()) for shares in poured(basket, picks, found.values))


def poured(basket: Basket, picks: Sequence[Pick], values: Sequence[int]) -> list[dict[int, int]]:
    """The share of each line in each pick, goods by place, shipping by place + number of lines."""
    count = len(values)
    pourings = []
    for offer, amount in picks:
        if offer.kind is Kind.SHIPPING:
            weights = [basket.shipping[at] for at in offer.lines]
            pourings.append(Pouring(amount, [at + count for at in offer.lines], weights))
        elif offer.is_short:
            cuts = list(offer.cuts.values())
            pourings.append(Pouring(amount, list(offer.cuts), cuts, cuts))
        else:
            pourings.append(Pouring(amount, offer.lines, [values[at] for at in offer.lines]))
    return pour(pourings, [*values, *basket.shipping])


def _try_all(
    basket: Basket, wanted: Sequence[list[Pick]], found: Weighed, best: list[Pick], flow: int
) -> tuple[list[Pick], int]:
    """Branch and bound over the members of groups. What could still be wanted bounds what can be saved."""
    hopes = [0]
    for picks in reversed(wanted):
        hopes.append(hopes[-1] + picks[0][1])
    hopes.reverse()
    everything = sum(found.values) + sum(basket.shipping)
    stack: list[tuple[int, int, tuple[Pick, ...]]] = [(0, 0, ())]
    while stack:
        depth, sure, chosen = stack.pop()
        if min(sure + hopes[depth], everything) <= flow:
            continue
        if depth == len(wanted):
            reached = flow_of(basket, chosen, found)
            if reached > flow:
                best, flow = list(chosen), reached
            continue
        stack.extend((depth + 1, sure + pick[1], (*chosen, pick)) for pick in reversed(wanted[depth]))
    return best, flow


def _swap(
    basket: Basket, wanted: Sequence[list[Pick]], found: Weighed, best: list[Pick], flow: int
) -> tuple[list[Pick], int]:
    """Other members one by one, each kept if more fits: those first that give least less than the best of their group."""
    nearest = sorted(
        (picks[0][1] - pick[1], pick[0].rank, place, pick) for place, picks in enumerate(wanted) for pick in picks[1:]
    )
    for _, _, place, pick in nearest[:MOST_SWAPS]:
        others = [*best[:place], pick, *best[place + 1 :]]
        if sum(amount for _, amount in others) > flow:
            reached = flow_of(basket, others, found)
            if reached > flow:
                best, flow = others, reached
    return best, flow
