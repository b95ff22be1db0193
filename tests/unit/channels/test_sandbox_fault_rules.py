"""How faults are written, read and dealt out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.payment.sandbox.faults import MEANINGS, FaultRule


@pytest.mark.parametrize(
    "text",
    [
        "lost",
        "doubled:10",
        "late:30@0.1/payment_paid",
        "unavailable*2/create",
        "wrong_amount:-100",
        "slow:0.5@0.25*3/query",
    ],
)
def test_a_rule_reads_back_as_it_was_written(text: str) -> None:
    [rule] = FaultRule.read(text)
    assert rule.text() == text


def test_rules_are_separated_by_commas_and_may_be_none() -> None:
    assert [rule.fault for rule in FaultRule.read(" lost , doubled:2,")] == ["lost", "doubled"]
    assert FaultRule.read("") == []


@pytest.mark.parametrize(
    "text",
    [
        "exploded",
        "lost:",
        "lost@2",
        "lost/create",
        "slow/payment_paid",
        "reordered/refund_succeeded",
        "statement_missing*1",
    ],
)
def test_a_rule_that_makes_no_sense_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(ValueError, match=text.split(":")[0].split("@")[0].split("*")[0]):
        FaultRule.read(f"lost,{text}")


def test_every_fault_has_a_meaning_and_a_place() -> None:
    for fault in MEANINGS:
        rule = FaultRule(fault=fault)
        assert any(rule.happens_on(place) for place in ("payment_paid", "create", "close", "refund", "statement"))


@given(seed=st.integers(min_value=0, max_value=2**32), share=st.sampled_from([0.05, 0.3, 0.9]))
def test_a_share_hits_about_that_many_and_always_the_same(seed: int, share: float) -> None:
    rule = FaultRule(fault="lost", share=share)
    hits = [rule.chosen(seed, number) for number in range(1, 1001)]
    assert hits == [rule.chosen(seed, number) for number in range(1, 1001)]
    assert abs(sum(hits) - share * 1000) < 100


def test_a_share_of_everything_hits_all_and_of_nothing_none() -> None:
    assert all(FaultRule(fault="lost").chosen(1, number) for number in range(1000))
    assert not any(FaultRule(fault="lost", share=0).chosen(1, number) for number in range(1000))
