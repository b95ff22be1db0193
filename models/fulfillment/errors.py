"""Refusals of fulfillment. `OrderAlreadyShipped` is in `models/orders/errors.py`: it is said about an order."""

from models.shared import Refusal


class IllegalShipmentStep(Refusal):
    """A parcel cannot go from where it is to where it was sent."""

    code = "illegal_shipment_step"
    title = "The parcel cannot take this step"


class ShipmentStopped(Refusal):
    """The parcel was stopped before hand-over; it gets no waybill any more."""

    code = "shipment_stopped"
    title = "The parcel was stopped"


class PickedTooMuch(Refusal):
    """More, or something else, was said to be picked than belongs into the parcel."""

    code = "picked_too_much"
    title = "Not what belongs into the parcel"


class AddressChanged(Exception):
    """The parcel's address was changed while its waybill was being booked. A fault: book again, with the new address."""


class SplitInvalid(Refusal):
    """A split that leaves one of the two parcels empty, or takes what is not in it."""

    code = "split_invalid"
    title = "The parcel cannot be split so"


class ReturnUnderWay(Refusal):
    """The carrier has the returning parcel already: its pick-up can no longer be called off."""

    code = "return_under_way"
    title = "The parcel is on its way back"


class ParcelNotWaiting(Refusal):
    """The parcel is not at a point where this can be done to it."""

    code = "parcel_not_waiting"
    title = "The parcel does not wait for this"
