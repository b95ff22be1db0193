"""What units of an order bring back: what was really paid for them, to the cent, whatever the parts they come back in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.orders.quoting import Reductions, price_basket
from models.orders.returning import propose_return
from models.orders.types import (
    FulfillmentStatus,
    LineRequest,
    Order,
    OrderStatus,
    PaymentStatus,
    Quote,
    ReturnedUnits,
    ReturnProposal,
)
from models.payments.messages import payment_of
from models.points.types import PointsTerms
from models.promotions.offers import FreeShipping, NForM, PercentTier, SaveTier, SpendPercent, SpendSave
from models.promotions.types import OfferInForce
from models.shared import Money
from models.shared.ids import OrderId, PromotionId, SkuId, UserId
from models.shared.refusals import InvalidRequest
from tests.unit.orders.baskets import HOME, NOW, named, rate, sku

TEA, POT, CUP = sku("tea", 1000), sku("pot", 3000), sku("cup", 999)
SKUS = {each.sku_id: each for each in (TEA, POT, CUP)}


def money(minor: int) -> Money:
    return Money(minor=minor)


def offer(name: str, what: object, *, claws_back: bool = True) -> OfferInForce:
    return OfferInForce.model_validate(
        {
            "rule_id": named(PromotionId, name),
            "rule_version": 1,
            "label": name,
            "offer": what,
            "claws_back": claws_back,
        }
    )


SPEND_50_SAVE_10 = offer("50-10", SpendSave(tiers=(SaveTier(at=money(5000), off=money(1000)),)))
TENTH_OFF = offer("10 %", SpendPercent(tiers=(PercentTier(at=money(2000), percent=10),)))
THREE_FOR_TWO = offer("3 for 2", NForM(take=3, pay=2))
FREE_SHIPPING = offer("no shipping", FreeShipping(at=money(4000)))


def order_of(quote: Quote) -> Order:
    order_id = named(OrderId, "order")
    return Order(
        order_id=order_id,
        user_id=named(UserId, "buyer"),
        status=OrderStatus.PAID,
        payment_status=PaymentStatus.PAID,
        fulfillment_status=FulfillmentStatus.DELIVERED,
        lines=quote.lines,
        parcels=(),
        goods=quote.goods,
        discount=quote.discount,
        shipping=quote.shipping,
        total=quote.total,
        points=quote.points,
        refunded=money(0),
        address_id=None,
        address=HOME,
        note="",
        payment_id=payment_of(order_id),
        placed_at=NOW,
        payment_due_at=NOW,
        version=1,
    )


def bought(units: dict[SkuId, int], *offers: OfferInForce, points: int = 0, shipping: int = 0) -> Order:
    wanted = [LineRequest(sku_id=sku_id, quantity=quantity) for sku_id, quantity in units.items()]
    spending = Reductions(offers=offers, is_member=True, points=points, terms=PointsTerms())
    return order_of(price_basket(wanted, SKUS, [rate(shipping)] if shipping else [], HOME, spending))


class Returns:
    """Returns of one order, one after another."""

    def __init__(self, order: Order, *offers: OfferInForce) -> None:
        self.order = order
        self.offers = offers
        self.before = ReturnedUnits(paid=money(0), given=money(0))

    def take(self, units: dict[SkuId, int], *, shipping: bool = True) -> ReturnProposal:
        wanted = [LineRequest(sku_id=sku_id, quantity=quantity) for sku_id, quantity in units.items() if quantity]
        proposal = propose_return(self.order, wanted, self.before, self.offers, shipping=shipping)
        together = {
            sku_id: self.before.units.get(sku_id, 0) + units.get(sku_id, 0) for sku_id in {*self.before.units, *units}
        }
        self.before = ReturnedUnits(
            units=together, paid=self.before.paid + proposal.paid, given=self.before.given + proposal.amount
        )
        return proposal


def test_a_unit_brings_back_its_share_of_every_discount() -> None:
    returns = Returns(bought({TEA.sku_id: 3, POT.sku_id: 1}, TENTH_OFF), TENTH_OFF)
    proposal = returns.take({TEA.sku_id: 1})
    assert (proposal.paid, proposal.amount, proposal.clawbacks) == (money(900), money(900), ())
    assert not proposal.whole


def test_a_threshold_that_the_rest_no_longer_reaches_is_taken_back_and_shown() -> None:
    returns = Returns(bought({TEA.sku_id: 2, POT.sku_id: 1}, SPEND_50_SAVE_10), SPEND_50_SAVE_10)
    proposal = returns.take({TEA.sku_id: 2})
    # 20.00 of 50.00 have 4.00 of the 10.00: 16.00 was paid. The pot kept 6.00, which 30.00 alone do not earn.
    assert (proposal.paid, proposal.amount) == (money(1600), money(1000))
    assert [(each.label, each.amount) for each in proposal.clawbacks] == [("50-10", money(600))]


def test_what_was_taken_back_is_given_back_when_the_rest_returns_too() -> None:
    order = bought({TEA.sku_id: 2, POT.sku_id: 1}, SPEND_50_SAVE_10)
    returns = Returns(order, SPEND_50_SAVE_10)
    first, second = returns.take({TEA.sku_id: 2}), returns.take({POT.sku_id: 1})
    assert first.amount + second.amount == order.total == money(4000)
    assert second.whole
    assert second.clawbacks == ()


def test_a_rule_that_lets_buyers_keep_it_takes_nothing_back() -> None:
    kind = SPEND_50_SAVE_10.model_copy(update={"claws_back": False})
    proposal = Returns(bought({TEA.sku_id: 2, POT.sku_id: 1}, kind), kind).take({TEA.sku_id: 2})
    assert (proposal.amount, proposal.clawbacks) == (money(1600), ())


def test_when_more_is_taken_back_than_was_paid_nothing_goes_back_and_the_next_return_starts_from_there() -> None:
    half_off = offer("50-25", SpendSave(tiers=(SaveTier(at=money(5000), off=money(2500)),)))
    order = bought({TEA.sku_id: 2, POT.sku_id: 1}, half_off)
    returns = Returns(order, half_off)
    first = returns.take({TEA.sku_id: 1})
    assert (first.paid, first.amount) == (money(500), money(0))
    rest = returns.take({TEA.sku_id: 1, POT.sku_id: 1})
    assert rest.amount == order.total


def test_free_shipping_that_the_rest_does_not_earn_is_paid_for() -> None:
    order = bought({TEA.sku_id: 1, POT.sku_id: 1}, FREE_SHIPPING, shipping=800)
    proposal = Returns(order, FREE_SHIPPING).take({TEA.sku_id: 1})
    assert proposal.paid == money(1000)
    assert proposal.amount == money(1000 - 600)  # the pot's share of the shipping


def test_shipping_stays_with_the_shop_when_it_is_said_so() -> None:
    returns = Returns(bought({TEA.sku_id: 1}, shipping=800))
    assert returns.take({TEA.sku_id: 1}, shipping=False).amount == money(1000)


def test_spent_points_come_back_with_the_units_they_paid() -> None:
    order = bought({TEA.sku_id: 2, POT.sku_id: 1}, points=1000)
    returns = Returns(order)
    first = returns.take({POT.sku_id: 1})
    assert (first.amount, first.points) == (money(2400), 600)
    rest = returns.take({TEA.sku_id: 2})
    assert (rest.amount, rest.points, rest.whole) == (money(1600), 400, True)


def test_units_that_the_order_does_not_have_any_more_are_refused() -> None:
    returns = Returns(bought({TEA.sku_id: 2}))
    returns.take({TEA.sku_id: 1})
    with pytest.raises(InvalidRequest) as refused:
        returns.take({TEA.sku_id: 2})
    assert refused.value.fields["left"] == 1
    with pytest.raises(InvalidRequest):
        returns.take({POT.sku_id: 1})


OFFERS = st.lists(
    st.sampled_from([SPEND_50_SAVE_10, TENTH_OFF, THREE_FOR_TWO, FREE_SHIPPING]),
    max_size=4,
    unique_by=lambda o: o.rule_id,
)
UNITS = st.fixed_dictionaries({each.sku_id: st.integers(0, 5) for each in (TEA, POT, CUP)}).filter(
    lambda units: any(units.values())
)


@given(UNITS, OFFERS, st.integers(0, 300), st.data())
def test_whatever_the_parts_all_of_an_order_brings_back_exactly_what_was_paid(
    units: dict[SkuId, int], offers: list[OfferInForce], points: int, data: st.DataObject
) -> None:
    units = {sku_id: quantity for sku_id, quantity in units.items() if quantity}
    order = bought(units, *offers, points=points, shipping=700)
    returns, left, back, points_back = Returns(order, *offers), dict(units), money(0), 0
    while any(left.values()):
        part = {sku_id: data.draw(st.integers(0, quantity)) for sku_id, quantity in left.items()}
        if not any(part.values()):
            part = dict(left)
        proposal = returns.take(part)
        left = {sku_id: left[sku_id] - part[sku_id] for sku_id in left}
        assert proposal.amount.minor >= 0
        back, points_back = back + proposal.amount, points_back + proposal.points
        assert back <= order.total
        assert proposal.whole == (not any(left.values()))
    assert (back, points_back) == (order.total, points)
