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
from models.promotions.preparing import SHIPPING
from models.promotions.reading import Basket, Candidate
from models.promotions.rulebook import Bits

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
    looking_at: list[Bits]
    """The lines that each slot looks at; all lines of one with shipping, since that looks at what others pay, too."""
    scopes: dict[Bits, tuple[int, ...]]
    """The lines of each scope that any of them has: many offers share one."""
    shipping: list[Candidate]
    """Free shipping that nothing stands against."""
    count: int
    """Of candidates, those that are not offered here as well: one more than the highest rank."""

    @classmethod
    def of(cls, slots: Sequence[Slot], count: int) -> "Offered":
        """These slots."""
        looking_at: list[Bits] = []
        scopes: dict[Bits, tuple[int, ...]] = {}
        shipping: list[Candidate] = []
        for slot in slots:
            bits = 0
            for offer in slot:
                scopes[offer.scope] = offer.lines
                bits |= -1 if offer.said.kind is SHIPPING else offer.scope
            looking_at.append(bits)
            if len(slot) == 1 and slot[0].said.kind is SHIPPING:
                shipping.append(slot[0])
        return cls(slots, looking_at, scopes, shipping, count)


@dataclass(slots=True)
class Weighed:
    """A way to price the basket, and all that it saves."""

    saved: int
    ways: Sequence[ItemPrice]
    values: list[int]
    bases: dict[Bits, int]
    """What the goods cost in each scope."""
    unshipped: list[int]
    """Shipping of each line that no free shipping without a group pays."""
    amounts: list[int]
    """What each offer on the basket would give, by its rank."""
    best: list[Pick | None]
    """What gives most in each slot, if the others are not looked at; None if nothing gives anything."""
    picks: list[Pick]
    is_capped: bool
    """Whether the offers want more than the lines cost."""

    def by_slot(self, slots: Sequence[Slot]) -> list[int]:
        """What the offer that counts in each slot wants to save."""
        if not self.is_capped:
            return [0 if pick is None else pick[1] for pick in self.best]
        picked = {offer.rank: amount for offer, amount in self.picks}
        return [max([picked.get(offer.rank, 0) for offer in slot]) for slot in slots]


def weigh(basket: Basket, offered: Offered, ways: Sequence[ItemPrice], like: Weighed | None = None) -> Weighed:
    """The most that can be saved at these item prices. What other prices have in common is taken from `like`.

    What saves no more than `like` even if all fits is not looked at further: then `saved` is only the most it could be.
    """
    cuts = [way.cut for way in ways]
    values = [value - cut for value, cut in zip(basket.values, cuts, strict=True)]
    changed = _changed(ways, like)
    bases = {} if like is None else like.bases.copy()
    value_of = values.__getitem__
    for scope, lines in offered.scopes.items():
        if scope & changed:
            bases[scope] = sum(map(value_of, lines))
    amounts = [0] * offered.count if like is None else like.amounts.copy()
    slots: list[Pick | None] = [None] * len(offered.slots) if like is None else like.best.copy()
    found = Weighed(sum(cuts), ways, values, bases, list(basket.shipping), amounts, slots, [], False)
    covered = _cover_shipping(offered, found)
    _choose_in_slots(basket, offered, found, covered, changed)
    best = [pick for pick in slots if pick is not None]
    hoped = sum([amount for _, amount in best])
    if like is not None and found.saved + hoped <= like.saved:
        found.saved += hoped
        return found
    to_fit = [pick for pick in best if pick[0] not in covered] if covered else best
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


def _choose_in_slots(
    basket: Basket, offered: Offered, found: Weighed, covered: Mapping[Candidate, int], changed: Bits
) -> None:
    """What gives most in each slot; only of offers on changed lines is it worked out what they give."""
    amounts, bases, best, ways, unshipped = found.amounts, found.bases, found.best, found.ways, found.unshipped
    for place, (slot, lines) in enumerate(zip(offered.slots, offered.looking_at, strict=True)):
        if not lines & changed:
            continue
        top: Candidate | None = None
        most = 0
        for offer in slot:
            scope = offer.scope
            if offer in covered:
                amounts[offer.rank] = amount = covered[offer]
            elif scope & changed or offer.said.kind is SHIPPING:
                amounts[offer.rank] = amount = amount_of(offer, bases[scope], basket, ways, unshipped)
            else:
                amount = amounts[offer.rank]
            if amount > most:  # of equal ones the first, which is that of the lower rank
                top, most = offer, amount
        best[place] = None if top is None else (top, most)


def _changed(ways: Sequence[ItemPrice], like: Weighed | None) -> Bits:
    """The lines that go by another item price: all without another way to price them."""
    if like is None:
        return -1
    changed = 0
    for at, (way, was) in enumerate(zip(ways, like.ways, strict=True)):
        if way is not was:
            changed |= 1 << at
    return changed


def _cover_shipping(offered: Offered, found: Weighed) -> dict[Candidate, int]:
    """Free shipping that nothing stands against goes first: whatever else pays shipping pays what it leaves."""
    covered: dict[Candidate, int] = {}
    unshipped = found.unshipped
    for offer in offered.shipping:
        to_pay = sum([unshipped[at] for at in offer.lines])
        if offer.left is not None and offer.left < to_pay:
            continue
        is_earned = found.bases[offer.scope] >= offer.said.steps[0][0]
        covered[offer] = to_pay if is_earned else 0
        if is_earned and to_pay:
            for at in offer.lines:
                unshipped[at] = 0
    return covered


def _wanted(offered: Offered, found: Weighed) -> list[list[Pick]]:
    """Of each slot what its offers give, the best first; of equal ones the first."""
    wanted: list[list[Pick]] = []
    for slot in offered.slots:
        picks = [(offer, amount) for offer in slot if (amount := found.amounts[offer.rank]) > 0]
        picks.sort(key=lambda pick: (-pick[1], pick[0].rank))
        if picks:
            wanted.append(picks)
    return wanted


def _fit_easily(picks: Sequence[Pick], found: Weighed) -> bool:
    """Whether shares in proportion to value fit; if so, nothing is lost, and whole numbers fit as well."""
    values, bases = found.values, found.bases
    rates: dict[Bits, float] = {}
    lines_of: dict[Bits, Sequence[int]] = {}
    used = [0.0] * len(values)
    shipped: set[int] = set()
    for offer, amount in picks:
        scope = offer.scope
        if offer.said.kind is SHIPPING:
            paid = [at for at in offer.lines if found.unshipped[at]]
            if not shipped.isdisjoint(paid):
                return False
            shipped.update(paid)
        elif offer.is_short:
            whole = sum(offer.cuts.values())
            for at, cut in offer.cuts.items():
                used[at] += amount * cut / whole / values[at] if values[at] else inf
        else:
            rates[scope] = rates.get(scope, 0.0) + amount / bases[scope]
            lines_of[scope] = offer.lines
    for scope, rate in rates.items():
        for at in lines_of[scope]:
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
        if offer.said.kind is SHIPPING:
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
