"""Topics are created by whoever needs them first; one that exists is never changed."""

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from bus.catalog import PARTITIONS

_COPIES = 3
"""Of each topic, where there are so many brokers: what Kafka's documentation recommends, since one may be lost while another is
being served."""


async def create_missing(bootstrap: str, names: Iterable[str]) -> None:
    """Create those of `names` that the brokers do not have, with as many copies as there are brokers, three at most. Two callers at
    once do no harm.

    Raises KafkaError when the broker is away or forbids it.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5_000)
    await admin.start()
    try:
        missing = sorted(set(names) - set(await admin.list_topics()))
        if not missing:
            return
        brokers = (await admin.describe_cluster())["brokers"]
        copies = min(_COPIES, len(brokers))
        answer = await admin.create_topics([NewTopic(name, PARTITIONS, replication_factor=copies) for name in missing])
        for name, code, *_ in answer.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                raise for_code(code)(f"topic {name} could not be created")
    finally:
        await admin.close()
