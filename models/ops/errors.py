"""How running the shop says no."""

from models.shared import Refusal


class BuyerBlocked(Refusal):
    """The shop takes no orders from here. Which entry of which list says so is not told, only logged."""

    code = "buyer_blocked"
    title = "No orders are taken from here"
