"""What `ParcelWatch` is told, asks and answers."""

from datetime import timedelta

from models.orders.messages import Placement
from models.shared import Frozen, Instant


class WatchInput(Frozen):
    """One run of the watch over parcels under way."""

    silence: timedelta = timedelta(hours=6)
    """How long a carrier may say nothing about a parcel before it is asked."""
    sign_off_after: timedelta = timedelta(days=7)
    """How long after delivery a parcel counts as signed for."""
    placement: Placement = "inline"


class AskSilent(Frozen):
    """Ask about a page of parcels not heard of since then."""

    silent_since: Instant


class SilentAsked(Frozen):
    """What asking brought. `more`: the page was full, so ask again."""

    asked: int = 0
    news: int = 0
    """Reports that nobody had pushed."""
    silent: int = 0
    """Parcels whose carrier did not answer; they are asked about again when they have been silent as long once more."""
    more: bool = False


class SignOffDelivered(Frozen):
    """Sign for a page of parcels that were delivered before then."""

    delivered_before: Instant
    at: Instant


class SignedOff(Frozen):
    """How many were signed for."""

    parcels: int = 0
    more: bool = False


class Watched(Frozen):
    """What a run did."""

    asked: int = 0
    news: int = 0
    silent: int = 0
    signed_off: int = 0
    unfinished: bool = False
    """Something is left to the next run."""
