"""A plan of faults follows from its seed alone, misses no step, and is told as it was made."""

from pathlib import Path

import pytest

from tests.chaos.campaign import Result
from tests.chaos.plan import FAULTS, PUBLISHING, Round, Target, planned
from tests.chaos.report import BEGIN, END, Facts, write_between, written
from tests.chaos.steps import Step, all_steps, announcing, served_on
from workers.queues import SAGAS
from workflows.options import TaskQueue

RESERVE, OPEN = Step("Checkout", "inventory.reserve_stock"), Step("Checkout", "orders.open_order")
BOOK, SEND = Step("Fulfillment", "fulfillment.book_waybill"), Step("Refund", "payments.send_refund_leg")
PUBLISH = Step("Checkout", PUBLISHING)
WAYS = {
    "bought": {RESERVE: 1, OPEN: 1, BOOK: 2, PUBLISH: 3},
    "refunded": {RESERVE: 1, OPEN: 1, SEND: 1},
}


def targets(rounds: tuple[Round, ...]) -> list[Target]:
    return [target for one in rounds for target in one.targets]


def test_every_saga_has_steps_and_every_step_is_served_somewhere() -> None:
    steps = all_steps()
    assert len({step.saga for step in steps}) == len(SAGAS)
    assert {step.name for step in steps} <= served_on().keys()
    assert {RESERVE, OPEN, BOOK, SEND, PUBLISH} <= set(steps)


def test_what_a_step_needs_follows_from_where_it_is_served_and_what_it_answers() -> None:
    assert served_on()["payments.send_refund_leg"] is TaskQueue.CHANNELS_PAYMENT
    assert served_on()["fulfillment.book_waybill"] is TaskQueue.CHANNELS_CARRIER
    assert {"orders.advance_order", PUBLISHING} <= announcing()
    assert "orders.quote_basket" not in announcing()


def test_the_same_seed_is_the_same_plan_and_another_one_another() -> None:
    assert planned(7, WAYS, at_once=3) == planned(7, WAYS, at_once=3)
    assert planned(7, WAYS, at_once=3) != planned(8, WAYS, at_once=3)


def test_every_fault_meets_every_step_it_can_matter_to_once() -> None:
    steps = {step for taken in WAYS.values() for step in taken}
    wanted = {(fault.name, step) for fault in FAULTS for step in steps if not fault.why_not(step)}
    met = [(target.fault.name, target.step) for target in targets(planned(1, WAYS, at_once=2))]
    assert sorted(met) == sorted(wanted)


def test_a_story_that_takes_the_step_is_chosen_and_a_time_it_takes_it() -> None:
    for seed in range(20):
        for target in targets(planned(seed, WAYS, at_once=2)):
            assert 1 <= target.nth <= WAYS[target.story][target.step]
            assert target.position == (target.fault.position or target.position)


def test_leaving_others_out_changes_nothing_about_what_is_left() -> None:
    whole = targets(planned(5, WAYS, at_once=2))
    some = targets(planned(5, WAYS, at_once=9, only=lambda target: target.step == BOOK))
    assert sorted(map(str, some)) == sorted(str(target) for target in whole if target.step == BOOK)


def test_rounds_are_as_few_as_can_be_and_publishing_has_rounds_without_kafka() -> None:
    rounds = planned(1, WAYS, at_once=2)
    assert max(len(one.targets) for one in rounds) == 2
    assert all(one.kafka_away == (target.step == PUBLISH) for one in rounds for target in one.targets)
    assert [len(one.targets) for one in rounds if one.fault is FAULTS[0]] == [2, 2, 1]


def test_a_story_of_which_the_shop_has_one_is_told_once_a_round() -> None:
    rounds = planned(
        1, {"index built anew": WAYS["refunded"]}, at_once=9, faults=FAULTS[:1], alone={"index built anew"}
    )
    assert [len(one.targets) for one in rounds] == [1, 1, 1]


FACTS = Facts(
    seed=5,
    day="2026-11-26 03:00 UTC",
    commit="abc1234",
    machine="2 cores",
    minutes=12.4,
    rounds=3,
    planned_rounds=3,
    scale=0.1,
    at_once=24,
)


def test_the_report_names_what_is_broken_with_the_words_to_replay_it_and_what_was_never_reached(tmp_path: Path) -> None:
    one, other, third = [Target(FAULTS[0], step, "before", "bought") for step in (RESERVE, OPEN, BOOK)]
    results = [Result(one, "survived"), Result(other, "broken", "no order\n| came"), Result(third, "not reached")]
    section = written(FACTS, results, {RESERVE, OPEN, BOOK})
    assert "| `inventory.reserve_stock` | ✓ –" in section
    assert "| `orders.open_order` | **✗** –" in section
    assert (
        'no order \\| came (`make chaos ARGS="--seed 5 --only worker-killed-before/Checkout/orders.open_order"`)'
        in section
    )
    assert f"- {third}" in section
    assert "- `Transfer/inventory.open_transfer`" in section.split("no story comes to")[1]

    document = tmp_path / "reliability.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_between(document, "new")
    assert document.read_text() == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    document.write_text("no markers")
    with pytest.raises(ValueError, match="has no section"):
        write_between(document, "new")
