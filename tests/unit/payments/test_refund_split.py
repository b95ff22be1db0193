"""How a refund is spread over the captures that paid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.payments.rules import split_refund
from models.shared import Money
from models.shared.ids import AttemptId
from models.shared.money import total


def attempt(number: int) -> AttemptId:
    return AttemptId(f"att_{number:026d}")


rooms = st.lists(st.integers(0, 10_000), min_size=1, max_size=8).map(
    lambda sizes: [(attempt(number), Money(minor=size)) for number, size in enumerate(sizes)]
)


@given(rooms, st.data())
def test_parts_sum_to_the_refund_and_fit_their_captures(
    left: list[tuple[AttemptId, Money]], data: st.DataObject
) -> None:
    whole = sum(room.minor for _, room in left)
    amount = Money(minor=data.draw(st.integers(0, whole)))
    legs = split_refund(amount, left)
    assert total([part for _, part in legs], "CNY") == amount
    assert all(0 < part.minor <= dict(left)[attempt_id].minor for attempt_id, part in legs)


@given(rooms, st.randoms())
def test_the_order_of_the_facts_changes_nothing(left: list[tuple[AttemptId, Money]], chance: object) -> None:
    amount = Money(minor=sum(room.minor for _, room in left) // 2)
    shuffled = list(left)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert split_refund(amount, left) == split_refund(amount, shuffled)


@given(rooms)
def test_one_capture_with_room_for_all_of_it_takes_all_of_it(left: list[tuple[AttemptId, Money]]) -> None:
    largest = max(room.minor for _, room in left)
    assert len(split_refund(Money(minor=largest), left)) == (1 if largest else 0)


def test_what_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        split_refund(Money(minor=3), [(attempt(1), Money(minor=2))])
