"""What keeps events safe when the embedded broker restarts, which it does empty.

It then takes whatever an old connection's owner still sends, as if nothing had happened. Kafka clients were written for
brokers with a memory and send on by themselves, so both sides ask once more here. A broker that keeps its log loses one round
trip a send by this, and nothing else.
"""

from typing import Any

from aiokafka.client import ConnectionGroup
from aiokafka.errors import KafkaError, NodeNotReadyError
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.produce import ProduceRequest


class BrokerChanged(KafkaError):  # type: ignore[misc] # aiokafka carries no types
    """The connection over which a group was joined is gone; its offsets may mean nothing to who answers now."""


def ask_before_producing(client: Any) -> None:
    """Make a client ask for its topics right before every produce request, which also makes the broker create them.

    Else the broker would take records for topics it does not have, acknowledge them and lose them. A client that cannot ask
    does not send, and retries.
    """
    send = client.send

    async def ask_then_send(node_id: Any, request: Any, **options: Any) -> Any:
        if isinstance(request, ProduceRequest) and not await client.force_metadata_update():
            raise NodeNotReadyError(f"node {node_id} did not answer when asked for its topics")
        return await send(node_id, request, **options)

    client.send = ask_then_send


def commit_only_where_it_was_read(client: Any) -> None:
    """Let a consumer commit only over the connection over which it joined its group; raises BrokerChanged otherwise.

    Else an offset of the old log would be committed to the new one and its beginning never be read: the broker accepts
    commits of groups it does not know, and the client repeats a commit on whatever connection it gets. The consumer is to
    be replaced by a new one, which starts from what the broker itself remembers.
    """
    send = client.send
    joined: Any = None

    async def send_where_joined(node_id: Any, request: Any, **options: Any) -> Any:
        nonlocal joined
        name = (node_id, ConnectionGroup.COORDINATION)
        if isinstance(request, OffsetCommitRequest):
            connection = client._conns.get(name)
            if connection is None or connection is not joined or not connection.connected():
                raise BrokerChanged("the broker went away since this group was joined")
        try:
            return await send(node_id, request, **options)
        finally:
            joined = joined or client._conns.get(name)

    client.send = send_where_joined
