"""Refusals of orders."""

from models.shared import Refusal


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
