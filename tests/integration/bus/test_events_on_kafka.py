"""Publisher and consumers on a real broker: order, duplicates, poison, a stop, and a broker that dies."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from opentelemetry import trace
from redis.asyncio import Redis

from bus.batches import BatchConsumer
from bus.catalog import dead_letter_topic
from bus.consumer import Consumer, Handler
from bus.dead_letters import Retries
from bus.envelope import Envelope, encode
from bus.publisher import NotAcknowledged, Publisher
from bus.seen import RedisSeenEvents
from models.orders.events import OrderCancelled, OrderCompleted, OrderCreated
from models.orders.types import CancelReason
from models.shared.events import Event
from models.shared.ids import OrderId, UserId
from models.shared.money import Money
from tests.integration.bus.broker import Broker

pytestmark = pytest.mark.stack
NOW = datetime(2026, 5, 1, tzinfo=UTC)
USER = UserId.derive(NOW, "buyer")
QUICK = Retries(tries=3, first_pause=0.01)


def order() -> OrderId:
    return OrderId.mint(NOW, secrets.token_bytes(10))


def created(order_id: OrderId) -> OrderCreated:
    return OrderCreated(occurred_at=NOW, order_id=order_id, user_id=USER, total=Money(minor=100), lines=())


def life_of(order_id: OrderId) -> list[Event]:
    return [
        created(order_id),
        OrderCancelled(occurred_at=NOW, order_id=order_id, user_id=USER, reason=CancelReason.BY_USER),
        OrderCompleted(occurred_at=NOW, order_id=order_id, user_id=USER, total=Money(minor=100)),
    ]


class Listener:
    """Handlers of one group that write down what they get, and fail where a test says so."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.attempts: list[str] = []
        self.broken: set[str] = set()
        self.away: dict[str, int] = {}
        """How often the database is still away when this event comes."""

    async def __call__(self, envelope: Envelope) -> None:
        self.attempts.append(envelope.id)
        if self.away.get(envelope.id):
            self.away[envelope.id] -= 1
            raise RuntimeError(f"{envelope.id} was not written down") from ConnectionRefusedError("the database")
        if envelope.id in self.broken:
            raise RuntimeError("cannot reach buyer at 13800138000")
        self.heard.append(envelope.id)

    def handlers(self) -> Mapping[type[Event], Handler]:
        return {OrderCreated: self, OrderCancelled: self, OrderCompleted: self}


async def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


RunConsumer = Callable[..., Awaitable[Consumer]]


@pytest.fixture
async def publisher(kafka_bootstrap: str) -> AsyncIterator[Publisher]:
    async with Publisher(kafka_bootstrap) as publisher:
        yield publisher


@pytest.fixture
async def seen_redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


@asynccontextmanager
async def listening(
    bootstrap: str, group: str, listener: Listener, redis: Redis, publisher: Publisher, retries: Retries = QUICK
) -> AsyncIterator[Consumer]:
    consumer = Consumer(
        bootstrap,
        group,
        listener.handlers(),
        seen=RedisSeenEvents(redis, group),
        publisher=publisher,
        retries=retries,
    )
    running = asyncio.create_task(consumer.run())
    try:
        yield consumer
    finally:
        consumer.stop()
        async with asyncio.timeout(20):
            await running


def group() -> str:
    return f"test-{secrets.token_hex(4)}"


async def read_all(bootstrap: str, topic: str, count: int) -> list[ConsumerRecord[bytes, bytes]]:
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        async with asyncio.timeout(20):
            return [await consumer.getone() for _ in range(count)]


async def first_failed(bootstrap: str, topic: str) -> ConsumerRecord[bytes, bytes]:
    """The first letter that a handler failed on: other tests leave records in the topics that are no events at all."""
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        async with asyncio.timeout(20):
            while True:
                letter = await consumer.getone()
                if dict(letter.headers)["dead_letter_reason"] == b"handler_failed":
                    return letter


async def test_events_of_an_order_arrive_in_the_order_they_were_told(
    kafka_bootstrap: str, publisher: Publisher, seen_redis: Redis
) -> None:
    listener, orders = Listener(), [order() for _ in range(20)]
    lives = [life_of(one) for one in orders]
    await asyncio.gather(*(publisher.publish(life) for life in lives))
    async with listening(kafka_bootstrap, group(), listener, seen_redis, publisher):
        await until(lambda: sum(id_.split("/")[1] in orders for id_ in listener.heard) >= 60)
    for one, life in zip(orders, lives, strict=True):
        assert [id_ for id_ in listener.heard if id_.endswith(one)] == [event.event_id for event in life]


async def test_an_event_published_twice_is_handled_once_by_each_group(
    kafka_bootstrap: str, publisher: Publisher, seen_redis: Redis
) -> None:
    first, second, event, last = Listener(), Listener(), created(order()), created(order())
    await publisher.publish([event, event])
    await publisher.publish([event, last])
    async with (
        listening(kafka_bootstrap, group(), first, seen_redis, publisher),
        listening(kafka_bootstrap, group(), second, seen_redis, publisher),
    ):
        for listener in (first, second):
            await until(lambda heard=listener.heard: {event.event_id, last.event_id} <= set(heard))  # type: ignore[misc]
    for listener in (first, second):
        assert listener.heard.count(event.event_id) == 1


async def test_poison_goes_to_the_dead_letters_with_its_reason_and_the_next_event_is_handled(
    kafka_bootstrap: str, publisher: Publisher, seen_redis: Redis
) -> None:
    listener, life, name = Listener(), life_of(order()), group()
    listener.broken.add(life[0].event_id)
    await publisher.publish(life)
    async with listening(kafka_bootstrap, name, listener, seen_redis, publisher):
        await until(lambda: life[2].event_id in listener.heard)
    assert listener.attempts.count(life[0].event_id) == QUICK.tries
    (letter,) = await read_all(kafka_bootstrap, dead_letter_topic(name), 1)
    headers = dict(letter.headers)
    assert headers["ce_id"].decode() == life[0].event_id
    assert headers["dead_letter_reason"] == b"handler_failed"
    assert headers["dead_letter_error"] == b"RuntimeError: cannot reach buyer at 138****8000"
    assert headers["dead_letter_tries"] == b"3"
    assert headers["dead_letter_topic"] == b"hanse.orders"
    assert letter.value == encode(life[0], {}).value


async def test_an_event_whose_handler_finds_its_database_away_waits_and_is_not_buried(
    kafka_bootstrap: str, publisher: Publisher, seen_redis: Redis
) -> None:
    """The letter that comes is that of the poison after it: the first event was tried more often than poison is, and handled."""
    listener, life, name = Listener(), life_of(order()), group()
    listener.away[life[0].event_id] = 3 * QUICK.tries
    listener.broken.add(life[1].event_id)
    await publisher.publish(life)
    async with listening(kafka_bootstrap, name, listener, seen_redis, publisher):
        await until(lambda: life[2].event_id in listener.heard)
    assert listener.attempts.count(life[0].event_id) == 3 * QUICK.tries + 1
    assert life[0].event_id in listener.heard
    letter = await first_failed(kafka_bootstrap, dead_letter_topic(name))
    assert dict(letter.headers)["ce_id"].decode() == life[1].event_id


async def test_a_batch_whose_handler_finds_a_server_away_at_any_moment_loses_only_what_is_poison(
    kafka_bootstrap: str, publisher: Publisher, seen_redis: Redis
) -> None:
    name, life = group(), life_of(order())
    events = [event.event_id for event in life]
    told: list[str] = []
    away_alone = [ConnectionResetError("Temporal"), ConnectionResetError("Temporal")]

    async def listen(envelopes: Sequence[Envelope]) -> None:
        mine = [envelope.id for envelope in envelopes if envelope.id in events]
        if events[1] in mine:
            raise RuntimeError("not this one")
        if len(envelopes) == 1 and mine and away_alone:
            raise away_alone.pop()
        told.extend(mine)

    consumer = BatchConsumer(
        kafka_bootstrap,
        name,
        (OrderCreated, OrderCancelled, OrderCompleted),
        listen,
        seen=RedisSeenEvents(seen_redis, name),
        publisher=publisher,
        retries=QUICK,
        gather_for=0.3,
    )
    await publisher.publish(life)
    running = asyncio.create_task(consumer.run())
    await until(lambda: {events[0], events[2]} <= set(told))
    letter = await first_failed(kafka_bootstrap, dead_letter_topic(name))
    consumer.stop()
    await running
    assert dict(letter.headers)["ce_id"].decode() == events[1]
    assert away_alone == []


@pytest.mark.proof
async def test_a_group_that_is_stopped_while_it_waits_leaves_the_event_for_the_next_time(
    kafka_bootstrap: str, publisher: Publisher, seen_redis: Redis
) -> None:
    listener, event, name = Listener(), created(order()), group()
    listener.away[event.event_id] = 1_000_000
    await publisher.publish([event])
    async with listening(
        kafka_bootstrap, name, listener, seen_redis, publisher, Retries(tries=1, patience=0.05, first_pause=0.01)
    ):
        await until(lambda: listener.attempts.count(event.event_id) > 4)  # more than one stretch of patience
    again = Listener()
    async with listening(kafka_bootstrap, name, again, seen_redis, publisher):
        await until(lambda: event.event_id in again.heard)


async def test_a_record_that_is_no_event_goes_to_the_dead_letters_at_once(
    kafka_bootstrap: str, publisher: Publisher, seen_redis: Redis
) -> None:
    listener, event, name = Listener(), created(order()), group()
    await publisher.publish([event])
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        await producer.send_and_wait("hanse.orders", b"{}", key=event.key.encode())
    async with listening(kafka_bootstrap, name, listener, seen_redis, publisher):
        (letter,) = await read_all(kafka_bootstrap, dead_letter_topic(name), 1)
        await until(lambda: event.event_id in listener.heard)
    assert dict(letter.headers)["dead_letter_reason"] == b"malformed"


async def test_events_that_come_within_a_moment_are_handed_over_together_and_one_that_poisons_them_suffers_alone(
    kafka_bootstrap: str, publisher: Publisher, seen_redis: Redis
) -> None:
    name, lives = group(), [life_of(order()) for _ in range(4)]
    events, poison = [event.event_id for life in lives for event in life], lives[1][1].event_id
    batches: list[list[str]] = []

    async def listen(envelopes: Sequence[Envelope]) -> None:
        batches.append([envelope.id for envelope in envelopes if envelope.id in events])
        if poison in batches[-1]:
            raise RuntimeError("not this one")

    consumer = BatchConsumer(
        kafka_bootstrap,
        name,
        (OrderCreated, OrderCancelled, OrderCompleted),
        listen,
        seen=RedisSeenEvents(seen_redis, name),
        publisher=publisher,
        retries=QUICK,
        gather_for=0.3,
    )
    await publisher.publish([event for life in lives for event in life])
    running = asyncio.create_task(consumer.run())
    await until(lambda: [poison] in batches and set(events) <= {id_ for batch in batches for id_ in batch})
    letter = await first_failed(kafka_bootstrap, dead_letter_topic(name))
    consumer.stop()
    await running
    assert dict(letter.headers)["ce_id"].decode() == poison
    together = next(batch for batch in batches if poison in batch)
    assert len(together) > 1
    assert batches.count(together) == QUICK.tries
    for life in lives:
        told = [id_ for batch in batches if len(batch) == 1 or poison not in batch for id_ in batch]
        assert [id_ for id_ in told if id_ in {event.event_id for event in life}] == [event.event_id for event in life]


@pytest.mark.proof
async def test_what_was_not_committed_at_a_stop_comes_again_and_what_was_does_not(
    kafka_bootstrap: str, publisher: Publisher, seen_redis: Redis
) -> None:
    name, before, after = group(), created(order()), created(order())
    first, second = Listener(), Listener()
    await publisher.publish([before])
    async with listening(kafka_bootstrap, name, first, seen_redis, publisher):
        await until(lambda: before.event_id in first.heard)
    await publisher.publish([after])
    async with listening(kafka_bootstrap, name, second, seen_redis, publisher):
        await until(lambda: after.event_id in second.heard)
    assert before.event_id not in second.attempts


@pytest.mark.proof
async def test_a_second_member_shares_the_work_and_takes_over_when_the_first_leaves(
    kafka_bootstrap: str, publisher: Publisher, seen_redis: Redis
) -> None:
    name, first, second = group(), Listener(), Listener()
    early, late = [created(order()) for _ in range(20)], [created(order()) for _ in range(20)]
    async with listening(kafka_bootstrap, name, second, seen_redis, publisher):
        async with listening(kafka_bootstrap, name, first, seen_redis, publisher):
            await publisher.publish(early)
            await until(lambda: {e.event_id for e in early} <= {*first.heard, *second.heard}, 60)
        await publisher.publish(late)
        await until(lambda: {e.event_id for e in late} <= {*first.heard, *second.heard}, 60)
    together = [id_ for id_ in first.heard + second.heard if id_ in {e.event_id for e in early + late}]
    assert len(together) == len(set(together)) == 40


@pytest.mark.proof
async def test_a_killed_broker_that_comes_back_empty_loses_nothing_after_the_acknowledgement_was_missing(
    seen_redis: Redis,
) -> None:
    broker, listener = Broker(), Listener()
    before, during, after = ([created(order()) for _ in range(10)] for _ in range(3))
    await broker.start()
    try:
        async with (
            Publisher(broker.bootstrap, timeout_seconds=2.0) as publisher,
            listening(broker.bootstrap, group(), listener, seen_redis, publisher),
        ):
            await publisher.publish(before)
            await until(lambda: {e.event_id for e in before} <= set(listener.heard))
            broker.kill()
            with pytest.raises(NotAcknowledged, match="Publishing again is safe"):
                await publisher.publish(during)
            await broker.start()
            await publisher.publish(during)
            await publisher.publish(after)
            await until(lambda: {e.event_id for e in [*during, *after]} <= set(listener.heard), 60)
    finally:
        broker.kill()
    assert sorted(listener.heard) == sorted({e.event_id for e in [*before, *during, *after]})


async def test_publishing_waits_for_a_broker_that_is_away_for_a_moment(seen_redis: Redis) -> None:
    broker, event = Broker(), created(order())
    async with Publisher(broker.bootstrap, timeout_seconds=10.0) as publisher:
        await broker.start()
        try:
            await publisher.publish([created(order())])
            broker.kill()
            waiting = asyncio.create_task(publisher.publish([event]))
            await asyncio.sleep(1.5)
            await broker.start()
            await waiting
            (record,) = await read_all(broker.bootstrap, "hanse.orders", 1)
        finally:
            broker.kill()
    assert dict(record.headers)["ce_id"].decode() == event.event_id


async def test_a_process_starts_without_kafka_and_says_what_is_missing_when_it_publishes() -> None:
    async with Publisher(Broker().bootstrap, timeout_seconds=1.0) as publisher:
        with pytest.raises(NotAcknowledged, match="is it running"):
            await publisher.publish([created(order())])


async def test_what_was_seen_is_forgotten_after_its_time(seen_redis: Redis) -> None:
    seen = RedisSeenEvents(seen_redis, group(), keep=timedelta(seconds=1))
    await seen.add("/hanse/orders", "order_created/1")
    assert await seen.contains("/hanse/orders", "order_created/1")
    assert not await seen.contains("/hanse/payments", "order_created/1")
    await asyncio.sleep(1.2)
    assert not await seen.contains("/hanse/orders", "order_created/1")


async def test_a_handler_runs_in_the_trace_in_which_the_event_arose(
    kafka_bootstrap: str, publisher: Publisher, seen_redis: Redis
) -> None:
    arose = trace.SpanContext(0xABCDEF, 0x1234, is_remote=True, trace_flags=trace.TraceFlags(1))
    heard: dict[str, int] = {}
    event = created(order())

    async def listen(envelope: Envelope) -> None:
        heard[envelope.id] = trace.get_current_span().get_span_context().trace_id

    with trace.use_span(trace.NonRecordingSpan(arose)):
        await publisher.publish([event])
    name = group()
    consumer = Consumer(
        kafka_bootstrap,
        name,
        {OrderCreated: listen},
        seen=RedisSeenEvents(seen_redis, name),
        publisher=publisher,
    )
    running = asyncio.create_task(consumer.run())
    await until(lambda: event.event_id in heard)
    consumer.stop()
    await running
    assert heard[event.event_id] == arose.trace_id
