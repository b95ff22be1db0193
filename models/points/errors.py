"""How points say no."""

from models.shared import Refusal


class PointsNotEnough(Refusal):
    """The balance has fewer. `balance` says how many there are."""

    code = "points_not_enough"
    title = "Not enough points"


class PointsAboveShare(Refusal):
    """Points may only pay a part of an order. `most` says how many it takes."""

    code = "points_above_share"
    title = "More points than this order takes"


class PointsKeyReused(Refusal):
    """The key carried out another adjustment before; a key is good for one."""

    code = "points_key_reused"
    title = "The key has been used"
