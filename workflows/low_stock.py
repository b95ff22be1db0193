"""A level fell to its mark: told once for each crossing, to whoever listens and to the alerts.

Sagas tell what their own steps crossed. What an operator's change crossed is told by a process of its own, `stock-low/{key}`:
the change is in a database and whoever listens is behind Kafka.
"""

from collections.abc import Sequence
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.inventory.events import low_stock_events
    from models.inventory.messages import TellLowStock
    from models.inventory.types import LowStock
    from workflows.saga import Saga, unbroken


def tell_low_stock(saga: Saga, crossings: Sequence[LowStock], at: datetime) -> None:
    """Count each crossing, which raises an alert, and announce it."""
    if crossings:
        workflow.metric_meter().create_counter("hanse_stock_low").add(len(crossings))
        saga.announce(low_stock_events(crossings, at))


@workflow.defn(name="StockLowNotice")
class StockLowNotice:
    """One change by an operator and the levels it took to their marks. Ends when Kafka has heard of all of them."""

    @workflow.run
    async def run(self, tell: TellLowStock) -> int:
        """How many crossings were told. Temporal's own cancel does not stop it."""
        saga = Saga("queue")
        tell_low_stock(saga, tell.crossings, tell.at)
        workflow.set_current_details(
            "\n".join(f"- `{low.sku_id}` in `{low.warehouse_id}`: {low.available} left" for low in tell.crossings[:50])
        )
        await unbroken(saga.announced())
        return len(tell.crossings)
