"""What a store call decided about money, with the payment as it stands afterwards. For activities; never a message."""

from models.orders.messages import SettlementKind
from models.payments.messages import SettleResult
from models.payments.types import Attempt, Payment
from models.shared import Frozen
from models.shared.ids import AttemptId


class Booked(Frozen):
    """What one report turned out to be. A repeat has result `known` and the same payment and attempt, so whoever
    crashed after the booking finds out what was still to be told to whom."""

    result: SettleResult
    payment: Payment
    attempt: Attempt
    still_open: tuple[AttemptId, ...] = ()
    """Other attempts that may still bring money."""


class Ended(Frozen):
    """How a window ended: `paid` if the money was complete. `going_back` are the captures that were kept in part payment
    and are surplus now. A repeat answers the same."""

    kind: SettlementKind
    payment: Payment | None
    """None if no payment was ever opened."""
    going_back: tuple[Attempt, ...] = ()
