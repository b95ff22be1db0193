"""Any sequence of calls leaves the real ledger exactly where a few lines of arithmetic say."""

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from models.points.rules import due_back
from stores.points.spending import RETURNED_LIVE
from tests.integration.points.purse import Purse, cny, day
from tests.integration.stateful import StoreMachine, holds_whatever_happens

ORDERS = st.integers(0, 1)
POINTS = st.integers(1, 40)
EARNED = st.integers(20, 60)
DAYS = st.sampled_from([2, 10, 40])


class PointsModel(StoreMachine):
    """Two orders that spend, two that earn. A lot is `[left, expires on day]`. `purse` is set by the test."""

    purse: Purse

    @initialize()
    def open(self) -> None:
        self.now(self.purse.empty())
        self.today = 0
        self.calls = 0
        self.lots: list[list[int]] = []
        self.spends: dict[int, list[tuple[list[int], int]]] = {}
        self.back: dict[int, list[int]] = {}
        self.awards: dict[int, dict[str, Any]] = {}
        self.before = [0] * 2
        for key, (points, live) in {"short": (20, 4), "long": (40, 30)}.items():  # so that there is something to spend
            self.now(self.purse.earn(points, key, days=live))
            self.lots.append([points, live])

    def open_lots(self) -> list[list[int]]:
        return sorted((lot for lot in self.lots if lot[0] and lot[1] > self.today), key=lambda lot: lot[1])

    def balance(self) -> int:
        return sum(lot[0] for lot in self.open_lots())

    @rule(days=st.sampled_from([1, 5, 20]), write_off=st.booleans())
    def wait(self, days: int, write_off: bool) -> None:
        self.today += days
        if write_off:
            self.now(self.purse.store.expire_due(day(self.today), 0, 100))

    @rule(n=ORDERS, points=EARNED, live=DAYS)
    def earn(self, n: int, points: int, live: int) -> None:
        self.now(self.purse.earn(points, f"e{n}", day(self.today), live))
        if n not in self.awards:
            paid = max(0, points * 100 - self.before[n])  # what was refunded first earns nothing
            points = paid // 100
            lot = [points, self.today + live]
            self.lots.append(lot)
            self.awards[n] = {"paid": paid, "points": points, "refunded": 0, "clawed": 0, "lot": lot}

    @rule(n=ORDERS, points=POINTS)
    def spend(self, n: int, points: int) -> None:
        answer = self.now(self.purse.spend(points, n, day(self.today)))
        if n in self.spends:
            same = sum(part for _, part in self.spends[n]) == points
            returned = sum(self.back[n])
            assert answer == ("benefits_conflict" if not same else "benefits_returned" if returned else None)
        elif points > self.balance():
            assert answer == "points_not_enough"
        else:
            assert answer is None
            self.spends[n], self.back[n] = self.take(points, self.open_lots()), []

    def take(self, points: int, lots: list[list[int]]) -> list[tuple[list[int], int]]:
        taken = []
        for lot in lots:
            part = min(points, lot[0])
            if part:
                lot[0] -= part
                points -= part
                taken.append((lot, part))
        return taken

    def give(self, n: int, points: int) -> int:
        """Undo the newest taking first; what finds its lot expired lives on for a while."""
        out = sum(part for _, part in self.spends[n]) - sum(self.back[n])
        points = min(points, out)
        skip, left, homeless = sum(self.back[n]), points, 0
        for lot, part in reversed(self.spends[n]):
            gone = min(skip, part)
            skip -= gone
            fit = min(left, part - gone)
            left -= fit
            if lot[1] > self.today:
                lot[0] += fit
            else:
                homeless += fit
        self.back[n].append(points)
        if homeless:
            self.lots.append([homeless, self.today + RETURNED_LIVE.days])
        return points

    @rule(n=ORDERS, points=POINTS)
    def return_part(self, n: int, points: int) -> None:
        self.calls += 1
        answers = [self.now(self.purse.return_part(points, self.calls, n, day(self.today))) for _ in range(2)]
        assert answers == [self.give(n, points) if n in self.spends else 0] * 2

    @rule(n=ORDERS)
    def return_all(self, n: int) -> None:
        before = self.now(self.purse.balance(day(self.today)))
        answer = self.now(self.purse.return_spent(n, day(self.today)))
        given = self.give(n, 10**9) if n in self.spends else 0
        assert self.now(self.purse.balance(day(self.today))) == before + given  # type: ignore[operator]
        assert isinstance(answer, int)
        assert answer >= given

    @rule(n=ORDERS, refunded=st.integers(0, 3_000), whole=st.booleans())
    def claw_back(self, n: int, refunded: int, whole: bool) -> None:
        self.calls += 1
        at, name = day(self.today), f"e{n}"
        answers = [
            self.now(self.purse.claw_back(refunded, f"c{self.calls}", name, whole=whole, at=at)) for _ in range(2)
        ]
        award = self.awards.get(n)
        missing = 0
        if award is None:
            self.before[n] += 10**9 if whole else refunded
        else:
            award["refunded"] += refunded
            paid, so_far = cny(award["paid"]), cny(award["refunded"])
            due = max(0, due_back(award["points"], paid, so_far, whole) - award["clawed"])
            taken = min(due, self.balance())
            own = [lot for lot in self.open_lots() if lot is award["lot"]]
            self.take(taken, own + [lot for lot in self.open_lots() if lot is not award["lot"]])
            award["clawed"] += taken
            missing = due - taken
        assert answers == [missing, missing]

    @invariant()
    def the_lots_are_what_the_model_says(self) -> None:
        if hasattr(self, "lots"):
            shown = self.now(self.purse.lots(day(self.today)))
            assert sorted(shown) == sorted((left, day(until)) for left, until in self.open_lots())

    def teardown(self) -> None:
        assert self.now(self.purse.store.audit()) == []


@pytest.mark.hypothesis
async def test_any_sequence_of_calls_leaves_the_points_the_model_says(purse: Purse) -> None:
    await holds_whatever_happens(PointsModel, 45, 15, purse=purse)
