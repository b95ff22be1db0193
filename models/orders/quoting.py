"""What a basket costs. Pure and exact: every sum is that of its parts, and the order of the lines changes no amount."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from models.orders.errors import (
    BasketTooLarge,
    CurrencyMixed,
    PriceNotAdjustable,
    QuantityAboveLimit,
    SkuUnpublished,
    UnknownSku,
)
from models.orders.types import DeliveryAddress, LineRequest, Quote, QuotedLine, ShippingRate
from models.points import rules as points_rules
from models.points.types import PointsTerms
from models.products.types import SellableSku
from models.promotions.rules import best_for_customer
from models.promotions.types import Adjustment, Adjustments, AppliedOffer, Breakdown, OfferInForce, OfferLine, Source
from models.shared import Money
from models.shared.ids import MerchantId, SkuId
from models.shared.money import Currency, total

MAX_LINES = 100
"""Different SKUs in one order."""
MAX_TOTAL_MINOR = 10**12
"""No order is larger, whatever its currency: sums stay far inside what Money can hold."""
OPERATOR_PRICE = "operator_price"
"""The `rule_id` of what an operator took off before payment."""


@dataclass(frozen=True)
class Reductions:
    """What may make a basket cheaper: the offers in force for this buyer (coupons they chose among them), and points."""

    offers: tuple[OfferInForce, ...] = ()
    is_member: bool = False
    points: int = 0
    terms: PointsTerms = field(default_factory=PointsTerms)


def price_basket(
    lines: Sequence[LineRequest],
    skus: Mapping[SkuId, SellableSku],
    rates: Collection[ShippingRate],
    to: DeliveryAddress | None,
    reductions: Reductions | None = None,
) -> Quote:
    """Price these lines, sent to that address. Lines of one SKU become one, in the place of the first. Without an address
    (a trial price) shipping is left out.

    `skus` are those that exist and have a price; `rates` may hold more than fit. Refuses `UnknownSku`, `SkuUnpublished`,
    `QuantityAboveLimit`, `CurrencyMixed`, `BasketTooLarge` and `PointsAboveShare`, in this order, each with every line it is
    about. A coupon that does not count is not refused here: it stands in `missed`.
    """
    wanted = merge(lines)
    _check_sellable(wanted, skus)
    currency = _one_currency({skus[sku_id].price.currency for sku_id in wanted})
    if sum(skus[sku_id].price.minor * n for sku_id, n in wanted.items()) > MAX_TOTAL_MINOR:
        raise BasketTooLarge("The sum is larger than one order can hold. Buy in several orders.")
    shipping = shipping_of(wanted, skus, rates, to, currency) if to else None
    reduced = _reduced(wanted, skus, shipping, reductions or Reductions())
    fees = shipping or dict.fromkeys(wanted, Money.zero(currency))
    quoted = [
        _quoted(number, skus[sku_id], quantity, fees[sku_id], reduced.adjustments.get(sku_id, ()))
        for number, (sku_id, quantity) in enumerate(wanted.items(), 1)
    ]
    points = reductions.points if reductions else 0
    return sum_up(quoted).model_copy(update={"applied": reduced.applied, "missed": reduced.missed, "points": points})


def _reduced(
    wanted: Mapping[SkuId, int],
    skus: Mapping[SkuId, SellableSku],
    shipping: Mapping[SkuId, Money] | None,
    reductions: Reductions,
) -> Breakdown:
    """What offers take off, and then points off what the goods still cost."""
    lines = [
        offer_line(skus[sku_id], quantity, shipping[sku_id] if shipping is not None else None)
        for sku_id, quantity in wanted.items()
    ]
    offered = best_for_customer(lines, reductions.offers, is_member=reductions.is_member)
    if not reductions.points:
        return offered
    left = {line.sku_id: _goods_left(line, offered.adjustments) for line in lines}
    spent = points_rules.spend_on(reductions.points, left, reductions.terms)
    saved = total([cut.amount for cut in spent.values()], lines[0].unit_price.currency)
    by_points = AppliedOffer(
        rule_id=points_rules.RULE, rule_version=1, label="Points", amount=saved, source=Source.POINTS
    )
    return offered.model_copy(
        update={
            "adjustments": {
                line.sku_id: (
                    *offered.adjustments.get(line.sku_id, ()),
                    *([spent[line.sku_id]] if line.sku_id in spent else []),
                )
                for line in lines
            },
            "applied": (*offered.applied, by_points),
        }
    )


def _goods_left(line: OfferLine, taken_off: Adjustments) -> Money:
    cuts = [cut.amount for cut in taken_off.get(line.sku_id, ()) if not cut.on_shipping]
    return line.unit_price * line.quantity - total(cuts, line.unit_price.currency)


def most_points(lines: Sequence[QuotedLine], terms: PointsTerms) -> int:
    """How many points these lines take at most, whatever number of points they were quoted with."""
    goods = [line.goods for line in lines]
    cuts = [cut for line in lines for cut in line.adjustments]
    off_goods = [cut.amount for cut in cuts if not cut.on_shipping and cut.source is not Source.POINTS]
    currency = lines[0].unit_price.currency
    return points_rules.most_points(total(goods, currency) - total(off_goods, currency), terms)


def offer_line(sku: SellableSku, quantity: int, shipping: Money | None) -> OfferLine:
    """So many units of the SKU, as offers look at them."""
    return OfferLine(
        sku_id=sku.sku_id,
        spu_id=sku.spu_id,
        merchant_id=sku.merchant_id,
        category_ids=sku.category_ids,
        brand_id=sku.brand_id,
        quantity=quantity,
        unit_price=sku.price,
        shipping=shipping,
    )


def merge(lines: Sequence[LineRequest]) -> dict[SkuId, int]:
    """How much is asked of each SKU, in the order of first mention."""
    wanted: dict[SkuId, int] = defaultdict(int)
    for line in lines:
        wanted[line.sku_id] += line.quantity
    return dict(wanted)


def _check_sellable(wanted: Mapping[SkuId, int], skus: Mapping[SkuId, SellableSku]) -> None:
    if unknown := [sku_id for sku_id in wanted if sku_id not in skus]:
        raise UnknownSku.of(unknown)
    if gone := [sku_id for sku_id in wanted if not skus[sku_id].is_published]:
        raise SkuUnpublished.of(gone)
    if above := {sku_id: skus[sku_id].max_per_order for sku_id, n in wanted.items() if n > skus[sku_id].max_per_order}:
        raise QuantityAboveLimit.of(above, limits=above)
    if not 1 <= len(wanted) <= MAX_LINES:
        raise BasketTooLarge(
            f"An order holds 1 to {MAX_LINES} different articles, not {len(wanted)}. Buy in several orders."
        )


def _one_currency(currencies: set[Currency]) -> Currency:
    if len(currencies) > 1:
        raise CurrencyMixed(
            f"An order has one currency, these lines have {', '.join(sorted(currencies))}. Buy in several orders.",
            currencies=sorted(currencies),
        )
    return next(iter(currencies))


def rate_for(sku: SellableSku, rates: Collection[ShippingRate], to: DeliveryAddress) -> ShippingRate | None:
    """The most specific rate: its SKU before its merchant, then the longest postal prefix. None means free."""
    postal = plain_postal_code(to.postal_code)
    fitting = [
        rate
        for rate in rates
        if rate.merchant_id == sku.merchant_id
        and rate.sku_id in (None, sku.sku_id)
        and rate.country == to.country
        and postal.startswith(rate.postal_prefix)
    ]
    return max(fitting, key=lambda rate: (rate.sku_id is not None, len(rate.postal_prefix)), default=None)


def plain_postal_code(code: str) -> str:
    """A postal code as prefixes are compared with it: upper case, without spaces and dashes."""
    return code.upper().replace(" ", "").replace("-", "")


def shipping_of(
    wanted: Mapping[SkuId, int],
    skus: Mapping[SkuId, SellableSku],
    rates: Collection[ShippingRate],
    to: DeliveryAddress,
    currency: Currency,
) -> dict[SkuId, Money]:
    """The shipping fee of each line: its own units, and its share (by value of the goods) of the merchant's base fee."""
    fees = {sku_id: Money.zero(currency) for sku_id in wanted}
    charged: dict[MerchantId, list[tuple[SkuId, ShippingRate]]] = defaultdict(list)
    for sku_id in sorted(wanted):
        rate = rate_for(skus[sku_id], rates, to)
        if rate is not None:
            _one_currency({currency, rate.base.currency})
            charged[rate.merchant_id].append((sku_id, rate))
    for of_merchant in charged.values():
        base = max((rate.base for _, rate in of_merchant), key=lambda fee: fee.minor)
        values = [skus[sku_id].price.minor * wanted[sku_id] for sku_id, _ in of_merchant]
        for (sku_id, rate), share in zip(of_merchant, base.split(values), strict=True):
            fees[sku_id] = rate.per_unit * wanted[sku_id] + share
    return fees


def _quoted(
    number: int, sku: SellableSku, quantity: int, shipping: Money, adjustments: tuple[Adjustment, ...]
) -> QuotedLine:
    goods = sku.price * quantity
    discount = total([adjustment.amount for adjustment in adjustments], goods.currency)
    if any(adjustment.amount.minor < 0 for adjustment in adjustments) or goods + shipping < discount:
        raise ValueError(
            f"adjustments of {sku.sku_id} take off {discount} of {goods + shipping}: a mistake in promotions"
        )
    return QuotedLine(
        line_no=number,
        sku_id=sku.sku_id,
        spu_id=sku.spu_id,
        merchant_id=sku.merchant_id,
        title=sku.title,
        options=sku.options,
        image_url=sku.image_url,
        quantity=quantity,
        unit_price=sku.price,
        goods=goods,
        discount=discount,
        shipping=shipping,
        total=goods - discount + shipping,
        weight_g=sku.weight_g * quantity,
        category_ids=sku.category_ids,
        brand_id=sku.brand_id,
        adjustments=adjustments,
    )


def sum_up(lines: Sequence[QuotedLine]) -> Quote:
    """The quote that these lines make."""
    currency = lines[0].unit_price.currency
    return Quote(
        lines=tuple(lines),
        goods=total([line.goods for line in lines], currency),
        discount=total([line.discount for line in lines], currency),
        shipping=total([line.shipping for line in lines], currency),
        total=total([line.total for line in lines], currency),
    )


def reprice(lines: Sequence[QuotedLine], new_total: Money, why: str, version: int) -> Quote:
    """The same lines for `new_total`: what an operator took off before is replaced, not added to.

    The difference is apportioned by what each line costs. Refuses `PriceNotAdjustable` above the quote, and for nothing or less:
    what costs nothing is never paid, and so never sent.
    """
    quoted = sum_up([_without_operator_price(line) for line in lines])
    if new_total.currency != quoted.total.currency or new_total.minor <= 0 or quoted.total < new_total:
        raise PriceNotAdjustable(
            f"The new total must be more than 0 and at most the quoted {quoted.total}, in {quoted.total.currency}.",
            quoted=quoted.total.model_dump(),
        )
    cuts = (quoted.total - new_total).split([line.total.minor for line in quoted.lines])
    return sum_up(
        [
            _with_discounts(line, (*line.adjustments, *_operator_price(line, cut, why, version)))
            for line, cut in zip(quoted.lines, cuts, strict=True)
        ]
    )


def _operator_price(line: QuotedLine, cut: Money, why: str, version: int) -> list[Adjustment]:
    """The goods bear it before their shipping, so that goods which come back are never worth less than nothing."""
    off_goods = [adjustment.amount for adjustment in line.adjustments if not adjustment.on_shipping]
    of_goods = min(cut, line.goods - total(off_goods, line.goods.currency))
    return [
        Adjustment(
            rule_id=OPERATOR_PRICE,
            rule_version=version,
            label=why,
            amount=part,
            source=Source.OPERATOR,
            on_shipping=on_shipping,
        )
        for part, on_shipping in ((of_goods, False), (cut - of_goods, True))
        if part.minor
    ]


def _without_operator_price(line: QuotedLine) -> QuotedLine:
    return _with_discounts(line, tuple(a for a in line.adjustments if a.rule_id != OPERATOR_PRICE))


def _with_discounts(line: QuotedLine, adjustments: tuple[Adjustment, ...]) -> QuotedLine:
    discount = total([adjustment.amount for adjustment in adjustments], line.goods.currency)
    return line.model_copy(
        update={"adjustments": adjustments, "discount": discount, "total": line.goods - discount + line.shipping}
    )
