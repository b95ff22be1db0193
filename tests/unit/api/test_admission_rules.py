"""How many orders may be under way: a law that shrinks while answers are late, grows while they are not, and never shuts."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from api.edge.admission_rules import Limit, TurnedAway

limits = st.tuples(st.integers(1, 50), st.integers(0, 100), st.integers(0, 100)).map(
    lambda told: Limit(told[0], told[0] + max(told[1:]), told[0] + min(told[1:]))
)
answers = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=300)
"""Late or not, every place taken or not."""


def after(limit: Limit, heard: list[tuple[bool, bool]]) -> Limit:
    for late, full in heard:
        limit = (limit.reached() if full else limit).heard(limit.number, late=late)
    return limit


@given(limits, answers)
def test_it_never_leaves_its_bounds_and_moves_in_small_steps_up(limit: Limit, heard: list[tuple[bool, bool]]) -> None:
    for one in heard:
        before, limit = limit, after(limit, [one])
        assert limit.least <= limit.now <= limit.most
        assert limit.now <= before.now + 1


@given(limits, answers)
def test_while_every_answer_is_late_it_falls_to_the_least(limit: Limit, heard: list[tuple[bool, bool]]) -> None:
    limit = after(limit, heard)
    for _ in range(40):  # 0.7 to the 14th is less than a hundredth; each fall takes a fifth of a round
        limit = after(limit, [(True, True)] * limit.now)
    assert limit.now == limit.least


@given(limits, answers)
def test_while_every_answer_is_in_time_and_every_place_is_taken_it_rises_to_the_most(
    limit: Limit, heard: list[tuple[bool, bool]]
) -> None:
    limit = after(limit, heard)
    for _ in range(limit.most - limit.now + 2):
        limit = after(limit, [(False, True)] * limit.now)
    assert limit.now == limit.most


@given(limits, answers, st.integers(1, 300))
def test_a_limit_that_nobody_reached_does_not_rise(limit: Limit, heard: list[tuple[bool, bool]], more: int) -> None:
    limit = after(limit, heard)
    begun = after(limit, [(False, False)] * limit.now)  # the rest of a round in which it may have been reached
    assert after(begun, [(False, False)] * more).now == begun.now


@given(limits, answers, st.booleans(), st.integers(1, 9))
def test_orders_let_in_under_another_limit_say_nothing_about_this_one(
    limit: Limit, heard: list[tuple[bool, bool]], late: bool, other: int
) -> None:
    limit = after(limit, heard)
    assert limit.heard(limit.number - other, late=late) == limit


@given(st.integers(5, 100), st.integers(0, 100), st.data())
def test_a_few_late_answers_among_many_do_not_lower_it(least: int, above: int, data: st.DataObject) -> None:
    limit = Limit(1, least + above, least + above)
    order = data.draw(st.permutations([True] * (limit.now // 5) + [False] * (limit.now - limit.now // 5)))
    assert after(limit, [(late, False) for late in order]).now == limit.now


@given(st.floats(1, 40), st.floats(0.02, 0.5), st.integers(1, 6))
def test_it_settles_where_answers_are_nearly_as_slow_as_they_may_be(pace: float, alone: float, least: int) -> None:
    """By Little's law a shop that answers `pace` orders a second has that many under way when each takes a second."""
    limit = Limit(least, 200, least * 4)
    inside: deque[int] = deque()
    seen: list[int] = []
    for _ in range(1_500):
        while len(inside) < limit.now:
            inside.append(limit.number)
        takes = max(alone, len(inside) / pace)
        limit = limit.reached().heard(inside.popleft(), late=takes > 1)
        seen.append(limit.now)
    settled = seen[900:]
    assert max(settled) <= max(least, int(pace) + 1)
    assert min(settled) >= max(least, int(int(pace + 1) * 0.7 - 1))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200), st.floats(1, 100))
def test_who_is_turned_away_is_told_when_all_before_could_have_been_served(gaps: list[float], pace: float) -> None:
    turned, at, told = TurnedAway(), 0.0, 0
    for gap in gaps:
        at += gap
        turned = turned.one_more(at)
        told = turned.served_in(pace)
        assert 1 <= told <= 30
        assert told <= -(-len(gaps) // pace)
    assert turned.one_more(at).served_in(pace) >= told, "in a crowd each is told a later time than the one before"
    assert turned.one_more(at + 300).served_in(pace) == 1, "a crowd is forgotten"
