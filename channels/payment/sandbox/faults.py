"""What goes wrong on purpose, and how that is written down.

Rules are written as `channels/sandbox/faults.py` says, for instance `late:30@0.1/payment_paid`; `on` narrows one to a kind of
event or an operation. They come from the schedule (`POST /faults`, or the environment at start), from a payment's own metadata
(`faults`), and from the button that the buyer pressed. A case is a payment, or for faults of a call, which call of its kind it is
since the start. A statement fault that ends after `for_seconds` is a statement that is corrected: fetched again, it is another file.
"""

from typing import ClassVar, Literal, Self, get_args

from pydantic import model_validator

from channels.payment.sandbox.wire import EventKind, Operation
from channels.sandbox import faults

CallbackFault = Literal["lost", "doubled", "late", "reordered", "wrong_amount", "forged", "stale", "unknown_payment"]
CallFault = Literal["slow", "unavailable", "timeout_after_effect", "statement_not_ready"]
MoneyFault = Literal["paid_although_closed", "refund_refused"]
StatementFault = Literal[
    "statement_missing",
    "statement_wrong_amount",
    "statement_unknown",
    "statement_paid_twice",
    "statement_doubled",
    "statement_foreign_currency",
    "statement_wrong_encoding",
    "statement_fee_differs",
    "statement_chargeback",
    "statement_refund_missing",
    "statement_refund_wrong_amount",
    "statement_refund_unknown",
    "statement_wrong_totals",
]
Fault = CallbackFault | CallFault | MoneyFault | StatementFault
On = EventKind | Operation

MEANINGS: dict[Fault, tuple[str, float]] = {
    "lost": ("the callback is never sent", 0),
    "doubled": ("the callback is sent this many times at once", 5),
    "late": ("the callback is sent this many seconds late", 30),
    "reordered": ("the paid callback waits until a refund was reported, at most this many seconds", 60),
    "wrong_amount": ("the callback names an amount that is off by this many minor units", 1),
    "forged": ("the first try of the callback has a wrong signature", 0),
    "stale": ("the first try of the callback is signed this many seconds in the past", 3600),
    "unknown_payment": ("one more callback reports a payment that nobody made", 0),
    "slow": ("the call is answered this many seconds late", 5),
    "unavailable": ("the call is answered with this status and does nothing", 503),
    "timeout_after_effect": ("the call does its work and is not answered for this many seconds", 120),
    "paid_although_closed": ("the money arrives this many seconds after the payment was closed", 1),
    "refund_refused": ("the refund is turned down for good", 0),
    "statement_not_ready": ("the statement is said not to be published yet", 0),
    "statement_missing": ("the payment is missing in the statement", 0),
    "statement_wrong_amount": ("the payment's amount in the statement is off by this many minor units", 1),
    "statement_unknown": ("beside the payment the statement lists one that nobody made", 0),
    "statement_paid_twice": ("the statement lists the payment again, under another transaction", 0),
    "statement_doubled": ("the payment's line stands twice in the statement", 0),
    "statement_foreign_currency": ("the payment's line names a currency that is not taken", 0),
    "statement_wrong_encoding": ("the payment's line is in another encoding", 0),
    "statement_fee_differs": ("the fee of the payment in the statement is higher by this many minor units", 7),
    "statement_chargeback": (
        "the statement says that this many minor units of the payment were charged back; 0 for all",
        0,
    ),
    "statement_refund_missing": ("the refunds of the payment are missing in the statement", 0),
    "statement_refund_wrong_amount": ("its refunds' amounts in the statement are off by this many minor units", 1),
    "statement_refund_unknown": ("beside a refund of the payment the statement lists one that nobody asked for", 0),
    "statement_wrong_totals": ("the first totals line is off by this many minor units", 1),
}
"""Each fault, and what its value means and is by default."""

_PLACES: dict[str, frozenset[str]] = {
    **dict.fromkeys(get_args(CallbackFault), frozenset(get_args(EventKind))),
    **dict.fromkeys(get_args(CallFault), frozenset(get_args(Operation))),
    "reordered": frozenset({"payment_paid"}),
    "paid_although_closed": frozenset({"close"}),
    "refund_refused": frozenset({"refund"}),
    "statement_not_ready": frozenset({"statement"}),
    **dict.fromkeys(get_args(StatementFault), frozenset({"statement"})),
}


class FaultRule(faults.Rule[Fault, On]):
    """One fault of the provider."""

    meanings: ClassVar = MEANINGS

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.on is not None and self.on not in _PLACES[self.fault]:
            raise ValueError(
                f"{self.fault} cannot happen on {self.on}; it can on {', '.join(sorted(_PLACES[self.fault]))}"
            )
        if self.limit is not None and self.fault in get_args(StatementFault):
            raise ValueError(f"{self.fault} takes no limit: a statement reads the same each time it is fetched")
        return self

    @property
    def of_a_call(self) -> bool:
        """Whether it is the call that fails, and not what happens to the money or its callbacks."""
        return self.fault in get_args(CallFault)

    def happens_on(self, place: On) -> bool:
        """Whether this rule speaks about such a callback or call."""
        return place in _PLACES[self.fault] and self.on in (None, place)


Schedule = faults.Schedule[FaultRule]
