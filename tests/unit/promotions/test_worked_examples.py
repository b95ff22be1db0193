"""Every figure on the page of worked examples is what the engine finds."""

import pytest

from models.promotions.clawback import clawback
from models.promotions.rules import best_for_customer
from models.promotions.types import Breakdown, MissedOffer, MissedReason
from models.shared import Money
from tests.unit.promotions.worked_examples import Example, Row, read_page, rule_id

EXAMPLES, ARTICLES = read_page()


def found(example: Example) -> Breakdown:
    return best_for_customer(list(example.lines.values()), list(example.offers.values()), is_member=example.is_member)


def as_row(example: Example, breakdown: Breakdown, article: str) -> Row:
    line = example.lines[article]
    shares: dict[str, tuple[int, int]] = {}
    for one in breakdown.adjustments.get(line.sku_id, ()):
        shares[one.label] = (0, one.amount.minor) if one.on_shipping else (one.amount.minor, 0)
    goods = line.unit_price.minor * line.quantity - sum(share[0] for share in shares.values())
    if line.shipping is None:
        return Row(shares, goods, None)
    return Row(shares, goods, line.shipping.minor - sum(share[1] for share in shares.values()))


def in_words(example: Example, missed: MissedOffer) -> str:
    labels = {offer.rule_id: name for name, offer in example.offers.items()}
    other = labels.get(missed.beaten_by or "")
    words = {
        MissedReason.SHORT: f"short of {missed.short_units}",
        MissedReason.EXCLUDED: f"excluded by {other}",
        MissedReason.NO_GAIN: f"no gain beside {other}",
        MissedReason.NOTHING_LEFT: "used up",
        MissedReason.MEMBERS_ONLY: "members only",
        MissedReason.NOT_IN_SCOPE: "not in scope",
    }
    if missed.short_by is not None:
        return f"{missed.label} short by {missed.short_by}".removesuffix(" CNY")
    return f"{missed.label} {words[missed.reason]}"


def test_the_page_has_examples_of_every_kind() -> None:
    assert len(EXAMPLES) >= 25
    assert {offer.offer.kind for example in EXAMPLES for offer in example.offers.values()} == {
        "spend_save", "spend_percent", "direct_cut", "timed_price", "free_shipping", "n_for_m",
    }  # fmt: skip
    assert sum(example.returned is not None for example in EXAMPLES) >= 5


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_an_example_comes_out_as_the_page_says(example: Example) -> None:
    breakdown = found(example)
    assert {name: as_row(example, breakdown, name) for name in example.lines} == example.rows
    assert {in_words(example, missed) for missed in breakdown.missed} == example.missed


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_the_totals_of_an_example_are_the_sums_of_its_columns(example: Example) -> None:
    assert example.total is not None
    rows = list(example.rows.values())
    assert example.total.goods == sum(row.goods for row in rows)
    shipping = [row.shipping for row in rows if row.shipping is not None]
    assert example.total.shipping == (sum(shipping) if len(shipping) == len(rows) else None)
    for name in example.offers:
        column = sum(sum(row.shares.get(name, (0, 0))) for row in rows)
        assert sum(example.total.shares.get(name, (0, 0))) == column


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.returned], ids=lambda example: example.title)
def test_a_return_takes_back_what_the_page_says(example: Example) -> None:
    assert example.returned is not None
    article, units = example.returned
    kept = {name: line.quantity - (units if name == article else 0) for name, line in example.lines.items()}
    recorded: dict[str, Money] = {}
    for name, row in example.rows.items():
        for offer, shares in row.shares.items():
            share = sum(shares) * kept[name] // example.lines[name].quantity
            recorded[rule_id(offer)] = recorded.get(rule_id(offer), Money(minor=0)) + Money(minor=share)
    lines = [line.model_copy(update={"quantity": kept[name]}) for name, line in example.lines.items() if kept[name]]
    taken = clawback(lines, recorded, list(example.offers.values()))
    assert {rule: amount.minor for rule, amount in taken.items()} == {
        rule_id(name): amount for name, amount in example.taken_back.items()
    }
