"""The process that listens to the shop's own events: `hanse consume`. It counts for the rankings (`ranking_counts.py`), and starts what
tells people and other systems (`listeners.py`).

What it writes itself is derived and in Redis: rankings. It is the one that notices that Redis lost them and has them counted anew.
"""

import asyncio
import signal
from datetime import UTC, datetime

import uvloop

from bus.consumer import Consumer
from bus.publisher import Publisher
from bus.seen import RedisSeenEvents
from hanse.metrics import serve_metrics
from hanse.settings import Settings
from hanse.telemetry import setup_telemetry
from models.orders.events import OrderPaid
from models.products.events import ProductsViewed
from workers.counting_wiring import open_counts, open_listeners

GROUP = "rankings"


async def serve(settings: Settings) -> None:
    """Consume until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with (
        open_counts(settings, lambda: datetime.now(UTC)) as (counts, redis),
        Publisher(settings.kafka_bootstrap) as publisher,
        open_listeners(settings, redis, publisher) as listeners,
        asyncio.TaskGroup() as group,
    ):
        counting = Consumer(
            settings.kafka_bootstrap,
            GROUP,
            {OrderPaid: counts.order_paid, ProductsViewed: counts.products_viewed},
            seen=RedisSeenEvents(redis, GROUP),
            publisher=publisher,
        )
        consumers = (counting, *listeners)
        group.create_task(counts.see_to_it(stop))
        consuming = [group.create_task(consumer.run()) for consumer in consumers]
        await stop.wait()
        for consumer in consumers:
            consumer.stop()
        await asyncio.gather(*consuming)


def run(settings: Settings) -> None:
    """The whole life of the process."""
    setup_telemetry(settings, "hanse-consumers")
    serve_metrics(settings)
    uvloop.run(serve(settings))
