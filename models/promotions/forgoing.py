"""Whether leaving out an item price saves more: 10.00 off one article can cost the 50.00 that are off above 300.00.

By default every line has its best item price. Another choice gives up so much on the lines and gains at most what the offers
give when the goods in their scopes cost that much more. This bound is a sum of steps (tiers that come into reach) and of slopes
(percentages); where it is nowhere above what is given up, the default is best and nothing is searched.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from models.promotions.basket_offers import amount_of, by_ladder
from models.promotions.item_prices import ItemPrice
from models.promotions.offers import FreeShipping, NForM, SpendPercent, SpendSave
from models.promotions.reading import Basket, Candidate
from models.promotions.weighing import Slot, Weighed, weigh

MOST_LOOKS = 2000
"""So many choices are looked at in one search. Baskets that need more get the best that was found until then."""
_MERGE_ABOVE = 256
"""With more open choices than this, those that give every offer the same base count as one."""
_MOST_STEPS = 32
"""Steps of one repeating offer that the bound tells apart."""

Lines = tuple[int, ...]


@dataclass(slots=True)
class _Gain:
    """What offers could gain: at once, in steps (what is given up first, then what it brings), in slopes (per cent)."""

    at_once: int = 0
    steps: list[tuple[int, int]] = field(default_factory=list)
    slope: int = 0
    slopes: int = 0
    """How many; each may gain almost one minor unit by rounding."""


def best_item_prices(basket: Basket, slots: Sequence[Slot], prices: Sequence[Sequence[ItemPrice]]) -> Weighed:
    """The best choice of an item price for each line; the default where nothing saves more."""
    default = weigh(basket, slots, [of_line[0] for of_line in prices])
    cuts = [of_line[0].cut for of_line in prices]
    if not any(cuts):
        return default
    search = _Search(basket, slots, prices, default)
    if search.most(dict.fromkeys(default.bases, 0), cuts, 0) <= 0:
        return default
    return search.run(cuts)


class _Search:
    """Line by line, keeping what may still be better than the best that is known."""

    def __init__(
        self, basket: Basket, slots: Sequence[Slot], prices: Sequence[Sequence[ItemPrice]], default: Weighed
    ) -> None:
        self._basket, self._slots, self._prices, self._default = basket, slots, prices, default
        self._ordinary = [of_line[-1] for of_line in prices]
        amounts = {id(offer): amount for offer, amount in default.picks}
        self._known = [max((amounts.get(id(offer), 0) for offer in slot), default=0) for slot in slots]
        self._least = min((of_line[0].cut - of_line[1].cut for of_line in prices if len(of_line) > 1), default=0)

    def run(self, cuts: Sequence[int]) -> Weighed:
        """The best of at most `MOST_LOOKS` choices."""
        best = self._default
        scopes = list(best.bases)
        order = sorted((at for at, cut in enumerate(cuts) if cut), key=lambda at: (-cuts[at], at))
        open_cuts = list(cuts)
        states: list[tuple[int, dict[Lines, int], dict[int, ItemPrice]]] = [(0, dict.fromkeys(scopes, 0), {})]
        looks = 0
        for at in order:
            open_cuts[at] = 0
            grown: list[tuple[int, dict[Lines, int], dict[int, ItemPrice]]] = []
            for given_up, more, chosen in states:
                for way in self._prices[at]:
                    less = cuts[at] - way.cut
                    if less == 0:
                        grown.append((given_up, more, chosen))
                        continue
                    looks += 1
                    if looks > MOST_LOOKS:
                        return best
                    raised = {lines: value + less if at in lines else value for lines, value in more.items()}
                    state = (given_up + less, raised, {**chosen, at: way})
                    if self._is_promising(state, best):
                        found = weigh(self._basket, self._slots, self._ways(state[2]))
                        best = found if found.saved > best.saved else best
                    grown.append(state)
            enough = best.saved - self._default.saved
            states = [state for state in grown if self.most(state[1], open_cuts, state[0]) > enough]
            if len(states) > _MERGE_ABOVE:
                states = _merged(states)
        return best

    def _ways(self, chosen: dict[int, ItemPrice]) -> list[ItemPrice]:
        return [chosen.get(at, of_line[0]) for at, of_line in enumerate(self._prices)]

    def _is_promising(self, state: tuple[int, dict[Lines, int], dict[int, ItemPrice]], best: Weighed) -> bool:
        nothing_open = [0] * len(self._prices)
        return self.most(state[1], nothing_open, state[0]) > best.saved - self._default.saved

    def most(self, more: dict[Lines, int], open_cuts: Sequence[int], given_up: int) -> int:
        """The most that can be saved beyond the default, when bases are `more` already and these cuts may still go."""
        opening = {lines: sum(open_cuts[at] for at in lines) for lines in more}
        if self._default.is_capped:
            return self._most_when_capped(more, opening)
        gain = _Gain(at_once=-given_up)
        for slot, known in zip(self._slots, self._known, strict=True):
            self._add(gain, slot, known, more, opening)
        least = 0 if given_up else self._least
        return _highest(gain, least, sum(open_cuts))

    def _most_when_capped(self, more: dict[Lines, int], opening: dict[Lines, int]) -> int:
        """Lines that are full already may take more when their item price goes, so what is given up counts for nothing."""
        gained = 0
        for slot in self._slots:
            gained += max(
                self._amount(offer, more[offer.lines] + opening[offer.lines]) - self._amount(offer, 0) for offer in slot
            )
        return gained

    def _amount(self, offer: Candidate, more: int) -> int:
        """At most what it gives when its goods cost so much more than by default."""
        default = self._default
        base = default.bases[offer.lines] + more
        if not (isinstance(offer.terms, NForM) and offer.terms.mix):
            return amount_of(offer, base, self._basket, default.ways, default.unshipped)
        now = amount_of(offer, base, self._basket, default.ways, default.unshipped)
        if not more:
            return now
        return min(now + more, max(now, amount_of(offer, base, self._basket, self._ordinary, default.unshipped)))

    def _add(self, gain: _Gain, slot: Slot, known: int, more: dict[Lines, int], opening: dict[Lines, int]) -> None:
        changing = [offer for offer in slot if more[offer.lines] or opening[offer.lines]]
        if not changing:
            return
        now = max(known, *(self._amount(offer, more[offer.lines]) for offer in changing))
        gain.at_once += now - known
        highest = 0
        for step, brings in sorted(
            event
            for offer in changing
            for event in self._steps(offer, more[offer.lines], opening[offer.lines], now, gain, len(changing) == 1)
        ):
            if brings > highest:
                gain.steps.append((step, brings - highest))
                highest = brings

    def _steps(
        self, offer: Candidate, more: int, opening: int, now: int, gain: _Gain, is_alone: bool
    ) -> Iterator[tuple[int, int]]:
        """What must be given up at least, and what the offer then gives above `now`."""
        reach = self._amount(offer, more + opening)
        if reach <= now:
            return
        base = self._default.bases[offer.lines] + more
        terms = offer.terms
        if isinstance(terms, FreeShipping):
            yield max(0, offer.steps[0][0] - base), reach - now
        elif isinstance(terms, SpendSave) and by_ladder(offer, base) <= base:
            yield from self._ladder_steps(offer, base, opening, now, reach)
        elif isinstance(terms, SpendPercent) and is_alone:
            yield from self._percent_steps(offer, base, opening, now, gain)
        else:
            yield self._first_above(offer, more, opening, now), reach - now

    def _ladder_steps(
        self, offer: Candidate, base: int, opening: int, now: int, reach: int
    ) -> Iterator[tuple[int, int]]:
        at, gives = offer.steps[0]
        if isinstance(offer.terms, SpendSave) and offer.terms.repeats:
            first = base // at + 1
            for times in range(first, min((base + opening) // at, first + _MOST_STEPS) + 1):
                yield times * at - base, min(gives * times, reach) - now
            yield (first + _MOST_STEPS) * at - base, reach - now
        else:
            for at, gives in offer.steps:
                if base < at <= base + opening:
                    yield at - base, min(gives, reach) - now

    def _percent_steps(
        self, offer: Candidate, base: int, opening: int, now: int, gain: _Gain
    ) -> Iterator[tuple[int, int]]:
        """The highest percentage in reach as a slope from the start, what a tier gives at once as a step."""
        reached = [percent for at, percent in offer.steps if at <= base + opening]
        gain.slope += reached[-1]
        gain.slopes += 1
        for at, percent in offer.steps:
            if base < at <= base + opening:
                yield at - base, base * percent // 100 + 1 - now

    def _first_above(self, offer: Candidate, more: int, opening: int, now: int) -> int:
        low, high = 0, opening
        while low < high:
            middle = (low + high) // 2
            if self._amount(offer, more + middle) > now:
                high = middle
            else:
                low = middle + 1
        return low


def _highest(gain: _Gain, least: int, most: int) -> int:
    """The highest point of gains minus what is given up, from `least` to `most`, in whole minor units."""
    slope = gain.slope - 100
    jumps = rounding = 0
    rounding = gain.slopes
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


def _merged(
    states: list[tuple[int, dict[Lines, int], dict[int, ItemPrice]]],
) -> list[tuple[int, dict[Lines, int], dict[int, ItemPrice]]]:
    kept: dict[tuple[int, ...], tuple[int, dict[Lines, int], dict[int, ItemPrice]]] = {}
    for state in states:
        key = tuple(state[1].values())
        if key not in kept or state[0] < kept[key][0]:
            kept[key] = state
    return list(kept.values())
