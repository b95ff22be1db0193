"""Whether leaving out an item price saves more: 10.00 off one article can cost the 50.00 that are off above 300.00.

By default every line has its best item price. Another choice gives up so much on the lines and gains at most what the offers
give when the goods in their scopes cost that much more. This bound is a sum of steps (tiers that come into reach) and of slopes
(percentages); where it is nowhere above what is given up, the default is best and nothing is searched.

Otherwise, with at most `MOST_COMBINATIONS` ways to price the lines in question, the best of all is found. With more, the tiers
that are worth it by themselves are reached for one after the other, and each is kept if it saves more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

from models.promotions.basket_offers import amount_of
from models.promotions.item_prices import ORDINARY, ItemPrice
from models.promotions.preparing import MIX, PERCENT, SAVE, SHIPPING, Prepared
from models.promotions.reading import Basket, Candidate
from models.promotions.rulebook import Bits
from models.promotions.weighing import Offered, Slot, Weighed, weigh

MOST_COMBINATIONS = 256
"""With more ways to price the lines in question, not all of them are tried."""
MOST_REACHES = 3
"""So many tiers are reached for at most then."""
_MOST_STEPS = 32
"""Steps of one repeating offer that the bound tells apart."""

Raised = dict[Bits, int]
"""By how much each scope costs more than by default."""
_Reach = tuple[Candidate, int, int]
"""An offer, what its slot gives by default, and what the offer would give."""


@dataclass(slots=True)
class _Gain:
    """What offers could gain: at once, in steps (what is given up first, then what it brings), in slopes (per cent)."""

    at_once: int = 0
    steps: list[tuple[int, int]] = field(default_factory=list)
    slope: int = 0
    slopes: int = 0
    """How many; each may gain almost one minor unit by rounding."""


def best_item_prices(basket: Basket, offered: Offered, prices: Sequence[Sequence[ItemPrice]]) -> Weighed:
    """The best choice of an item price for each line; the default where nothing saves more."""
    default = weigh(basket, offered, [of_line[0] for of_line in prices])
    cuts = [of_line[0].cut for of_line in prices]
    if not any(cuts):
        return default
    return _Search(basket, offered, prices, default).run(cuts)


@dataclass(slots=True, frozen=True)
class _State:
    """A choice for some lines: what it gives up, by how much that raises each base, and the choice."""

    given_up: int
    more: Raised
    chosen: dict[int, ItemPrice]


class _Search:
    """For a better choice than the default."""

    def __init__(
        self, basket: Basket, offered: Offered, prices: Sequence[Sequence[ItemPrice]], default: Weighed
    ) -> None:
        self._basket, self._offered, self._prices, self._default = basket, offered, prices, default
        self._ordinary = [of_line[-1] for of_line in prices]
        self._at_ordinary: dict[Candidate, int] = {}
        self._known = default.by_slot(offered.slots)
        self._least = min((of_line[0].cut - of_line[1].cut for of_line in prices if len(of_line) > 1), default=0)

    def run(self, cuts: Sequence[int]) -> Weighed:
        """The best choice, or a good one where there are too many."""
        opening = self._opening(cuts)
        reach = self._reach(opening)
        in_question = self._in_question(cuts, reach)
        if prod(len(self._prices[at]) for at in in_question) > MOST_COMBINATIONS:
            return self._reach_for_tiers(in_question, cuts, opening, reach)
        if in_question and self.most(dict.fromkeys(self._default.bases, 0), cuts, 0) > 0:
            return self._best_of_all(in_question, cuts)
        return self._default

    def _opening(self, cuts: Sequence[int]) -> Raised:
        return {scope: sum(map(cuts.__getitem__, lines)) for scope, lines in self._offered.scopes.items()}

    def _reach(self, opening: Raised) -> list[_Reach]:
        """The offers that would give more than their slot does if all item prices went."""
        reach: list[_Reach] = []
        for slot, known in zip(self._offered.slots, self._known, strict=True):
            for offer in slot:
                more = opening[offer.scope]
                if more and (amount := self._amount(offer, more)) > known:
                    reach.append((offer, known, amount))
        return reach

    def _in_question(self, cuts: Sequence[int], reach: Sequence[_Reach]) -> list[int]:
        """Lines whose item price lowers what an offer gives, the largest cut first."""
        touched = 0
        for offer, _, _ in reach:
            touched |= offer.scope
        if self._default.is_capped:
            touched = -1  # every line
        return sorted([at for at, cut in enumerate(cuts) if cut and touched >> at & 1], key=lambda at: (-cuts[at], at))

    def _best_of_all(self, in_question: Sequence[int], cuts: Sequence[int]) -> Weighed:
        """Branch and bound, line by line: kept is what may still be better than the best that is known."""
        best = self._default
        open_cuts = [0] * len(cuts)
        for at in in_question:
            open_cuts[at] = cuts[at]
        nothing_open = [0] * len(cuts)
        states: list[_State] = [_State(0, dict.fromkeys(best.bases, 0), {})]
        for at in in_question:
            open_cuts[at] = 0
            grown = list(states)
            for state in states:
                for way in self._prices[at][1:]:
                    less = cuts[at] - way.cut
                    more = {scope: value + less * (scope >> at & 1) for scope, value in state.more.items()}
                    next_state = _State(state.given_up + less, more, {**state.chosen, at: way})
                    enough = best.saved - self._default.saved
                    if self.most(more, nothing_open, next_state.given_up) > enough:
                        found = weigh(self._basket, self._offered, self._ways(next_state.chosen), best)
                        best = found if found.saved > best.saved else best
                    grown.append(next_state)
            enough = best.saved - self._default.saved
            states = [state for state in grown if self.most(state.more, open_cuts, state.given_up) > enough]
        return best

    def _reach_for_tiers(
        self, in_question: Sequence[int], cuts: Sequence[int], opening: Raised, reach: Sequence[_Reach]
    ) -> Weighed:
        """Every tier that saves more than is given up for it, the most useful first; other offers may gain besides."""
        best = self._default
        chosen: dict[int, ItemPrice] = {}
        for _, lines in self._worthwhile(in_question, cuts, opening, reach)[:MOST_REACHES]:
            wider = chosen | dict.fromkeys(lines, ORDINARY)
            if wider == chosen:
                continue
            found = weigh(self._basket, self._offered, self._ways(wider), best)
            if found.saved > best.saved:
                best, chosen = found, wider
        return best

    def _worthwhile(
        self, in_question: Sequence[int], cuts: Sequence[int], opening: Raised, reach: Sequence[_Reach]
    ) -> list[tuple[int, list[int]]]:
        """The gain of each such tier, and the lines that go back to their ordinary price for it."""
        reaches: list[tuple[int, list[int]]] = []
        lines_of: dict[Bits, list[int]] = {}
        for offer, known, amount in reach:
            scope = offer.scope
            for step, brings in self._steps(offer, 0, opening[scope], known, amount, None):
                if step >= brings:
                    continue
                if scope not in lines_of:
                    lines_of[scope] = [at for at in in_question if scope >> at & 1]
                lines = _cheapest(step, lines_of[scope], cuts)
                gain = brings - sum([cuts[at] for at in lines])
                if lines and gain > 0:
                    reaches.append((gain, lines))
        return sorted(reaches, key=lambda reach: (-reach[0], reach[1]))

    def _ways(self, chosen: dict[int, ItemPrice]) -> list[ItemPrice]:
        return [chosen.get(at, of_line[0]) for at, of_line in enumerate(self._prices)]

    def most(self, more: Raised, open_cuts: Sequence[int], given_up: int) -> int:
        """The most that can be saved beyond the default, when bases are `more` already and these cuts may still go."""
        opening = self._opening(open_cuts)
        if self._default.is_capped:
            return self._most_when_capped(more, opening)
        gain = _Gain(at_once=-given_up)
        for slot, known in zip(self._offered.slots, self._known, strict=True):
            self._add(gain, slot, known, more, opening)
        least = 0 if given_up else self._least
        return _highest(gain, least, sum(open_cuts))

    def _most_when_capped(self, more: Raised, opening: Raised) -> int:
        """Lines that are full already may take more when their item price goes, so what is given up counts for nothing."""
        gained = 0
        for slot in self._offered.slots:
            gained += max(
                self._amount(offer, more[offer.scope] + opening[offer.scope]) - self._amount(offer, 0) for offer in slot
            )
        return gained

    def _amount(self, offer: Candidate, more: int) -> int:
        """At most what it gives when its goods cost so much more than by default."""
        default = self._default
        base = default.bases[offer.scope] + more
        if offer.said.kind is not MIX:
            return amount_of(offer, base, self._basket, default.ways, default.unshipped)
        now = default.amounts[offer.rank]  # which does not depend on the base
        if not more:
            return now
        ordinary = self._at_ordinary.get(offer)
        if ordinary is None:
            ordinary = amount_of(offer, base, self._basket, self._ordinary, default.unshipped)
            self._at_ordinary[offer] = ordinary
        return min(now + more, max(now, ordinary))

    def _add(self, gain: _Gain, slot: Slot, known: int, more: Raised, opening: Raised) -> None:
        changing = [offer for offer in slot if more[offer.scope] or opening[offer.scope]]
        if not changing:
            return
        now = max(known, *(self._amount(offer, more[offer.scope]) for offer in changing))
        gain.at_once += now - known
        highest = 0
        alone = gain if len(changing) == 1 else None
        events: list[tuple[int, int]] = []
        for offer in changing:
            reach = self._amount(offer, more[offer.scope] + opening[offer.scope])
            if reach > now:
                events.extend(self._steps(offer, more[offer.scope], opening[offer.scope], now, reach, alone))
        for step, brings in sorted(events):
            if brings > highest:
                gain.steps.append((step, brings - highest))
                highest = brings

    def _steps(
        self, offer: Candidate, more: int, opening: int, now: int, reach: int, gain: _Gain | None
    ) -> Iterator[tuple[int, int]]:
        """What must be given up at least, and what the offer then gives above `now`, up to `reach`.

        The slope of a percentage is added to `gain`; without one it is a step like others.
        """
        base = self._default.bases[offer.scope] + more
        said = offer.said
        if said.kind is SHIPPING:
            yield max(0, said.steps[0][0] - base), reach - now
        elif said.kind is SAVE and said.ladder is not None and said.ladder(base) <= base:
            yield from self._ladder_steps(said, base, opening, now, reach)
        elif said.kind is PERCENT and gain is not None:
            yield from self._percent_steps(said, base, opening, now, gain)
        elif said.kind is PERCENT:
            yield min(max(at, -(-100 * now // share)) for at, share in said.steps) - base, reach - now
        else:
            yield 0, reach - now

    def _ladder_steps(self, said: Prepared, base: int, opening: int, now: int, reach: int) -> Iterator[tuple[int, int]]:
        at, gives = said.steps[0]
        if said.repeats:
            first = base // at + 1
            for times in range(first, min((base + opening) // at, first + _MOST_STEPS) + 1):
                yield times * at - base, min(gives * times, reach) - now
            yield (first + _MOST_STEPS) * at - base, reach - now
        else:
            for at, gives in said.steps:
                if base < at <= base + opening:
                    yield at - base, min(gives, reach) - now

    def _percent_steps(
        self, said: Prepared, base: int, opening: int, now: int, gain: _Gain
    ) -> Iterator[tuple[int, int]]:
        """The highest percentage in reach as a slope from the start, what a tier gives at once as a step."""
        reached = [percent for at, percent in said.steps if at <= base + opening]
        gain.slope += reached[-1]
        gain.slopes += 1
        for at, percent in said.steps:
            if base < at <= base + opening:
                yield at - base, base * percent // 100 + 1 - now


def _highest(gain: _Gain, least: int, most: int) -> int:
    """The highest point of gains minus what is given up, from `least` to `most`, in whole minor units."""
    slope = gain.slope - 100
    jumps, rounding = 0, gain.slopes
    best: int | None = None
    points = sorted({least, most, *(at for at, _ in gain.steps if least < at <= most)})
    steps = sorted(gain.steps)
    place = 0
    for number, point in enumerate(points):
        while place < len(steps) and steps[place][0] <= point:
            jumps += steps[place][1]
            place += 1
        end = points[number + 1] if slope > 0 and number + 1 < len(points) else point
        value = gain.at_once + jumps + rounding + (slope * end) // 100
        best = value if best is None or value > best else best
    return best if best is not None else gain.at_once


def _cheapest(needed: int, lines: Sequence[int], cuts: Sequence[int]) -> list[int]:
    """Lines, the largest cut first, whose cuts together are at least `needed`: one if one is enough, or few."""
    enough = [at for at in lines if cuts[at] >= needed]
    if enough:
        return enough[-1:]
    taken: list[int] = []
    for at in lines:
        if needed <= 0:
            break
        taken.append(at)
        needed -= cuts[at]
    return taken if needed <= 0 else []
