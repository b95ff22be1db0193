"""What may be asked of a case, and where it must be for that; what it waits for, in words."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.aftersales.messages import (
        Appeal,
        Choose,
        Close,
        Decide,
        Inspect,
        Lower,
        PickUp,
        Receive,
        ReturnTrouble,
        SendBack,
        TryRefund,
        Withdraw,
    )
    from models.aftersales.rules import CLOSABLE, LOWERABLE, WITHDRAWABLE
    from models.aftersales.types import AftersaleState
    from models.fulfillment.types import TrackingState

Wish = (
    Withdraw
    | Decide
    | SendBack
    | PickUp
    | Receive
    | ReturnTrouble
    | Inspect
    | Lower
    | Appeal
    | Choose
    | Close
    | TryRefund
)
_S = AftersaleState
FITS: dict[type, tuple[frozenset[AftersaleState], str]] = {
    Withdraw: (WITHDRAWABLE, "open with its goods not received yet"),
    Decide: (frozenset({_S.AUDITING}), "waiting for a decision"),
    SendBack: (frozenset({_S.AWAITING_RETURN}), "waiting for the goods to be sent"),
    PickUp: (frozenset({_S.AWAITING_RETURN}), "waiting for the goods to be sent"),
    ReturnTrouble: (frozenset({_S.RETURNING}), "waiting for goods on their way"),
    Receive: (frozenset({_S.RETURNING}), "waiting for goods on their way"),
    Inspect: (frozenset({_S.RETURNING, _S.RECEIVED}), "waiting for an inspection"),
    Lower: (LOWERABLE, "waiting with its refund still to come"),
    Appeal: (frozenset({_S.REJECTED}), "rejected"),
    Choose: (frozenset({_S.SOLD_OUT}), "without a replacement"),
    Close: (CLOSABLE, "waiting with nothing on its way to the buyer"),
    TryRefund: (frozenset({_S.REFUND_REFUSED}), "waiting for its refund to be tried again"),
}
"""Where a case must be for each wish, and the words for it."""

ARRIVED = (TrackingState.SIGNED, TrackingState.BROUGHT_BACK)
IN_TROUBLE = (TrackingState.LOST, TrackingState.DAMAGED)
WAITS_FOR: dict[AftersaleState, str] = {
    _S.AUDITING: "an operator: update `decide`",
    _S.AWAITING_RETURN: "the buyer to send the goods: update `send_back`",
    _S.RETURNING: "the goods: update `receive` or `inspect`",
    _S.RECEIVED: "an inspection: update `inspect`",
    _S.SOLD_OUT: "the buyer to choose: update `choose`",
    _S.REPLACEMENT_SENT: "the replacement's parcel",
    _S.REFUNDING: "the refund",
    _S.REFUND_REFUSED: "**an operator**: update `try_refund`, `lower` or `close`",
    _S.REJECTED: "the buyer, who may appeal: update `appeal`",
}
