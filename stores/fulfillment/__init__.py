"""The parcels in database `orders`: opened once, moved step by step, tracked; and what sending them costs.

They share the orders' database on purpose: a parcel's step, what it makes of its order, and the order's timeline are one
transaction. So this package, alone among stores, uses another one's rows (`stores/orders/rows.py`), and takes the same lock
as every writer there: the order's row.
"""

from stores.fulfillment.auditing import Auditing
from stores.fulfillment.looking import Looking
from stores.fulfillment.moving import Moving
from stores.fulfillment.rates import Rates
from stores.fulfillment.returns import Returns
from stores.fulfillment.splitting import Splitting


class FulfillmentStore(Moving, Splitting, Returns, Looking, Rates, Auditing):
    """Everything the orders database promises about parcels; built with `FulfillmentStore(database)`."""


__all__ = ["FulfillmentStore"]
