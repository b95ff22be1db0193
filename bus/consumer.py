"""Runs handlers over events, each event once as far as memory goes, at least once always."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError
from opentelemetry import propagate, trace
from opentelemetry.trace import Link, SpanKind
from prometheus_client import Counter

from bus.catalog import dead_letter_topic
from bus.dead_letters import Retries, dead_letter
from bus.envelope import Envelope, MalformedEvent, UnknownEventType, decode
from bus.publisher import Publisher
from bus.restarted_broker import commit_only_where_it_was_read
from bus.seen import SeenEvents
from bus.topics import create_missing
from models.shared.events import Event

logger = logging.getLogger(__name__)
_tracer = trace.get_tracer(__name__)
_consumed = Counter("hanse_events_consumed", "Events by what became of them", ["group", "type", "outcome"])

Handler = Callable[[Envelope], Awaitable[None]]
"""What a group does about one type of event. It must bear being called twice for the same event."""


class _Stopped(Exception):
    """Told to stop between two tries: the event stays uncommitted and comes again."""


class Consumer:
    """One member of a consumer group: subscribes to the topics of its handlers' events and runs until `stop`.

    An offset is committed after the handler is done, so a crash repeats and never skips. An event that fails `retries.tries`
    times goes to the group's dead-letter topic with the reason in its headers; one of an unknown type is passed over.
    """

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
        self._bootstrap = bootstrap
        self._group = group
        self._handlers = dict(handlers)
        self._topics = sorted({kind.topic() for kind in handlers})
        self._seen = seen
        self._publisher = publisher
        self._retries = retries or Retries()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Finish the event in hand, commit, leave the group; then `run` returns."""
        self._stopping.set()

    async def run(self) -> None:
        """Consume until `stop`. Whatever goes wrong around it (broker, Redis) is waited out, from the last commit on."""
        while not self._stopping.is_set():
            try:
                await self._consume()
            except Exception:
                logger.exception("consumer group %s starts over from its last commit in 1 s", self._group)
                await self._pause(1.0)

    async def _consume(self) -> None:
        await create_missing(self._bootstrap, [*self._topics, dead_letter_topic(self._group)])
        consumer = AIOKafkaConsumer(
            *self._topics,
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=6_000,
            heartbeat_interval_ms=1_500,
            metadata_max_age_ms=10_000,
            max_poll_interval_ms=600_000,
        )
        commit_only_where_it_was_read(consumer._client)
        try:
            await consumer.start()
            while not self._stopping.is_set():
                batches = await consumer.getmany(timeout_ms=500, max_records=100)
                await self._handle_all(consumer, batches)
        finally:
            await consumer.stop()

    async def _handle_all(
        self, consumer: AIOKafkaConsumer, batches: Mapping[TopicPartition, list[ConsumerRecord[Any, Any]]]
    ) -> None:
        """Partitions side by side, each in its order; then commit what is done, even when one partition failed."""
        done: dict[TopicPartition, int] = {}

        async def in_order(partition: TopicPartition, records: list[ConsumerRecord[Any, Any]]) -> None:
            for record in records:
                if self._stopping.is_set():
                    return
                with suppress(_Stopped):
                    await self._handle(record)
                    done[partition] = record.offset + 1

        outcomes = await asyncio.gather(*(in_order(*batch) for batch in batches.items()), return_exceptions=True)
        if done:
            await self._commit(consumer, done)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _commit(self, consumer: AIOKafkaConsumer, done: dict[TopicPartition, int]) -> None:
        try:
            await consumer.commit(done)
        except (CommitFailedError, IllegalStateError) as error:
            # A partition moved to another member meanwhile; it gets these events again and knows them by their ids.
            logger.info("group %s lost partitions before it could commit: %s", self._group, error)

    async def _handle(self, record: ConsumerRecord[Any, Any]) -> None:
        try:
            envelope = decode(record.key, record.value, record.headers)
        except UnknownEventType as unknown:
            logger.info("passed over an event of a type nobody here knows: %s", unknown)
            return
        except MalformedEvent as malformed:
            await self._bury(record, "malformed", malformed, tries=1)
            return
        handler = self._handlers.get(type(envelope.event))
        if handler is None:
            return
        if await self._seen.contains(envelope.source, envelope.id):
            _consumed.labels(self._group, envelope.event.type, "duplicate").inc()
            return
        with self._span(record, envelope):
            error = await self._try(handler, envelope)
            if error is None:
                await self._seen.add(envelope.source, envelope.id)
            else:  # not remembered as seen, so that it can be replayed from the dead letters
                await self._bury(record, "handler_failed", error, tries=self._retries.tries)
        _consumed.labels(self._group, envelope.event.type, "failed" if error else "handled").inc()

    async def _try(self, handler: Handler, envelope: Envelope) -> Exception | None:
        """None when it worked, else the last of all errors."""
        last: Exception | None = None
        for pause in self._retries.pauses():
            await self._pause(pause)
            if last is not None and self._stopping.is_set():
                raise _Stopped
            try:
                await handler(envelope)
            except Exception as error:
                logger.warning("group %s failed on %s: %r", self._group, envelope.id, error)
                last = error
            else:
                return None
        return last

    async def _bury(self, record: ConsumerRecord[Any, Any], reason: str, error: Exception, *, tries: int) -> None:
        logger.error("group %s gives up on %s/%s@%s", self._group, record.topic, record.partition, record.offset)
        await self._publisher.send(dead_letter(record, self._group, reason, error, tries))

    def _span(self, record: ConsumerRecord[Any, Any], envelope: Envelope) -> Any:
        """A span that goes on with the trace the event arose in, and also links to the send."""
        origin = propagate.extract(dict(envelope.trace))
        sender = trace.get_current_span(origin).get_span_context()
        return _tracer.start_as_current_span(
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

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
