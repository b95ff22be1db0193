"""The servers of the embedded stack answer real clients."""

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from redis.asyncio import Redis
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client

from hanse.settings import Settings
from tests.conftest import OpenDatabase


async def test_each_test_gets_a_database_of_its_own(database: OpenDatabase) -> None:
    first, second = await database("orders"), await database("orders")
    async with first.transaction() as tx:
        await tx.execute("CREATE TABLE only_here (id int)")
    async with second.reader() as reader:
        assert await reader.fetchval("SELECT to_regclass('only_here')") is None


async def test_redis_keeps_a_value(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as client:
        await client.set("greeting", "moin")
        assert await client.get("greeting") == b"moin"


async def test_a_consumer_reads_what_a_producer_sent(kafka_bootstrap: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        await producer.send_and_wait("greetings", b"moin")
    consumer = AIOKafkaConsumer("greetings", bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    async with consumer:
        message = await consumer.getone()
    assert message.value == b"moin"


async def test_temporal_knows_the_search_attributes_operators_filter_by(
    temporal_client: Client, settings: Settings
) -> None:
    answer = await temporal_client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=settings.temporal_namespace)
    )
    assert {"OrderId", "UserId", "OrderStatus", "Amount", "SkuIds"} <= set(answer.custom_attributes)
