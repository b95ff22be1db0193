"""Points, in database `promotions`: a ledger of lots.

`book` is one buyer's points under lock; `spending` is what orders and refunds do, in the transaction of the caller that also
moves coupons; `changing` earns, adjusts and writes off, `reading` looks, `auditing` proves. Everything that changes points
locks the buyer's account first.
"""

from stores.points.auditing import Auditing
from stores.points.changing import Changing
from stores.points.reading import Reading


class PointsStore(Changing, Reading, Auditing):
    """What the ledger of points promises; built with `PointsStore(database)` on the database `promotions`."""


__all__ = ["PointsStore"]
