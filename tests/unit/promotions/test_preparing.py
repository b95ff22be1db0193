"""Rules are prepared once, and answers are built without validation; neither can be seen in an answer."""

import copy
import pickle

from models.promotions import rulebook as books
from models.promotions.offers import DirectCut
from models.promotions.rulebook import MOST_REMEMBERED, rulebook
from models.promotions.rules import best_for_customer
from models.promotions.types import Breakdown
from tests.unit.promotions.offering import as_coupon, cny, free_shipping, line, percent, rule, save, skus


def test_a_rule_whose_budget_shrinks_is_not_prepared_again_and_gives_what_is_left() -> None:
    full = rule("ten off", DirectCut(off=cny(1000)), skus("a"), left=5000)
    rest = full.model_copy(update={"left": cny(300)})

    assert rulebook([full]) is rulebook([rest])
    assert [
        best_for_customer([line("a", 2000)], [one], is_member=True).applied[0].amount for one in (full, rest, full)
    ] == [
        cny(1000),
        cny(300),
        cny(1000),
    ]


def test_a_new_version_under_the_same_name_counts_at_once() -> None:
    old, new = (rule("off", DirectCut(off=cny(off))) for off in (100, 200))

    saved = [best_for_customer([line("a", 2000)], [one], is_member=True).applied[0].amount for one in (old, new, old)]

    assert saved == [cny(100), cny(200), cny(100)]


def test_the_same_terms_under_another_name_version_scope_priority_group_or_door_are_other_rules() -> None:
    known = rule("off", DirectCut(off=cny(100)))
    other = rule("other", known.offer, skus("a"), group="one", priority=3, members_only=True)
    book = rulebook([known])
    for field in ("rule_id", "scope", "group", "priority", "members_only"):
        assert rulebook([known.model_copy(update={field: getattr(other, field)})]) is not book
    assert rulebook([known.model_copy(update={"rule_version": 2})]) is not book


def test_a_rule_more_or_less_and_another_order_count_at_once() -> None:
    one, two = rule("one", DirectCut(off=cny(100)), skus("a")), rule("two", save((100, 50)))
    answers = [
        [(a.label, a.amount) for a in best_for_customer([line("a", 2000)], offers, is_member=True).applied]
        for offers in ([one], [one, two], [two, one], [two], [one])
    ]
    both = [("one", cny(100)), ("two", cny(50))]
    assert [sorted(answer, key=lambda told: told[0]) for answer in answers] == [
        both[:1],
        both,
        both,
        both[1:],
        both[:1],
    ]


def test_no_more_than_so_many_rulebooks_are_remembered_those_in_use_longest_and_no_coupon() -> None:
    used = [rule("used", DirectCut(off=cny(1)))]
    book = rulebook(used)
    for number in range(MOST_REMEMBERED + 10):
        rulebook([rule("off", DirectCut(off=cny(1 + number)))])
        assert rulebook(used) is book
    assert len(books._remembered) == MOST_REMEMBERED

    before = list(books._remembered.values())
    best_for_customer([line("a", 2000)], [*used, as_coupon(rule("coupon", DirectCut(off=cny(1))))], is_member=True)
    assert list(books._remembered.values()) == before


def test_an_answer_is_the_value_that_validation_would_make_of_it() -> None:
    offers = [
        rule("cut", DirectCut(off=cny(100)), skus("a")),
        rule("ladder", save((3000, 500), (9000, 2000)), group="one"),
        rule("less", percent((1000, 5)), group="one"),
        rule("ship", free_shipping(1000)),
        rule("members", DirectCut(off=cny(1)), members_only=True),
        as_coupon(rule("coupon", save((2000, 100)))),
        as_coupon(rule("dear coupon", save((90000, 100)))),
    ]
    made = best_for_customer([line("a", 2000, 2, 700), line("c", 990, 1, 300)], offers, is_member=False)
    validated = Breakdown.model_validate(made.model_dump())

    assert made.applied
    assert made.missed
    assert made == validated
    assert repr(made) == repr(validated)
    assert made.model_dump_json(exclude_unset=True) == validated.model_dump_json(exclude_unset=True)
    assert hash(made.applied) == hash(validated.applied)
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == validated
    assert {type(sku) for sku in made.adjustments} == {type(sku) for sku in validated.adjustments}


def test_a_copy_of_an_answer_leaves_other_answers_as_they_were() -> None:
    made = best_for_customer([line("a", 2000)], [rule("cut", DirectCut(off=cny(100)))], is_member=True)
    fields = set(made.applied[0].model_fields_set)

    made.applied[0].model_copy(update={"another": 1})

    again = best_for_customer([line("a", 2000)], [rule("cut", DirectCut(off=cny(100)))], is_member=True)
    assert again.applied[0].model_fields_set == fields
