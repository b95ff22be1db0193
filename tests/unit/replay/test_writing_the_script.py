"""What is played of what the files say, and what is listed because it cannot be played as it stands."""

from pathlib import Path

import pytest

from cli.replay.files import read_marketplace
from cli.replay.script import Ending, Review, Script
from cli.replay.writing import write_script
from models.orders.quoting import price_basket
from models.orders.types import DeliveryAddress, LineRequest, ShippingRate
from models.products.types import SellableSku
from models.shared import Money
from models.shared.ids import MerchantId, SkuId, SpuId
from tests.replayed import Market

VASE, KETTLE = ("seller-1", "vase"), ("seller-1", "kettle")


def script_of(market: Market, folder: Path) -> Script:
    return write_script(read_marketplace(market.write(folder)))


def kinds(script: Script) -> list[str]:
    return [one.kind for one in script.differences]


def test_an_order_that_adds_up_is_played_without_any_difference(tmp_path: Path) -> None:
    script = script_of(Market().order("one"), tmp_path)
    (order,) = script.orders
    assert (order.total, order.ending, kinds(script)) == (2550, Ending.DELIVERED, [])
    assert [(p.channel, p.kind, p.instalments, p.amount) for p in order.payments] == [
        ("sandbox_card", "credit_card", 3, 2550)
    ]


@pytest.mark.parametrize(
    ("state", "ending"),
    [
        ("created", Ending.PLACED),
        ("approved", Ending.PAID),
        ("processing", Ending.PAID),
        ("invoiced", Ending.PAID),
        ("shipped", Ending.SHIPPED),
        ("delivered", Ending.DELIVERED),
        ("canceled", Ending.CANCELLED),
        ("unavailable", Ending.SOLD_OUT),
    ],
)
def test_each_final_state_is_played_as_far_as_it_got(tmp_path: Path, state: str, ending: Ending) -> None:
    assert script_of(Market().order("one", state), tmp_path).orders[0].ending is ending


def test_an_unknown_state_is_played_as_paid_and_listed(tmp_path: Path) -> None:
    script = script_of(Market().order("one", "teleported"), tmp_path)
    assert (script.orders[0].ending, kinds(script)) == (Ending.PAID, ["unknown state"])


def test_several_payments_are_kept_in_their_order_and_types(tmp_path: Path) -> None:
    paid = [("voucher", 1, "5.00"), ("voucher", 1, "10.50"), ("credit_card", 2, "10.00")]
    order = script_of(Market().order("one", paid=paid), tmp_path).orders[0]
    assert [(p.channel, p.amount) for p in order.payments] == [
        ("sandbox_voucher", 500),
        ("sandbox_voucher", 1050),
        ("sandbox_card", 1000),
    ]


@pytest.mark.parametrize(
    ("paid", "played", "moved"),
    [
        ([("boleto", 1, "25.51")], [2550], -1),
        ([("boleto", 1, "25.00")], [2550], 50),
        ([("credit_card", 1, "20.00"), ("voucher", 1, "9.00")], [2000, 550], -350),
        ([("credit_card", 1, "30.00"), ("voucher", 1, "9.00")], [2550], -1350),
    ],
)
def test_payments_that_do_not_sum_are_fitted_to_what_is_owed_and_listed_with_the_money(
    tmp_path: Path, paid: list[tuple[object, ...]], played: list[int], moved: int
) -> None:
    script = script_of(Market().order("one", paid=paid), tmp_path)
    assert [payment.amount for payment in script.orders[0].payments] == played
    assert [(one.kind, one.money_in, one.explained) for one in script.differences] == [("sums differ", moved, True)]


def test_a_payment_of_nothing_and_an_unknown_type_are_listed(tmp_path: Path) -> None:
    paid = [("voucher", 1, "0.00"), ("pix", 0, "25.50")]
    script = script_of(Market().order("one", paid=paid), tmp_path)
    assert [(p.channel, p.kind, p.instalments) for p in script.orders[0].payments] == [("sandbox", "pix", 1)]
    assert sorted(kinds(script)) == ["payment of nothing", "unknown payment type"]


def test_an_order_only_placed_is_not_paid_and_its_payment_is_listed(tmp_path: Path) -> None:
    script = script_of(Market().order("one", "created"), tmp_path)
    assert script.orders[0].payments == ()
    assert [(one.kind, one.money_in) for one in script.differences] == [("payment never approved", -2550)]


def test_an_order_without_lines_is_sold_as_one_unnamed_article_for_what_was_paid(tmp_path: Path) -> None:
    script = script_of(Market().order("one", "unavailable", lines=()), tmp_path)
    (order,) = script.orders
    assert (order.total, len(order.lines), order.ending) == (2550, 1, Ending.SOLD_OUT)
    assert kinds(script) == ["order without lines"]
    assert [good.first_price for good in script.goods] == [2550]


def test_an_order_with_neither_lines_nor_payments_is_left_out_and_listed(tmp_path: Path) -> None:
    script = script_of(Market().order("one", lines=(), paid=()), tmp_path)
    assert (script.orders, kinds(script)) == ((), ["nothing to play"])


def test_missing_products_sellers_and_customers_are_made_up_and_listed(tmp_path: Path) -> None:
    lines = [("ghost", "nobody", "20.00", "5.50")]
    script = script_of(Market().order("one", lines=lines, customer=False), tmp_path)
    assert sorted(kinds(script)) == ["unknown customer", "unknown product", "unknown seller"]
    assert script.orders[0].total == 2550


def test_a_cancelled_order_that_a_carrier_had_is_listed(tmp_path: Path) -> None:
    script = script_of(Market().order("one", "canceled", carrier="2017-11-25T10:00:00Z"), tmp_path)
    assert kinds(script) == ["canceled after hand-over"]


def test_money_the_files_hold_and_the_differences_make_what_is_played(tmp_path: Path) -> None:
    market = Market().order("a", paid=[("boleto", 1, "26.00")]).order("b", "created").order("c", "canceled")
    script = script_of(market.order("d", "unavailable", lines=()), tmp_path)
    played = sum(payment.amount for order in script.orders for payment in order.payments)
    assert script.filed.money_in + sum(one.money_in for one in script.differences) == played
    assert script.filed.money_out == 2550 + 2550


def test_the_first_review_of_what_arrived_is_posted_and_the_others_are_listed_with_their_stars(tmp_path: Path) -> None:
    said = [("1", "later", "2017-12-03 00:00:00"), ("4", " muito bom\n", "2017-12-02 00:00:00")]
    market = Market().order("a", reviews=said).order("b", "shipped", reviews=[("2", "", "2017-12-02 00:00:00")])
    market.order("c", reviews=[("5", "", "2017-12-02 00:00:00")])
    market.order("d", lines=(), paid=(), reviews=[("3", "", "2017-12-02 00:00:00")])
    script = script_of(market, tmp_path)
    assert {order.order_id: order.review for order in script.orders} == {
        "a": Review(4, "muito bom"),
        "b": None,
        "c": Review(5, ""),
    }
    listed = {one.about: (one.kind, one.reviews, one.stars) for one in script.differences if one.reviews}
    assert listed == {
        "a": ("second review", -1, -1),
        "b": ("review of what did not arrive", -1, -2),
        "d": ("review of what did not arrive", -1, -3),
    }
    assert (script.filed.reviews, script.filed.stars) == (5, 15)


def test_a_seller_lets_parcels_out_by_itself_only_if_every_order_of_it_left(tmp_path: Path) -> None:
    market = Market().order("a").order("b", "shipped")
    market.rows["sellers"].append(("seller-2", "03172", "campinas", "SP"))
    market.order("c", "canceled", lines=[("vase", "seller-2", "20.00", "5.50")])
    assert {seller.id: seller.automatic for seller in script_of(market, tmp_path).sellers} == {
        "seller-1": True,
        "seller-2": False,
    }


def test_a_price_changes_only_after_every_order_at_the_old_one_is_placed(tmp_path: Path) -> None:
    def at(hour: int, price: str) -> dict[str, object]:
        lines = [("vase", "seller-1", price, "0.00")]
        return {"lines": lines, "paid": [("boleto", 1, price)], "at": f"2017-11-24T{hour:02d}:00:00Z"}

    market = Market()
    for name, hour, price in (
        ("d", 4, "9.00"),
        ("a", 1, "20.00"),
        ("c", 3, "9.00"),
        ("b", 2, "20.00"),
        ("e", 5, "20.00"),
    ):
        market.order(name, **at(hour, price))  # type: ignore[arg-type]
    orders = script_of(market, tmp_path).orders
    assert [order.order_id for order in orders] == ["a", "b", "c", "d", "e"]
    assert [order.waits_for for order in orders] == [(), (), ("a", "b"), ("c",), ("c", "d")]
    assert [order.new_prices for order in orders] == [(), (), ((VASE, 900),), (), ((VASE, 2000),)]


def test_buyers_of_one_postal_prefix_have_postal_codes_of_their_own(tmp_path: Path) -> None:
    script = script_of(Market().order("one").order("two").order("three", person="person-one"), tmp_path)
    codes = [order.buyer.postal_code for order in script.orders]
    assert sorted(codes) == ["20040000", "20040001", "20040002"]


def test_freight_is_the_files_to_the_centavo_by_the_shops_own_rule(tmp_path: Path) -> None:
    lines = [
        ("vase", "seller-1", "20.00", "5.50"),
        ("vase", "seller-1", "20.00", "5.51"),
        ("vase", "seller-1", "20.00", "5.51"),
        ("kettle", "seller-1", "80.00", "12.34"),
        ("kettle", "seller-1", "80.00", "12.35"),
    ]
    (order,) = script_of(Market().order("one", lines=lines, paid=[("boleto", 1, "261.21")]), tmp_path).orders
    merchant = MerchantId(f"mer_{'0' * 26}")
    ids = {VASE: SkuId(f"sku_{'0' * 26}"), KETTLE: SkuId(f"sku_{'1' * 26}")}
    rates = [
        ShippingRate(
            merchant_id=merchant,
            sku_id=ids[fee.good],
            country="BR",
            postal_prefix=order.buyer.postal_code,
            base=Money(minor=fee.base, currency="BRL"),
            per_unit=Money(minor=fee.per_unit, currency="BRL"),
        )
        for fee in order.fees
    ]
    skus = {ids[line.good]: _sellable(ids[line.good], merchant, line.price) for line in order.lines}
    wanted = [LineRequest(sku_id=ids[line.good], quantity=line.quantity) for line in order.lines]
    quote = price_basket(wanted, skus, rates, _address(order.buyer.postal_code))
    assert (quote.shipping.minor, quote.total.minor) == (550 + 551 + 551 + 1234 + 1235, order.total)


def _sellable(sku_id: SkuId, merchant: MerchantId, price: int) -> SellableSku:
    return SellableSku(
        sku_id=sku_id,
        spu_id=SpuId(f"spu_{'0' * 26}"),
        merchant_id=merchant,
        title="Vase",
        options="",
        image_url=None,
        price=Money(minor=price, currency="BRL"),
        weight_g=900,
        is_published=True,
        category_ids=(),
        brand_id=None,
        max_per_order=999,
        version=1,
    )


def _address(postal_code: str) -> DeliveryAddress:
    return DeliveryAddress(
        recipient="Ana", phone="1", country="BR", region="RJ", city="Rio", postal_code=postal_code, line="Rua 1"
    )
