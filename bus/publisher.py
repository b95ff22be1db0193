"""Puts events on Kafka, at least once, in order for each key."""

import asyncio
from collections.abc import Iterable
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind
from prometheus_client import Counter

from bus.catalog import topics
from bus.envelope import Record, encode
from bus.restarted_broker import ask_before_producing
from bus.topics import create_missing
from models.shared.events import Event

_tracer = trace.get_tracer(__name__)
_published = Counter("hanse_events_published", "Events that Kafka acknowledged", ["type"])


class NotAcknowledged(Exception):
    """Kafka did not say in time that it has the event. It may have it or not: publish it again."""


class Publisher:
    """A producer that connects on first use, so a process starts while Kafka is away. Built in a `wiring.py`.

    The producer is not idempotent, because the embedded broker knows no producer ids; a doubled event is harmless, since
    consumers tell it by its id.
    """

    def __init__(self, bootstrap: str, *, timeout_seconds: float = 10.0) -> None:
        self._bootstrap = bootstrap
        self._timeout = timeout_seconds
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Send what is still buffered and disconnect."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def publish(self, events: Iterable[Event]) -> None:
        """Returns when Kafka has every event on all in-sync replicas; publishing one twice is allowed.

        One after the other, so that a later event of a key is never stored when an earlier one was not. Raises
        NotAcknowledged after the timeout (of each event) and EventTooLarge.
        """
        for event in events:
            with _tracer.start_as_current_span(f"send {event.topic()}", kind=SpanKind.PRODUCER) as span:
                carrier: dict[str, str] = {}
                propagate.inject(carrier)
                span.set_attributes(
                    {
                        "messaging.system": "kafka",
                        "messaging.operation.name": "send",
                        "messaging.operation.type": "send",
                        "messaging.destination.name": event.topic(),
                        "messaging.message.id": event.event_id,
                        "messaging.kafka.message.key": event.key,
                    }
                )
                await self.send(encode(event, carrier))
                _published.labels(event.type).inc()

    async def send(self, record: Record) -> None:
        """One record, acknowledged. Raises NotAcknowledged."""
        try:
            async with asyncio.timeout(self._timeout):
                producer = await self._started(record.topic)
                await producer.client.add_topic(record.topic)  # else the client asks for those that exist
                await producer.send_and_wait(record.topic, record.value, key=record.key, headers=record.headers)
        except (TimeoutError, KafkaError, OSError) as error:
            raise NotAcknowledged(
                f"Kafka at {self._bootstrap} did not acknowledge a record for {record.topic} within {self._timeout:g} s "
                f"({type(error).__name__}: {error}); is it running? Publishing again is safe"
            ) from error

    async def _started(self, topic: str) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                await create_missing(self._bootstrap, [*topics(), topic])
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    client_id="hanse",
                    acks="all",
                    request_timeout_ms=int(self._timeout * 1000),
                    retry_backoff_ms=100,
                )
                ask_before_producing(producer.client)
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer
