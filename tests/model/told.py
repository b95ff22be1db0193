"""What Kafka was told of orders: every event that is owed, under one id each, and the same each time it was said again."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer

from bus.catalog import topics
from bus.envelope import decode
from bus.topics import create_missing
from models.orders.events import OrderCancelled, OrderCompleted, OrderCreated, OrderPaid
from models.payments.events import PaymentRefunded, PaymentSucceeded
from tests.model.expected import Expected

_LOOKED_AT = (OrderCreated, OrderPaid, OrderCompleted, OrderCancelled, PaymentSucceeded, PaymentRefunded)


class Told:
    """What was published since it was opened, by order and event id."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._events: dict[str, dict[str, tuple[str, bytes]]] = defaultdict(dict)

    async def of(self, order_id: str) -> Mapping[str, int]:
        """How many events of each kind there are of an order, each id counted once."""
        await self._catch_up()
        return Counter(kind for kind, _ in self._events[order_id].values())

    async def _catch_up(self) -> None:
        ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
        while any([await self._consumer.position(one) < end for one, end in ends.items()]):
            for records in (await self._consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    self._take_in(decode(record.key, record.value, record.headers).event, record.value)

    def _take_in(self, event: object, content: bytes) -> None:
        if isinstance(event, _LOOKED_AT):
            kind = event.type.split(".")[-2]
            known = self._events[event.order_id].setdefault(event.event_id, (kind, content))
            assert known == (kind, content), f"{event.event_id} was told twice, and not the same"


@asynccontextmanager
async def listening(bootstrap: str) -> AsyncIterator[Told]:
    """From now on."""
    await create_missing(bootstrap, topics())
    heard = sorted({kind.topic() for kind in _LOOKED_AT})
    async with AIOKafkaConsumer(*heard, bootstrap_servers=bootstrap, auto_offset_reset="latest") as consumer:
        await consumer.seek_to_end()
        for one in consumer.assignment():
            await consumer.position(one)
        yield Told(consumer)


def owed(order: Expected) -> Mapping[str, int]:
    """The events that this order's story owes."""
    told = Counter(f"order_{'created' if step == 'pending_payment' else step}" for step in order.steps)
    told["payment_succeeded"] = int(order.payment == "paid")
    told["payment_refunded"] = sum(back.state != "refused" for back in order.backs)
    return +told
