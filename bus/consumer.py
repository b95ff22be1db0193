"""Runs handlers over events, each event once as far as memory goes, at least once always."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from opentelemetry import propagate, trace
from opentelemetry.trace import Link, SpanKind

from bus.dead_letters import Retries
from bus.envelope import Envelope
from bus.member import Member, Records, Stopped, tracer
from bus.publisher import Publisher
from bus.seen import SeenEvents
from models.shared.events import Event

Handler = Callable[[Envelope], Awaitable[None]]
"""What a group does about one type of event. It must bear being called twice for the same event."""


class Consumer(Member):
    """One event at a time, each partition's in its order; partitions side by side."""

    def __init__(
        self,
        bootstrap: str,
        group: str,
        handlers: Mapping[type[Event], Handler],
        *,
        seen: SeenEvents,
        publisher: Publisher,
        retries: Retries | None = None,
    ) -> None:
        super().__init__(bootstrap, group, handlers, seen=seen, publisher=publisher, retries=retries)
        self._handlers = dict(handlers)

    async def _work(self, records: Records, done: dict[TopicPartition, int]) -> None:
        """One partition that fails leaves the others' events done."""

        async def in_order(partition: TopicPartition, of_partition: list[ConsumerRecord[Any, Any]]) -> None:
            for record in of_partition:
                if self._stopping.is_set():
                    return
                with suppress(Stopped):
                    await self._handle(record)
                    done[partition] = record.offset + 1

        outcomes = await asyncio.gather(*(in_order(*batch) for batch in records.items()), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _handle(self, record: ConsumerRecord[Any, Any]) -> None:
        envelope = await self._read(record)
        if envelope is None:
            return
        handler = self._handlers[type(envelope.event)]
        with self._span(record, envelope):
            error = await self._try(lambda: handler(envelope), envelope.id)
            await self._ended(record, envelope, error)

    def _span(self, record: ConsumerRecord[Any, Any], envelope: Envelope) -> Any:
        """A span that goes on with the trace the event arose in, and also links to the send."""
        origin = propagate.extract(dict(envelope.trace))
        sender = trace.get_current_span(origin).get_span_context()
        return tracer.start_as_current_span(
            f"process {record.topic}",
            context=origin,
            kind=SpanKind.CONSUMER,
            links=[Link(sender)] if sender.is_valid else [],
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.name": "process",
                "messaging.operation.type": "process",
                "messaging.destination.name": record.topic,
                "messaging.destination.partition.id": str(record.partition),
                "messaging.kafka.offset": record.offset,
                "messaging.message.id": envelope.id,
                "messaging.consumer.group.name": self._group,
            },
        )
