"""The orders in database `orders`: opened once, advanced step by step, explained by a timeline.

`opening` and `advancing` serve the sagas, `returning` refunds of units,
`claiming` what after-sales speak of, `changing` buyers and operators, `reading` looks,
`auditing` proves. Every writer locks the order's row first; parcels (`stores/fulfillment`, in the same database) come after it.
"""

from stores.orders.advancing import Advancing
from stores.orders.auditing import Auditing
from stores.orders.changing import Changing
from stores.orders.claiming import Claiming
from stores.orders.opening import Opening
from stores.orders.reading import Reading
from stores.orders.returning import Returning


class OrderStore(Opening, Advancing, Changing, Returning, Claiming, Reading, Auditing):
    """Everything the orders database promises about orders; built with `OrderStore(database)`."""


__all__ = ["OrderStore"]
