"""What a cart would cost now: the pricing of checkout, tried on the lines that checkout would take."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from models.cart.types import Cart, CartLine, Mark, MarkKind, TrialLine, TrialPrice, TrialRefusal, TrialSum
from models.inventory.ahead import Sellable
from models.orders.quoting import Reductions, most_points, price_basket
from models.orders.types import DeliveryAddress, LineRequest, Quote, QuotedLine, ShippingRate
from models.products.types import SellableSku
from models.shared import Refusal
from models.shared.ids import SkuId
from models.shared.money import Currency

_HARMLESS = {MarkKind.PRICE_CHANGED, MarkKind.SHIPS_LATER}


@dataclass(frozen=True)
class Shelf:
    """What catalogue and stock say at this moment about the SKUs of a cart. `skus` lacks those that are unknown."""

    skus: Mapping[SkuId, SellableSku]
    available: Mapping[SkuId, int]
    """How many one could order."""
    ahead: Mapping[SkuId, Sellable] = field(default_factory=dict)
    """What is known of SKUs that are sold ahead of stock."""


@dataclass(frozen=True)
class Delivery:
    """Where to, and the rates that could apply there."""

    to: DeliveryAddress
    rates: tuple[ShippingRate, ...]


def trial_price(
    cart: Cart, shelf: Shelf, delivery: Delivery | None = None, reductions: Reductions | None = None
) -> TrialPrice:
    """The cart with its marks, and what the selected lines that can be bought cost, one sum for each currency.

    Never refuses: what checkout would refuse stands in the sum it is about.
    """
    sums: list[TrialSum] = []
    quotes: list[Quote] = []
    for currency, basket in sorted(_baskets(cart, shelf).items()):
        try:
            quote = _quote(basket, shelf, delivery, reductions)
        except Refusal as refusal:
            why = TrialRefusal(code=refusal.code, detail=refusal.detail)
            sums.append(TrialSum(currency=currency, basket=tuple(basket), refused=why))
        else:
            taken = most_points(quote.lines, reductions.terms) if reductions and reductions.is_member else 0
            sums.append(_sum(currency, basket, quote, delivery, taken))
            quotes.append(quote)
    quoted = {line.sku_id: line for quote in quotes for line in quote.lines}
    return TrialPrice(
        lines=tuple(_shown(line, shelf, quoted.get(line.sku_id), delivery) for line in cart.lines),
        saved=tuple(_shown(line, shelf, None, None) for line in cart.saved),
        sums=tuple(sums),
        missed=tuple(offer for quote in quotes for offer in quote.missed),
    )


def marks_of(line: CartLine, shelf: Shelf) -> tuple[Mark, ...]:
    """What the buyer should know about the line. Nothing else is said of a SKU that is not for sale."""
    sku = shelf.skus.get(line.sku_id)
    if sku is None:
        return (Mark(kind=MarkKind.UNKNOWN),)
    if not sku.is_published:
        return (Mark(kind=MarkKind.UNPUBLISHED),)
    left = shelf.available.get(line.sku_id, 0)
    marks = []
    if sku.price != line.added_price:
        marks.append(Mark(kind=MarkKind.PRICE_CHANGED, was=line.added_price))
    if left == 0:
        marks.append(Mark(kind=MarkKind.SOLD_OUT))
    elif left < line.quantity:
        marks.append(Mark(kind=MarkKind.ONLY_LEFT, left=left))
    elif line.sku_id in shelf.ahead and shelf.ahead[line.sku_id].in_stock < line.quantity:
        marks.append(Mark(kind=MarkKind.SHIPS_LATER, ships_by=shelf.ahead[line.sku_id].ships_by))
    if line.quantity > sku.max_per_order:
        marks.append(Mark(kind=MarkKind.ABOVE_LIMIT, limit=sku.max_per_order))
    return tuple(marks)


def _is_buyable(line: CartLine, shelf: Shelf) -> bool:
    return all(mark.kind in _HARMLESS for mark in marks_of(line, shelf))


def _baskets(cart: Cart, shelf: Shelf) -> dict[Currency, list[LineRequest]]:
    """What to ask checkout for, by currency."""
    baskets: dict[Currency, list[LineRequest]] = defaultdict(list)
    for line in cart.lines:
        if line.selected and _is_buyable(line, shelf):
            asked = LineRequest(sku_id=line.sku_id, quantity=line.quantity)
            baskets[shelf.skus[line.sku_id].price.currency].append(asked)
    return baskets


def _quote(basket: list[LineRequest], shelf: Shelf, delivery: Delivery | None, reductions: Reductions | None) -> Quote:
    if delivery is None:
        return price_basket(basket, shelf.skus, (), None, reductions)
    return price_basket(basket, shelf.skus, delivery.rates, delivery.to, reductions)


def _sum(
    currency: Currency, basket: list[LineRequest], quote: Quote, delivery: Delivery | None, points: int
) -> TrialSum:
    return TrialSum(
        currency=currency,
        basket=tuple(basket),
        goods=quote.goods,
        discount=quote.discount,
        shipping=quote.shipping if delivery else None,
        total=quote.total,
        applied=quote.applied,
        most_points=points,
    )


def _shown(line: CartLine, shelf: Shelf, quoted: QuotedLine | None, delivery: Delivery | None) -> TrialLine:
    shown = TrialLine(**line.model_dump(), marks=marks_of(line, shelf), buyable=_is_buyable(line, shelf))
    sku = shelf.skus.get(line.sku_id)
    if sku is not None:
        known = ("spu_id", "merchant_id", "title", "options", "image_url")
        shown = shown.model_copy(update={name: getattr(sku, name) for name in known} | {"unit_price": sku.price})
    if quoted is not None:
        priced = {name: getattr(quoted, name) for name in ("goods", "discount", "total", "adjustments")}
        shown = shown.model_copy(update=priced | {"shipping": quoted.shipping if delivery else None})
    return shown
