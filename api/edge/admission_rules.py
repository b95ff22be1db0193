"""The rules of admission, without a clock and without waiting: how many orders may be under way, and when to come again."""

import math
from dataclasses import dataclass, replace

_MANY_LATE = 0.2
"""This share of a round may be late: one slow answer among many says nothing about the shop."""
_CUT_TO = 0.7
_REMEMBERED_SECONDS = 10.0
_LONGEST_SECONDS = 30


@dataclass(frozen=True)
class Limit:
    """How many orders may be under way, found out by trying (additive increase, multiplicative decrease, as TCP does).

    Answers are counted in rounds: a round is as many answers as the limit allows, of orders that were let in under this very
    limit; those let in before say nothing about it. Too many of them late, and the limit falls at once to 0.7 of itself; a round
    in time, during which every place was taken, and it rises by one. It never leaves `least` to `most`.
    """

    least: int
    most: int
    now: int
    number: int = 0
    """Of the limit: each change has a new one."""
    answered: int = 0
    late: int = 0
    filled: bool = False
    """Whether every place was taken once in this round: a limit that nobody reached says nothing about a higher one."""

    def reached(self) -> "Limit":
        """The last place was taken."""
        return self if self.filled else replace(self, filled=True)

    def heard(self, number: int, *, late: bool) -> "Limit":
        """After the answer to an order that was let in under the limit of this number."""
        if number != self.number:
            return self
        heard = replace(self, answered=self.answered + 1, late=self.late + late)
        if heard.late > self.now * _MANY_LATE:
            return self._anew(max(self.least, int(self.now * _CUT_TO)))
        if heard.answered < self.now:
            return heard
        return self._anew(min(self.most, self.now + 1) if self.filled else self.now)

    def _anew(self, now: int) -> "Limit":
        return Limit(self.least, self.most, now, self.number + (now != self.now))


@dataclass(frozen=True)
class TurnedAway:
    """How many were turned away lately; who was ten seconds ago counts for a third, and who was half a minute ago for nearly
    nothing."""

    weight: float = 0.0
    at: float = 0.0

    def one_more(self, at: float) -> "TurnedAway":
        """Another one, at this moment."""
        return TurnedAway(self.weight * math.exp((self.at - at) / _REMEMBERED_SECONDS) + 1, at)

    def served_in(self, per_second: float) -> int:
        """Seconds until all of them could have been served at this pace, the last one too. A crowd is told one time after the
        other, so it does not come back as one; nobody is sent away for longer than half a minute."""
        return min(_LONGEST_SECONDS, max(1, math.ceil(round(self.weight / per_second, 2))))
