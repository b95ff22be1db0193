"""What every member of a consumer group does: subscribe, poll, know what it had, retry, bury, commit."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError
from opentelemetry import trace
from prometheus_client import Counter

from bus.catalog import dead_letter_topic
from bus.dead_letters import Retries, dead_letter
from bus.envelope import Envelope, MalformedEvent, UnknownEventType, decode
from bus.publisher import Publisher
from bus.restarted_broker import commit_only_where_it_was_read
from bus.seen import SeenEvents
from bus.topics import create_missing
from hanse.away import is_away
from models.shared.events import Event

logger = logging.getLogger(__name__)
tracer = trace.get_tracer(__name__)
_consumed = Counter("hanse_events_consumed", "Events by what became of them", ["group", "type", "outcome"])
_given_up = Counter("hanse_events_given_up", "Records that went to the dead letters", ["group"])
_waited = Counter("hanse_consumer_waits", "Tries of a handler that found a server away", ["group"])

Records = Mapping[TopicPartition, list[ConsumerRecord[Any, Any]]]
"""What one poll brought: each partition's in its order."""

MOST_AT_ONCE = 100
"""Records of one poll."""


class Stopped(Exception):
    """Told to stop between two tries: what was in hand stays uncommitted and comes again."""


class StillAway(Exception):
    """What a handler needs was away for as long as one may wait in one place: from the last commit on everything comes again."""


class Member(ABC):
    """One member of a consumer group: subscribes to the topics of these kinds of events and runs until `stop`.

    An offset is committed after its event is done, so a crash repeats and never skips. What fails `retries.tries` times goes to
    the group's dead-letter topic with the reason in its headers; an event of an unknown type is passed over. A handler that fails
    because a server is away fails on nothing that is wrong with the event: it is waited for, however long.
    """

    def __init__(
        self,
        bootstrap: str,
        group: str,
        kinds: Iterable[type[Event]],
        *,
        seen: SeenEvents,
        publisher: Publisher,
        retries: Retries | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._kinds = frozenset(kinds)
        self._topics = sorted({kind.topic() for kind in self._kinds})
        self._seen = seen
        self._publisher = publisher
        self._retries = retries or Retries()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Finish what is in hand, commit, leave the group; then `run` returns."""
        self._stopping.set()

    async def run(self) -> None:
        """Consume until `stop`. Whatever goes wrong around it (broker, Redis) is waited out, from the last commit on."""
        while not self._stopping.is_set():
            try:
                await self._consume()
            except Exception:
                logger.exception("consumer group %s starts over from its last commit in 1 s", self._group)
                await self._pause(1.0)

    @abstractmethod
    async def _work(self, records: Records, done: dict[TopicPartition, int]) -> None:
        """Do what is to be done about these, and say in `done` up to which offset of a partition it is, even when it raises."""

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
                records = await self._poll(consumer)
                done: dict[TopicPartition, int] = {}
                try:
                    await self._work(records, done)
                finally:
                    if done:
                        await self._commit(consumer, done)
        finally:
            await consumer.stop()

    async def _poll(self, consumer: AIOKafkaConsumer) -> Records:
        found: Records = await consumer.getmany(timeout_ms=500, max_records=MOST_AT_ONCE)
        return found

    async def _commit(self, consumer: AIOKafkaConsumer, done: dict[TopicPartition, int]) -> None:
        try:
            await consumer.commit(done)
        except (CommitFailedError, IllegalStateError) as error:
            # A partition moved to another member meanwhile; it gets these events again and knows them by their ids.
            logger.info("group %s lost partitions before it could commit: %s", self._group, error)

    async def _read(self, record: ConsumerRecord[Any, Any]) -> Envelope | None:
        """The event of this record; None when there is nothing to do about it, or nothing left to do."""
        try:
            envelope = decode(record.key, record.value, record.headers)
        except UnknownEventType as unknown:
            logger.info("passed over an event of a type nobody here knows: %s", unknown)
            return None
        except MalformedEvent as malformed:
            await self._bury(record, "malformed", malformed, tries=1)
            return None
        if type(envelope.event) not in self._kinds:
            return None
        if await self._seen.contains(envelope.source, envelope.id):
            self._count(envelope, "duplicate")
            return None
        return envelope

    async def _try(self, handle: Callable[[], Awaitable[None]], what: str) -> Exception | None:
        """None when it worked, else the last of all errors."""
        last: Exception | None = None
        for pause in self._retries.pauses():
            await self._pause(pause)
            if last is not None and self._stopping.is_set():
                raise Stopped
            try:
                await self._borne(handle, what)
            except (Stopped, StillAway):
                raise
            except Exception as error:
                logger.warning("group %s failed on %s: %r", self._group, what, error)
                last = error
            else:
                return None
        return last

    async def _borne(self, handle: Callable[[], Awaitable[None]], what: str) -> None:
        """Call the handler, again and again while what it needs is away; nothing is committed meanwhile."""
        for rest in self._retries.rests():
            try:
                return await handle()
            except Exception as error:
                if not is_away(error):
                    raise
                _waited.labels(self._group).inc()
                logger.warning("group %s waits %.1f s for what %s needs: %r", self._group, rest, what, error)
            await self._pause(rest)
            if self._stopping.is_set():
                raise Stopped
        raise StillAway(f"what {what} needs was away for {self._retries.patience:.0f} s")

    async def _ended(self, record: ConsumerRecord[Any, Any], envelope: Envelope, error: Exception | None) -> None:
        """Remember what was done; bury what was not, without remembering it, so that it can be replayed."""
        if error is None:
            await self._seen.add(envelope.source, envelope.id)
        else:
            await self._bury(record, "handler_failed", error, tries=self._retries.tries)
        self._count(envelope, "failed" if error else "handled")

    def _count(self, envelope: Envelope, outcome: str) -> None:
        _consumed.labels(self._group, envelope.event.type, outcome).inc()

    async def _bury(self, record: ConsumerRecord[Any, Any], reason: str, error: Exception, *, tries: int) -> None:
        _given_up.labels(self._group).inc()
        logger.error("group %s gives up on %s/%s@%s", self._group, record.topic, record.partition, record.offset)
        await self._publisher.send(dead_letter(record, self._group, reason, error, tries))

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
