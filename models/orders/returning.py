"""What goes back when units of an order come back: what was really paid for them. Pure and exact.

A line's amounts are shared evenly between its units, so that whatever the parts in which it comes back, all of them together
are exactly what it cost. What a promotion gave to the units that are kept, and they no longer earn without the returned ones,
is taken from the refund (`claw_back`, the default policy of a rule) and given back when they are returned too.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from models.orders.quoting import merge
from models.orders.types import Clawback, LineRequest, Order, QuotedLine, ReturnedUnits, ReturnProposal
from models.points.rules import points_by_line, points_of
from models.promotions.clawback import clawback
from models.promotions.types import OfferInForce, OfferLine, Source
from models.shared import Money
from models.shared.ids import CouponId, SkuId
from models.shared.money import total
from models.shared.refusals import InvalidRequest


def propose_return(
    order: Order,
    wanted: Sequence[LineRequest],
    before: ReturnedUnits,
    offers: Sequence[OfferInForce],
    *,
    shipping: bool = True,
    at_most: Money | None = None,
) -> ReturnProposal:
    """What these units bring back after `before`. `offers` are those that counted in the order, in the versions that did.

    `shipping` says whether the shipping of these units goes back too; `at_most` lowers what they bring. `InvalidRequest` for
    units that the order does not have, or not any more.
    """
    coming = merge(wanted)
    _check_units(order, coming, before)
    after = {line.sku_id: before.units.get(line.sku_id, 0) + coming.get(line.sku_id, 0) for line in order.lines}
    currency = order.total.currency
    paid = total(
        [_paid(line, before.units.get(line.sku_id, 0), after[line.sku_id], shipping) for line in order.lines], currency
    )
    clawed = _clawbacks(order.lines, after, offers)
    due = before.paid + paid - total([each.amount for each in clawed], currency)
    brings = max(due - before.given, Money.zero(currency), key=lambda money: money.minor)
    amount = brings if at_most is None else min(brings, at_most, key=lambda money: money.minor)
    return ReturnProposal(
        order_id=order.order_id,
        lines=tuple(LineRequest(sku_id=sku_id, quantity=quantity) for sku_id, quantity in coming.items()),
        paid=paid,
        clawbacks=clawed,
        amount=amount,
        withheld=brings - amount if amount < brings else None,
        points=_points(order, before.units, after),
        whole=all(after[line.sku_id] == line.quantity for line in order.lines),
    )


def rules_of(lines: Sequence[QuotedLine]) -> dict[str, int]:
    """Every rule that counted in these lines, with its version; coupons are in `coupons_of`."""
    cuts = [cut for line in lines for cut in line.adjustments]
    return {cut.rule_id: cut.rule_version for cut in cuts if cut.source is Source.PROMOTION}


def coupons_of(lines: Sequence[QuotedLine]) -> list[CouponId]:
    """Every coupon that counted in these lines, once, in their order."""
    used = [cut.coupon_id for line in lines for cut in line.adjustments if cut.coupon_id is not None]
    return list(dict.fromkeys(used))


def _check_units(order: Order, coming: Mapping[SkuId, int], before: ReturnedUnits) -> None:
    bought = {line.sku_id: line.quantity for line in order.lines}
    for sku_id, quantity in coming.items():
        left = bought.get(sku_id, 0) - before.units.get(sku_id, 0)
        if quantity > left:
            raise InvalidRequest(
                f"Order {order.order_id} has {left} × {sku_id} that can go back, not {quantity}.",
                sku_id=sku_id,
                left=left,
            )


def _share(amount: Money, before: int, after: int, of: int) -> Money:
    """What units number `before`+1 to `after` of a line have of its amount."""
    return Money(minor=amount.minor * after // of - amount.minor * before // of, currency=amount.currency)


def _paid(line: QuotedLine, before: int, after: int, shipping: bool) -> Money:
    off_shipping = total([cut.amount for cut in line.adjustments if cut.on_shipping], line.total.currency)
    fee = line.shipping - off_shipping
    goods = _share(line.total - fee, before, after, line.quantity)
    return goods + _share(fee, before, after, line.quantity) if shipping else goods


def _clawbacks(
    lines: Sequence[QuotedLine], returned: Mapping[SkuId, int], offers: Sequence[OfferInForce]
) -> tuple[Clawback, ...]:
    kept = [_kept(line, returned[line.sku_id]) for line in lines if returned[line.sku_id] < line.quantity]
    if not kept:
        return ()
    given: dict[str, Money] = {}
    labels: dict[str, str] = {}
    by_offers = {offer.rule_id for offer in offers}  # points and what an operator took off are nobody's to earn
    for line in lines:
        for cut in line.adjustments:
            if cut.rule_id not in by_offers:
                continue
            share = cut.amount - _share(cut.amount, 0, returned[line.sku_id], line.quantity)
            given[cut.rule_id] = given.get(cut.rule_id, Money.zero(share.currency)) + share
            labels[cut.rule_id] = cut.label
    lost = clawback(kept, given, offers)
    return tuple(
        Clawback(rule_id=rule_id, label=labels[rule_id], amount=amount)
        for rule_id, amount in lost.items()
        if amount.minor > 0
    )


def _kept(line: QuotedLine, returned: int) -> OfferLine:
    return OfferLine(
        sku_id=line.sku_id,
        spu_id=line.spu_id,
        merchant_id=line.merchant_id,
        category_ids=line.category_ids,
        brand_id=line.brand_id,
        quantity=line.quantity - returned,
        unit_price=line.unit_price,
        shipping=line.shipping - _share(line.shipping, 0, returned, line.quantity),
    )


def _points(order: Order, before: Mapping[SkuId, int], after: Mapping[SkuId, int]) -> int:
    """The spent points of these units."""
    saved: dict[SkuId, Money] = defaultdict(lambda: Money.zero(order.total.currency))
    for line in order.lines:
        for cut in line.adjustments:
            if cut.source is Source.POINTS:
                saved[line.sku_id] += cut.amount
    shares = points_by_line(order.points, saved)
    return sum(
        points_of(
            after[line.sku_id] - before.get(line.sku_id, 0),
            before=before.get(line.sku_id, 0),
            of=line.quantity,
            points=shares.get(line.sku_id, 0),
        )
        for line in order.lines
    )
