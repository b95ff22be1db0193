"""What a carrier can answer instead of doing what it was asked: a definitive no, or nothing we can rely on."""

from models.shared.refusals import Refusal


class CarrierUnavailable(Exception):
    """The outcome is unknown: a timeout, a broken connection, an answer that makes no sense. A fault: ask again."""


class CarrierUnknown(Refusal):
    """No carrier of that name works for this shop."""

    code = "carrier_unknown"
    title = "No such carrier"


class CarrierRefused(Refusal):
    """The carrier will not take this parcel, for good. `reason` is its own word."""

    code = "carrier_refused"
    title = "The carrier refused the parcel"


class CarrierAway(Refusal):
    """A person asked for something that only the carrier has, and it does not answer."""

    code = "carrier_away"
    title = "The carrier does not answer"


class TrackingMalformed(Refusal):
    """A tracking report that this carrier cannot have sent."""

    code = "tracking_malformed"
    title = "The tracking report cannot be read"


class TrackingForged(Refusal):
    """A report whose signature does not fit: it is not from the carrier, or a secret was changed on one side only."""

    code = "tracking_forged"
    title = "The tracking report is not signed by the carrier"


class TrackingStale(Refusal):
    """A report that was signed too long ago, or ahead of our time: it may be a recording."""

    code = "tracking_stale"
    title = "The tracking report is too old"
