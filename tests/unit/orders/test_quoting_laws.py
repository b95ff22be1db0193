"""What holds for every basket, whatever is in it."""

import random

from hypothesis import assume, given
from hypothesis import strategies as st

from models.orders.quoting import Reductions, price_basket, reprice
from models.orders.types import LineRequest, Quote, QuotedLine, ShippingRate
from models.promotions.offers import PercentTier, SpendPercent
from models.promotions.types import OfferInForce
from models.shared import Money
from models.shared.money import total
from tests.unit.orders.baskets import HOME, OTHER_SHOP, SHOP, rate, sku

_SHELF = {s.sku_id: s for s in (sku(str(n), n * 997 % 5000, merchant=SHOP if n % 3 else OTHER_SHOP) for n in range(12))}
_some_skus = st.sampled_from(sorted(_SHELF))
_lines = st.lists(st.builds(LineRequest, sku_id=_some_skus, quantity=st.integers(1, 60)), min_size=1, max_size=15)
_rates = st.lists(
    st.builds(
        rate,
        st.integers(0, 5000),
        st.integers(0, 500),
        sku_id=st.one_of(st.none(), _some_skus),
        merchant=st.sampled_from([SHOP, OTHER_SHOP]),
        country=st.sampled_from(["CN", "DE"]),
        prefix=st.sampled_from(["", "1", "100", "1000", "2"]),
    ),
    max_size=8,
    unique_by=lambda r: (r.merchant_id, r.sku_id, r.country, r.postal_prefix),
)


def _off(percent: int) -> Reductions:
    """So many percent off every line."""
    offers = (
        OfferInForce(
            rule_id="sale",
            rule_version=1,
            label="Sale",
            offer=SpendPercent(tiers=(PercentTier(at=Money(minor=0), percent=percent),)),
        ),
    )
    return Reductions(offers=offers)


def _is_exact(quote: Quote) -> bool:
    return all(
        getattr(quote, sum_) == total([getattr(line, sum_) for line in quote.lines], "CNY")
        for sum_ in ("goods", "discount", "shipping", "total")
    ) and all(
        line.goods == line.unit_price * line.quantity and line.total == line.goods - line.discount + line.shipping
        for line in quote.lines
    )


@given(_lines, _rates, st.integers(1, 100))
def test_the_parts_of_a_quote_sum_to_the_whole_and_nothing_is_negative(
    lines: list[LineRequest], rates: list[ShippingRate], share: int
) -> None:
    quote = price_basket(lines, _SHELF, rates, HOME, _off(share))
    assert _is_exact(quote)
    amounts = [amount for line in quote.lines for amount in (line.goods, line.discount, line.shipping, line.total)]
    assert min(amount.minor for amount in amounts) >= 0


@given(_lines, _rates, st.integers(0, 2**32))
def test_the_order_of_the_lines_changes_no_amount(
    lines: list[LineRequest], rates: list[ShippingRate], seed: int
) -> None:
    shuffled = random.Random(seed).sample(lines, len(lines))
    one, other = (price_basket(some, _SHELF, rates, HOME) for some in (lines, shuffled))
    assert {line.sku_id: line.model_copy(update={"line_no": 0}) for line in one.lines} == {
        line.sku_id: line.model_copy(update={"line_no": 0}) for line in other.lines
    }
    assert one.total == other.total


@given(_lines, _rates, st.integers(0, 2**32))
def test_the_order_of_the_rates_changes_no_amount(
    lines: list[LineRequest], rates: list[ShippingRate], seed: int
) -> None:
    shuffled = random.Random(seed).sample(rates, len(rates))
    assert price_basket(lines, _SHELF, rates, HOME) == price_basket(lines, _SHELF, shuffled, HOME)


@given(_lines, _rates)
def test_splitting_a_line_in_two_is_the_same_basket(lines: list[LineRequest], rates: list[ShippingRate]) -> None:
    split = [
        part
        for line in lines
        for part in (
            [LineRequest(sku_id=line.sku_id, quantity=line.quantity - 1), LineRequest(sku_id=line.sku_id, quantity=1)]
            if line.quantity > 1
            else [line]
        )
    ]
    assert price_basket(split, _SHELF, rates, HOME) == price_basket(lines, _SHELF, rates, HOME)


def _goods_cost(line: QuotedLine) -> int:
    """What comes back for the goods of a line without their shipping."""
    return line.goods.minor - sum(cut.amount.minor for cut in line.adjustments if not cut.on_shipping)


@given(_lines, _rates, st.data())
def test_an_adjusted_price_is_met_to_the_cent_and_can_be_adjusted_again(
    lines: list[LineRequest], rates: list[ShippingRate], data: st.DataObject
) -> None:
    quote = price_basket(lines, _SHELF, rates, HOME)
    assume(quote.total.minor > 0)
    most = quote.total.minor
    for version in (2, 3):
        wanted = Money(minor=data.draw(st.integers(1, most)))
        adjusted = reprice(quote.lines, wanted, "loyal buyer", version)
        assert adjusted.total == wanted
        assert _is_exact(adjusted)
        assert min(line.total.minor for line in adjusted.lines) >= 0
        assert min(_goods_cost(line) for line in adjusted.lines) >= 0
        quote = quote.model_copy(update={"lines": adjusted.lines})
