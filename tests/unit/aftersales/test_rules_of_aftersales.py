"""What is approved by itself, and what the table of states allows."""

import pytest

from models.aftersales.rules import CLOSABLE, FINAL, NEXT_STATE, WITHDRAWABLE, judge
from models.aftersales.types import AftersaleKind as K
from models.aftersales.types import AftersaleReason as R
from models.aftersales.types import AftersaleState as S
from models.aftersales.types import AutomaticTerms, BuyerHistory
from models.shared import Money

TERMS = AutomaticTerms(most_minor=5_000, most_cases=2)


@pytest.mark.parametrize(
    ("kind", "reason", "minor", "pictures", "history", "approved"),
    [
        (K.REFUND_ONLY, R.DAMAGED, 5_000, 1, BuyerHistory(), True),
        (K.REFUND_ONLY, R.DAMAGED, 5_001, 1, BuyerHistory(), False),
        (K.REFUND_ONLY, R.DAMAGED, 5_000, 0, BuyerHistory(), False),
        (K.REFUND_ONLY, R.NO_LONGER_WANTED, 100, 9, BuyerHistory(), False),
        (K.REFUND_ONLY, R.DAMAGED, 100, 1, BuyerHistory(cases=3), False),
        (K.REFUND_ONLY, R.DAMAGED, 100, 1, BuyerHistory(cases=1, rejected=1), False),
        (K.RETURN_REFUND, R.NO_LONGER_WANTED, 99_999, 0, BuyerHistory(cases=2), True),
        (K.EXCHANGE, R.OTHER, 99_999, 0, BuyerHistory(cases=3), False),
    ],
)
def test_what_needs_no_operator(
    kind: K, reason: R, minor: int, pictures: int, history: BuyerHistory, approved: bool
) -> None:
    word = judge(TERMS, kind, reason, Money(minor=minor), pictures, history)
    assert word.approved is approved, word.why
    assert word.why


def test_a_shop_may_want_to_see_every_return() -> None:
    terms = AutomaticTerms(returns=False)
    assert not judge(terms, K.RETURN_REFUND, R.DAMAGED, Money(minor=1), 9, BuyerHistory()).approved


def test_every_state_is_reached_and_leads_to_an_end() -> None:
    assert set(NEXT_STATE) == set(S)
    assert {to for following in NEXT_STATE.values() for to in following} == set(S) - {S.APPLIED}
    ending = set(FINAL)
    for _ in S:
        ending |= {state for state, following in NEXT_STATE.items() if following & ending}
    assert ending == set(S)


def test_nothing_is_withdrawn_once_the_goods_are_here_nor_closed_while_something_is_on_its_way_to_the_buyer() -> None:
    assert {S.AUDITING, S.AWAITING_RETURN, S.RETURNING} == WITHDRAWABLE
    assert not CLOSABLE & {S.REPLACING, S.REPLACEMENT_SENT, S.REFUNDING}
