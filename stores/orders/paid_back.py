"""What of an order was paid back, and what open after-sales speak of: read under the order's lock by who decides about more."""

from collections import Counter
from collections.abc import Sequence

from hanse.database import Connection
from models.aftersales.claims import units_of
from models.orders.types import LineRequest, Order, ReturnedUnits
from models.shared import Money
from models.shared.ids import AftersaleId, OrderId, SkuId

CLAIMS = """
    SELECT c.aftersale_id, c.lines, c.refund_id FROM order_claims c WHERE c.order_id = $1
"""
PAID_OTHERWISE = """
    SELECT r.proposal -> 'lines' AS lines FROM order_returns r
    WHERE r.order_id = $1 AND NOT EXISTS (SELECT FROM order_claims c WHERE c.refund_id = r.refund_id)
"""


async def arrived_units(connection: Connection, order_id: OrderId) -> Counter[SkuId]:
    """The units of parcels that were signed for; of a short pick only what was found."""
    rows = await connection.fetch(
        "SELECT coalesce(picked, items) AS lines FROM shipments WHERE order_id = $1 AND status = 'signed'", order_id
    )
    return sum((units_in(row["lines"]) for row in rows), Counter[SkuId]())


async def claimed_by_others(connection: Connection, order: Order, mine: AftersaleId | None) -> Counter[SkuId]:
    """Units that open cases other than `mine` speak of; those that were paid are among the order's returns."""
    rows = await connection.fetch(CLAIMS, order.order_id)
    others = [row for row in rows if row["refund_id"] is None and row["aftersale_id"] != mine]
    return sum((units_in(row["lines"]) for row in others), Counter[SkuId]())


async def returned_units(connection: Connection, order: Order) -> ReturnedUnits:
    """What went back by lines. What an operator kept back counts as given: a later return does not make up for it."""
    rows = await connection.fetch(
        """
        SELECT proposal -> 'lines' AS lines, paid_minor,
            amount_minor + coalesce((proposal -> 'withheld' ->> 'minor')::bigint, 0) AS given_minor
        FROM order_returns WHERE order_id = $1
        """,
        order.order_id,
    )
    units: Counter[str] = Counter()
    for row in rows:
        for line in row["lines"]:
            units[line["sku_id"]] += line["quantity"]
    currency = order.total.currency
    return ReturnedUnits.model_validate(
        {
            "units": dict(units),
            "paid": Money(minor=sum(row["paid_minor"] for row in rows), currency=currency),
            "given": Money(minor=sum(row["given_minor"] for row in rows), currency=currency),
        }
    )


def units_in(lines: Sequence[object]) -> Counter[SkuId]:
    """The units of lines as they are kept."""
    return units_of([LineRequest.model_validate(line) for line in lines])
