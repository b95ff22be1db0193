"""Refusals of orders."""

from collections.abc import Iterable
from typing import ClassVar, Self

from models.shared import Refusal
from models.shared.ids import OrderId, SkuId


class PriceChanged(Refusal):
    """The total is no longer the one the buyer saw; `quote` carries the new one. Confirm it and ask again."""

    code = "price_changed"
    title = "The price has changed"


class NotPrepared(Refusal):
    """There is no basket: neither in this request nor held from an earlier `prepare`."""

    code = "not_prepared"
    title = "Nothing was prepared under this id"


class HoldExpired(Refusal):
    """The stock held by `prepare` has been given back; prepare again."""

    code = "hold_expired"
    title = "The hold has expired"


class OrderAlreadyPlaced(Refusal):
    """This order stands already; look at it instead of placing it again."""

    code = "order_already_placed"
    title = "The order was placed before"


class OrderNotOpen(Refusal):
    """The order is over (completed or cancelled), so this cannot be done to it any more."""

    code = "order_not_open"
    title = "The order is over"


class OrderAlreadyShipped(Refusal):
    """A parcel has been handed to a carrier: refuse it at the door, or return it after delivery."""

    code = "order_already_shipped"
    title = "The order has been shipped"


class ParcelsUnderWay(Refusal):
    """Receipt can be confirmed when every parcel has arrived."""

    code = "parcels_under_way"
    title = "Parcels are still under way"


class NothingToDecide(Refusal):
    """This order is not waiting for a decision."""

    code = "nothing_to_decide"
    title = "No decision is waited for"


class IllegalTransition(Refusal):
    """An order cannot go from where it is to where it was sent. Whoever sent it there lost a race, or is wrong."""

    code = "illegal_transition"
    title = "The order cannot take this step"


class OrderConflict(Refusal):
    """An order of this id stands already, with other content."""

    code = "order_conflict"
    title = "The order id is taken"

    @classmethod
    def of(cls, order_id: OrderId) -> Self:
        """The id that is taken."""
        return cls(f"Order {order_id} was opened with other content. Use a new Idempotency-Key.", order_id=order_id)


class OrderDiscarded(Refusal):
    """This order was given up before it was opened; a late opening does not bring it back."""

    code = "order_discarded"
    title = "The order was given up"

    @classmethod
    def of(cls, order_id: OrderId) -> Self:
        """The order that was given up."""
        return cls(f"Order {order_id} was given up while it was being placed. Place a new one.", order_id=order_id)


class AddressNotFound(Refusal):
    """The buyer's address book has no such entry."""

    code = "address_not_found"
    title = "No such address"


class RefusedLines(Refusal):
    """Some lines of a basket cannot be sold as asked. `sku_ids` names them."""

    code = "basket_refused"
    title = "The basket cannot be sold"
    advice: ClassVar[str] = ""

    @classmethod
    def of(cls, sku_ids: Iterable[SkuId], **fields: object) -> Self:
        """The lines in question."""
        named = sorted(sku_ids)
        return cls(f"{cls.title}: {', '.join(named)}. {cls.advice}", sku_ids=list(named), **fields)


class UnknownSku(RefusedLines):
    """There is no such SKU, or it has no price in force."""

    code = "unknown_sku"
    title = "Not for sale"
    advice = "Remove these lines."


class SkuUnpublished(RefusedLines):
    """The SKU has been taken off the shelf."""

    code = "sku_unpublished"
    title = "No longer for sale"
    advice = "Remove these lines."


class QuantityAboveLimit(RefusedLines):
    """More than one order may take of a SKU. `limits` says how many are allowed for each."""

    code = "quantity_above_limit"
    title = "More than one order may take"
    advice = "Lower the quantities."


class CurrencyMixed(Refusal):
    """The goods, or the goods and their shipping, are priced in several currencies; an order has one."""

    code = "currency_mixed"
    title = "Several currencies in one order"


class BasketTooLarge(Refusal):
    """More lines, or a larger sum, than one order can hold."""

    code = "basket_too_large"
    title = "The basket is too large"


class PriceNotAdjustable(Refusal):
    """The price can be lowered while the order waits for its payment and no money has come or may come at the old price; never
    to nothing, and never raised above the quote."""

    code = "price_not_adjustable"
    title = "The price cannot be changed so"


class OrderNotPaid(Refusal):
    """Nothing was paid for this order, so nothing can go back."""

    code = "order_not_paid"
    title = "The order is not paid"


class RefundAboveTotal(Refusal):
    """More would have gone back than the order cost."""

    code = "refund_above_total"
    title = "More than the order cost"
