"""What a basket costs, by examples, and which baskets are refused."""

import pytest

from models.orders.errors import (
    BasketTooLarge,
    CurrencyMixed,
    PriceNotAdjustable,
    QuantityAboveLimit,
    SkuUnpublished,
    UnknownSku,
)
from models.orders.quoting import price_basket, rate_for, reprice
from models.orders.types import LineRequest, Quote, ShippingRate
from models.products.types import SellableSku
from models.shared import Money
from tests.unit.orders.baskets import HOME, OTHER_SHOP, rate, sku

TEA, POT = sku("tea", 1000), sku("pot", 3000)


def quote(*wanted: tuple[SellableSku, int], rates: tuple[ShippingRate, ...] = ()) -> Quote:
    lines = [LineRequest(sku_id=article.sku_id, quantity=quantity) for article, quantity in wanted]
    return price_basket(lines, {article.sku_id: article for article, _ in wanted}, rates, HOME)


def test_goods_are_price_times_quantity_and_shipping_is_free_without_a_rate() -> None:
    asked = quote((TEA, 2), (POT, 1))
    assert (asked.goods, asked.shipping, asked.total) == (Money(minor=5000), Money(minor=0), Money(minor=5000))


def test_lines_of_one_sku_become_one_in_the_place_of_the_first() -> None:
    asked = quote((TEA, 1), (POT, 1), (TEA, 3))
    assert [(line.line_no, line.sku_id, line.quantity) for line in asked.lines] == [
        (1, TEA.sku_id, 4),
        (2, POT.sku_id, 1),
    ]


def test_the_base_fee_counts_once_for_a_merchant_and_is_shared_by_value() -> None:
    asked = quote((TEA, 1), (POT, 1), rates=(rate(base=1000, per_unit=10),))
    assert [line.shipping.minor for line in asked.lines] == [250 + 10, 750 + 10]


def test_each_merchant_charges_its_own_base_fee() -> None:
    foreign = sku("foreign", merchant=OTHER_SHOP)
    asked = quote((TEA, 1), (foreign, 1), rates=(rate(base=500), rate(base=700, merchant=OTHER_SHOP)))
    assert asked.shipping == Money(minor=1200)


@pytest.mark.parametrize(
    ("rates", "winner"),
    [
        ((rate(1), rate(2, prefix="100"), rate(3, prefix="1")), 2),
        ((rate(1, sku_id=TEA.sku_id), rate(2, prefix="100080")), 1),
        ((rate(1, sku_id=TEA.sku_id), rate(2, sku_id=TEA.sku_id, prefix="1")), 2),
        ((rate(1), rate(2, prefix="999"), rate(3, country="DE", prefix="100"), rate(4, sku_id=POT.sku_id)), 1),
    ],
)
def test_the_most_specific_shipping_rate_wins(rates: tuple[ShippingRate, ...], winner: int) -> None:
    chosen = rate_for(TEA, rates, HOME)
    assert chosen is not None
    assert chosen.base == Money(minor=winner)


def test_what_cannot_be_sold_is_refused_by_name() -> None:
    gone = sku("gone", published=False)
    with pytest.raises(SkuUnpublished) as refused:
        quote((TEA, 1), (gone, 1))
    assert refused.value.fields["sku_ids"] == [gone.sku_id]


def test_an_unknown_sku_is_refused_by_name() -> None:
    with pytest.raises(UnknownSku) as refused:
        price_basket([LineRequest(sku_id=TEA.sku_id, quantity=1)], {}, (), HOME)
    assert refused.value.fields["sku_ids"] == [TEA.sku_id]


def test_the_limit_of_a_sku_counts_all_its_lines() -> None:
    rare = sku("rare", limit=3)
    assert quote((rare, 3)).total == Money(minor=3000)
    with pytest.raises(QuantityAboveLimit) as refused:
        quote((rare, 2), (rare, 2))
    assert refused.value.fields["limits"] == {rare.sku_id: 3}


def test_goods_in_two_currencies_are_refused() -> None:
    with pytest.raises(CurrencyMixed):
        quote((TEA, 1), (sku("dollar tea", currency="USD"), 1))


def test_shipping_in_another_currency_than_the_goods_is_refused_not_waived() -> None:
    with pytest.raises(CurrencyMixed):
        quote((TEA, 1), rates=(rate(100, currency="USD"),))


def test_more_articles_or_a_larger_sum_than_an_order_holds_is_refused() -> None:
    with pytest.raises(BasketTooLarge):
        quote(*((sku(str(n)), 1) for n in range(101)))
    with pytest.raises(BasketTooLarge):
        quote((sku("palace", 10**12), 2))


@pytest.mark.parametrize("wanted", [Money(minor=4001), Money(minor=0), Money(minor=-1), Money(minor=1, currency="USD")])
def test_a_price_is_never_adjusted_above_the_quote_or_to_nothing(wanted: Money) -> None:
    with pytest.raises(PriceNotAdjustable):
        reprice(quote((TEA, 1), (POT, 1)).lines, wanted, "why", 2)


def test_a_later_adjustment_replaces_the_earlier_one() -> None:
    lines = reprice(quote((TEA, 1), (POT, 1)).lines, Money(minor=1), "first", 2).lines
    assert reprice(lines, Money(minor=4000), "taken back", 3).discount == Money(minor=0)
