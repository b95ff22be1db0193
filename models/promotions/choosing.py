"""Which offers count: the choice that saves the buyer most.

A choice says for each line by which item price it goes, and for each exclusion group which member counts. For every choice the
saving grows with the basket, and a further offer only adds choices: so the best saving never falls with an item or an offer.

An item price lowers what thresholds are measured on, so leaving one out can save more. A bound says quickly whether that can
be at all (`forgoing.py`); only then is it searched for.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from math import prod

from models.promotions.forgoing import best_item_prices
from models.promotions.item_prices import prices_of_lines, work_out_cuts
from models.promotions.reading import Basket, Candidate
from models.promotions.weighing import Offered, Slot, Weighed

MOST_COMBINATIONS = 64
"""So many combinations of groups that hold item prices are tried; with more, one group after the other is decided."""

Allowed = tuple[Candidate | None, ...]
"""For each group in question: the item price that may count, or None for its basket offers."""


def choose(basket: Basket, candidates: Sequence[Candidate]) -> Weighed:
    """The best way to price the basket. Of equal ones that whose offers come first in rank."""
    prices: list[Candidate] = []
    others: list[Candidate] = []
    for offer in candidates:
        if not offer.said.is_item:
            others.append(offer)
            continue
        work_out_cuts(offer, basket)
        if offer.cuts:
            (others if offer.is_short else prices).append(offer)
    slots = _slots(others)
    alternatives = _alternatives(prices, slots)
    in_question = {offer for members in alternatives for offer in members if offer is not None}

    def best_with(allowed: Allowed) -> Weighed:
        taken = {offer.said.group for offer in allowed if offer is not None}
        free = [offer for offer in prices if offer not in in_question or offer in allowed]
        open_slots = [slot for slot in slots if slot[0].said.group is None or slot[0].said.group not in taken]
        return best_item_prices(basket, Offered.of(open_slots, len(candidates)), prices_of_lines(basket, free))

    if prod(len(members) for members in alternatives) <= MOST_COMBINATIONS:
        return min(map(best_with, product(*alternatives)), key=_preference)
    best = best_with(tuple(None for _ in alternatives))
    decided: list[Candidate | None] = [None] * len(alternatives)
    for place, members in enumerate(alternatives):
        for member in members[1:]:
            found = best_with((*decided[:place], member, *decided[place + 1 :]))
            if _preference(found) < _preference(best):
                best, decided[place] = found, member
    return best


def _slots(offers: Sequence[Candidate]) -> list[Slot]:
    groups: dict[str, list[Candidate]] = defaultdict(list)
    slots: list[Slot] = []
    for offer in offers:
        group = offer.said.group
        if group is None:
            slots.append((offer,))
        else:
            groups[group].append(offer)
    return [*slots, *map(tuple, groups.values())]


def _alternatives(prices: Sequence[Candidate], slots: Sequence[Slot]) -> list[Allowed]:
    """The groups in which an item price stands against another offer."""
    groups: dict[str, list[Candidate]] = defaultdict(list)
    for offer in prices:
        if offer.said.group is not None:
            groups[offer.said.group].append(offer)
    with_basket_offers = {slot[0].said.group for slot in slots}
    return [(None, *members) for name, members in groups.items() if len(members) > 1 or name in with_basket_offers]


def _preference(found: Weighed) -> tuple[int, list[int]]:
    ranks = {offer.rank for offer, _ in found.picks} | {way.by.rank for way in found.ways if way.by is not None}
    return -found.saved, sorted(ranks)
