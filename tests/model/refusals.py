"""Who may do what, when: the code that a command on an order is refused with, empty where it is granted. From the specification."""

from tests.model.expected import Expected

_RUNS = ("held", "pending", "undecided", "fulfilling", "delivered")
_UNDER_WAY = ("shipped", "delivered", "exception")


def placing_prepared(order: Expected, *, own: bool) -> str:
    """Another's order, one that never was and one that is over are answered alike."""
    if not own or order.stage not in _RUNS:
        return "hold_expired"
    return "" if order.stage == "held" else "order_already_placed"


def paying(order: Expected, *, own: bool, amount: int | None) -> str:
    if not own or not order.payment:
        return "not_found"
    if order.payment != "pending":
        return "payment_closed" if order.payment == "closed" else "payment_already_complete"
    return "attempt_exceeds_rest" if (amount or 0) > order.owed else ""


def cancelling(order: Expected, who: str) -> str:
    """`who` is `owner`, `other` or `operator`; a hold that is no order yet is an operator's to end."""
    if who == "other" or (who == "owner" and not order.status):
        return "not_found"
    if order.stage not in _RUNS:
        return "order_not_open"
    shipped = order.stage == "delivered" or (order.stage == "fulfilling" and order.left_once)
    return "order_already_shipped" if shipped else ""


def confirming(order: Expected, *, own: bool) -> str:
    if not own or not order.status:
        return "not_found"
    if order.stage not in _RUNS:
        return "order_not_open"
    return "" if order.stage == "delivered" or order.parcel in _UNDER_WAY else "parcels_under_way"


def deciding_commit(order: Expected) -> str:
    if order.stage not in _RUNS:
        return "order_not_open"
    return "" if order.stage == "undecided" else "nothing_to_decide"


def repricing(order: Expected, less: int) -> str:
    """As far as one can tell before the tries to pay are closed."""
    if not order.status:
        return "not_found"
    if order.stage not in _RUNS:
        return "order_not_open"
    fits = order.payment == "pending" and not order.captured and 0 < less <= order.quoted
    return "" if fits else "price_not_adjustable"


def releasing_stock(order: Expected) -> str:
    return "reservation_committed" if order.stock == "committed" else ""


def about_parcel(order: Expected, verb: str) -> str:
    """Dispatch, sign-off, exceptions, receive-back; what may be decided is another question (`deciding_parcel`)."""
    fits = {
        "dispatch": order.parcel == "picking",
        "sign-off": order.parcel in _UNDER_WAY,
        "exceptions": order.parcel in ("shipped", "delivered"),
        "receive-back": order.parcel == "returning",
        "decide": order.decidable,
    }
    if not order.parcel:
        return "not_found"
    return "" if fits[verb] else "parcel_not_waiting"


def deciding_parcel(order: Expected, decision: str) -> str:
    refused = about_parcel(order, "decide")
    if refused or decision == "refund":
        return refused
    fits = all(order.shelves[sku].on_hand - order.shelves[sku].reserved >= n for sku, n in order.inside.items())
    return "" if fits else "sold_out"


def refunding(order: Expected, amount: int | None) -> str:
    if not order.payment:
        return "not_found"
    if order.payment == "pending":
        return "payment_still_open"
    return "refund_exceeds_rest" if order.left == 0 or (amount or 0) > order.left else ""


def runs(order: Expected) -> dict[str, int]:
    """How many workflows of each kind should wait for something."""
    wanted = {
        "checkout": order.stage in _RUNS,
        "payment-timeout": order.payment == "pending",
        "fulfillment": order.parcel in ("picking", "returning", *_UNDER_WAY),
        "refund": sum(back.state == "refused" and not back.over for back in order.backs),
    }
    return {kind: int(number) for kind, number in wanted.items()}
