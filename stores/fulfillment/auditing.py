"""Do orders say what their parcels make of them? Looked at again from the rows, in one snapshot."""

from hanse.database import WHOLE_BOOK
from models.fulfillment.rules import status_made_by
from models.fulfillment.types import ShipmentStatus
from models.orders.types import FulfillmentStatus, OrderBreak
from models.shared.ids import OrderId
from stores.fulfillment.room import Room

# A million orders stand in some dozens of ways: the rule is asked once for each, and the orders behind it are looked up only
# when it says otherwise.
_STANDING = """
    SELECT o.order_id, o.fulfillment_status AS said, coalesce(p.parcels, '{}') AS parcels
    FROM orders o JOIN (
        SELECT order_id, array_agg(status || '/' || (shipped_at IS NOT NULL)::text
               ORDER BY status, shipped_at IS NOT NULL) FILTER (WHERE aftersale_id IS NULL) AS parcels
        FROM shipments GROUP BY order_id
    ) p USING (order_id)
"""
_WAYS = f"SELECT said, parcels FROM ({_STANDING}) s GROUP BY said, parcels ORDER BY said, parcels"
_WHOSE = f"""
    SELECT order_id FROM ({_STANDING}) s WHERE said = $1 AND parcels = $2::text[] ORDER BY order_id LIMIT 1000
"""


class Auditing(Room):
    """Proves what moving parcels promises."""

    async def audit(self) -> list[OrderBreak]:
        """Orders whose fulfillment status is not what their parcels make of it, at most 1000 of each kind. Empty when all is
        well."""
        breaks: list[OrderBreak] = []
        async with self._db.reader() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            for way in await connection.fetch(_WAYS, timeout=WHOLE_BOOK):
                made = _made_by(way["parcels"])
                if made == way["said"]:
                    continue
                rows = await connection.fetch(_WHOSE, way["said"], way["parcels"], timeout=WHOLE_BOOK)
                detail = f"is {way['said']}, but its parcels make it {made}"
                breaks += [
                    OrderBreak(order_id=OrderId(row["order_id"]), kind="fulfillment_unexplained", detail=detail)
                    for row in rows
                ]
        return breaks


def _made_by(parcels: list[str]) -> FulfillmentStatus:
    told = (parcel.split("/") for parcel in parcels)
    return status_made_by((ShipmentStatus(status), left == "true") for status, left in told)
