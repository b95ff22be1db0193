"""What a cart says before checkout: marks on its lines, and what the selected ones cost."""

from hypothesis import given
from hypothesis import strategies as st

from models.cart.pricing import Delivery, Shelf, marks_of, trial_price
from models.cart.types import Cart, Mark, MarkKind
from models.orders.quoting import MAX_TOTAL_MINOR, Reductions, price_basket
from models.products.types import SellableSku
from models.promotions.offers import DirectCut, SaveTier, SpendSave
from models.promotions.types import OfferInForce
from models.shared import Money
from models.shared.money import total
from tests.unit.cart.carts import cart, line
from tests.unit.orders.baskets import HOME, rate, sku

TEA, POT = sku("tea", 1000), sku("pot", 3000)


def shelf(*skus: SellableSku, **left: int) -> Shelf:
    """These SKUs, 100 of each unless said otherwise by the name in the title."""
    by_id = {one.sku_id: one for one in skus}
    return Shelf(by_id, {k: left.get(one.title.removeprefix("Product "), 100) for k, one in by_id.items()})


def test_what_stands_in_the_way_of_buying_is_marked() -> None:
    asked = [line(name, 5, price=1000) for name in ("tea", "gone", "never", "few", "none", "many", "dearer")]
    there = shelf(
        TEA,
        sku("gone", published=False),
        sku("few"),
        sku("none"),
        sku("many", limit=4),
        sku("dearer", 1100),
        few=2,
        none=0,
    )
    marks = {name: marks_of(one, there) for name, one in zip("tgufnmd", asked, strict=True)}
    assert marks == {
        "t": (),
        "g": (Mark(kind=MarkKind.UNPUBLISHED),),
        "u": (Mark(kind=MarkKind.UNKNOWN),),
        "f": (Mark(kind=MarkKind.ONLY_LEFT, left=2),),
        "n": (Mark(kind=MarkKind.SOLD_OUT),),
        "m": (Mark(kind=MarkKind.ABOVE_LIMIT, limit=4),),
        "d": (Mark(kind=MarkKind.PRICE_CHANGED, was=Money(minor=1000)),),
    }
    priced = trial_price(cart(*asked), there)
    assert {one.sku_id for one in priced.lines if one.buyable} == {TEA.sku_id, sku("dearer").sku_id}
    assert priced.sums[0].goods == Money(minor=5 * 1000 + 5 * 1100)


def test_without_an_address_shipping_is_not_known_and_with_one_it_is_that_of_checkout() -> None:
    these = cart(line("tea", 2), line("pot"))
    (unknown,) = trial_price(these, shelf(TEA, POT)).sums
    assert (unknown.shipping, unknown.total) == (None, Money(minor=5000))
    rates = (rate(600, 50),)
    priced = trial_price(these, shelf(TEA, POT), Delivery(HOME, rates))
    (known,) = priced.sums
    quote = price_basket(known.basket, {TEA.sku_id: TEA, POT.sku_id: POT}, rates, HOME)
    assert (known.goods, known.shipping, known.total) == (quote.goods, quote.shipping, quote.total)
    assert {one.sku_id: one.total for one in priced.lines} == {one.sku_id: one.total for one in quote.lines}


def test_only_selected_lines_count_and_saved_ones_never() -> None:
    these = cart(line("tea", selected=False), line("pot"), saved=(line("tea"),))
    priced = trial_price(these, shelf(TEA, POT))
    assert [one.sku_id for one in priced.sums[0].basket] == [POT.sku_id]
    assert {one.sku_id: one.total for one in priced.lines} == {POT.sku_id: POT.price, TEA.sku_id: None}
    assert priced.saved[0].title == TEA.title
    assert trial_price(cart(line("tea", selected=False)), shelf(TEA)).sums == ()


def test_each_currency_has_a_sum_of_its_own() -> None:
    priced = trial_price(cart(line("tea"), line("real")), shelf(TEA, sku("real", 500, currency="BRL")))
    assert [(one.currency, one.total) for one in priced.sums] == [
        ("BRL", Money(minor=500, currency="BRL")),
        ("CNY", Money(minor=1000)),
    ]


def test_what_checkout_would_refuse_is_said_and_refuses_nothing() -> None:
    dear = sku("dear", MAX_TOTAL_MINOR)
    priced = trial_price(cart(line("dear", 2), line("tea")), shelf(dear, TEA))
    (summed,) = priced.sums
    assert summed.refused is not None
    assert (summed.refused.code, summed.total) == ("basket_too_large", None)
    abroad = trial_price(cart(line("tea")), shelf(TEA), Delivery(HOME, (rate(5, currency="BRL"),)))
    assert abroad.sums[0].refused is not None
    assert abroad.sums[0].refused.code == "currency_mixed"


def test_what_promotions_take_off_stands_on_its_line_and_what_they_missed_beside() -> None:
    sale = OfferInForce(rule_id="sale", rule_version=1, label="Sale", offer=DirectCut(off=Money(minor=300)))
    ladder = SpendSave(tiers=(SaveTier(at=Money(minor=2700), off=Money(minor=500)),))
    full = OfferInForce(rule_id="full", rule_version=1, label="满减", offer=ladder)
    priced = trial_price(cart(line("tea")), shelf(TEA), None, Reductions(offers=(sale, full)))
    (cut,) = priced.lines[0].adjustments
    assert (cut.rule_id, cut.amount, priced.lines[0].discount) == ("sale", Money(minor=300), Money(minor=300))
    assert (priced.sums[0].discount, priced.sums[0].total) == (Money(minor=300), Money(minor=700))
    assert [offer.rule_id for offer in priced.sums[0].applied] == ["sale"]
    (missed,) = priced.missed
    assert (missed.rule_id, missed.short_by, missed.hint) == ("full", Money(minor=2000), "spend 20.00 CNY more")


def test_a_member_is_told_how_many_points_the_cart_takes_whatever_they_try() -> None:
    sale = OfferInForce(rule_id="sale", rule_version=1, label="Sale", offer=DirectCut(off=Money(minor=300)))
    most = [
        trial_price(cart(line("tea")), shelf(TEA), None, Reductions((sale,), is_member, points)).sums[0].most_points
        for is_member, points in ((True, 0), (True, 200), (False, 0))
    ]
    assert most == [350, 350, 0]  # half of what the goods cost after the sale


_carts = st.lists(
    st.builds(
        line, st.sampled_from("abcdefgh"), st.integers(1, 9_999), price=st.integers(0, 3000), selected=st.booleans()
    ),
    max_size=8,
    unique_by=lambda one: one.sku_id,
).map(lambda lines: cart(*lines))
_shelves = st.lists(
    st.builds(
        sku,
        st.sampled_from("abcdefgh"),
        st.integers(0, 10**15),
        published=st.booleans(),
        currency=st.sampled_from(["CNY", "BRL"]),
        limit=st.integers(1, 999),
    ),
    max_size=8,
    unique_by=lambda one: one.sku_id,
)


@given(_carts, _shelves, st.booleans())
def test_whatever_is_in_a_cart_it_can_be_looked_at_and_its_sums_are_those_of_its_lines(
    these: Cart, skus: list[SellableSku], sent: bool
) -> None:
    priced = trial_price(these, shelf(*skus), Delivery(HOME, (rate(700, 10),)) if sent else None)
    for summed in priced.sums:
        if summed.refused is None:
            lines = [one for one in priced.lines if one.total and one.total.currency == summed.currency]
            assert [one.sku_id for one in lines] == [one.sku_id for one in summed.basket]
            assert summed.total == total([one.total for one in lines if one.total], summed.currency)
