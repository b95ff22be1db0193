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
