"""Runs one handler over all events that a moment brings together."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from opentelemetry import propagate, trace
from opentelemetry.trace import Link, SpanKind

from bus.dead_letters import Retries
from bus.envelope import Envelope
from bus.member import MOST_AT_ONCE, Member, Records, StillAway, Stopped, logger, tracer
from bus.publisher import Publisher
from bus.seen import SeenEvents
from models.shared.events import Event

BatchHandler = Callable[[Sequence[Envelope]], Awaitable[None]]
"""What a group does about events that came together. It must bear getting some of them again, in another batch."""

MOST_BYTES = 512 * 1024
"""Of a batch: a quarter of what Temporal takes as one payload. A single event has 64 KiB at most."""

_Read = tuple[ConsumerRecord[Any, Any], Envelope]


class BatchConsumer(Member):
    """Waits `gather_for` seconds from the first event on, then hands over everything that came, in batches of at most
    `MOST_AT_ONCE` events and `MOST_BYTES`, each partition's in its order.

    The offsets of a batch are committed after the handler is done with it. A batch that keeps failing is handed over event by
    event, so that what one event causes, only that event suffers.
    """

    def __init__(
        self,
        bootstrap: str,
        group: str,
        kinds: Iterable[type[Event]],
        handler: BatchHandler,
        *,
        seen: SeenEvents,
        publisher: Publisher,
        retries: Retries | None = None,
        gather_for: float = 1.0,
    ) -> None:
        super().__init__(bootstrap, group, kinds, seen=seen, publisher=publisher, retries=retries)
        self._handler = handler
        self._gather_for = gather_for

    async def _poll(self, consumer: AIOKafkaConsumer) -> Records:
        first = dict(await super()._poll(consumer))
        if not first:
            return first
        await self._pause(self._gather_for)
        more = await consumer.getmany(timeout_ms=0, max_records=MOST_AT_ONCE)
        return {partition: [*first.get(partition, ()), *more.get(partition, ())] for partition in first | more}

    async def _work(self, records: Records, done: dict[TopicPartition, int]) -> None:
        for batch in in_batches(record for of_partition in records.values() for record in of_partition):
            try:
                await self._handle([(record, read) for record in batch if (read := await self._read(record))])
            except Stopped:
                return
            for record in batch:
                done[TopicPartition(record.topic, record.partition)] = record.offset + 1

    async def _handle(self, batch: Sequence[_Read]) -> None:
        if not batch:
            return
        envelopes = [envelope for _, envelope in batch]
        with self._span(envelopes):
            error = await self._try(lambda: self._handler(envelopes), f"{len(batch)} events")
            for record, envelope in batch:
                last = await self._alone(envelope) if error and len(batch) > 1 else error
                await self._ended(record, envelope, last)

    async def _alone(self, envelope: Envelope) -> Exception | None:
        """One event of a batch that failed, by itself."""
        try:
            await self._borne(lambda: self._handler([envelope]), envelope.id)
        except (Stopped, StillAway):
            raise
        except Exception as error:
            logger.warning("group %s failed on %s, too: %r", self._group, envelope.id, error)
            return error
        return None

    def _span(self, envelopes: Sequence[Envelope]) -> Any:
        """A span of its own, linked to the trace each event arose in: they are many."""
        origins = (trace.get_current_span(propagate.extract(dict(envelope.trace))) for envelope in envelopes)
        contexts = [origin.get_span_context() for origin in origins]
        return tracer.start_as_current_span(
            f"process batch of {self._group}",
            kind=SpanKind.CONSUMER,
            links=[Link(context) for context in contexts if context.is_valid],
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.name": "process",
                "messaging.operation.type": "process",
                "messaging.batch.message_count": len(envelopes),
                "messaging.consumer.group.name": self._group,
            },
        )


def in_batches(records: Iterable[ConsumerRecord[Any, Any]]) -> Iterator[list[ConsumerRecord[Any, Any]]]:
    """In the same order, as few as the limits allow."""
    batch: list[ConsumerRecord[Any, Any]] = []
    size = 0
    for record in records:
        more = len(record.value or b"")
        if batch and (len(batch) == MOST_AT_ONCE or size + more > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += more
    if batch:
        yield batch
