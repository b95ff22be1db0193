"""What keeps events safe when the embedded broker restarts, which it does empty.

It then takes whatever an old connection's owner still sends, as if nothing had happened. Kafka clients were written for
brokers with a memory and send on by themselves, so both sides ask once more here. A broker that keeps its log loses one round
trip a connection by this, and nothing else.
"""

from typing import Any

from aiokafka.client import ConnectionGroup
from aiokafka.errors import KafkaError, NodeNotReadyError
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest


class BrokerChanged(KafkaError):  # type: ignore[misc] # aiokafka carries no types
    """The connection over which a group was joined is gone; its offsets may mean nothing to who answers now."""


def ask_before_producing(client: Any) -> None:
    """Make a client ask for its topics over each new connection before it produces over it, which also makes the broker create
    them.

    Else a broker that is new would take records for topics it does not have, acknowledge them and lose them. A client that
    cannot ask does not send, and retries. A broker that restarts takes its connections with it, so once for each is enough.
    """
    send = client.send
    asked: dict[Any, Any] = {}

    async def ask_then_send(node_id: Any, request: Any, **options: Any) -> Any:
        if isinstance(request, ProduceRequest):
            node = (node_id, options.get("group", ConnectionGroup.DEFAULT))
            if node not in asked or client._conns.get(node) is not asked[node] or not asked[node].connected():
                asked[node] = await _asked_over_a_connection(client, node)
        # Nothing is waited for between looking at the connection and writing to it.
        return await send(node_id, request, **options)

    client.send = ask_then_send


async def _asked_over_a_connection(client: Any, node: tuple[Any, ConnectionGroup]) -> Any:
    """The connection to this node, over which its topics were asked for just now."""
    node_id, group = node
    connection: Any = client._conns.get(node) if await client.ready(node_id, group=group) else None
    answer = None if connection is None else await connection.send(MetadataRequest(list(client._topics)))
    if answer is None or not answer.brokers or client._conns.get(node) is not connection or not connection.connected():
        raise NodeNotReadyError(f"node {node_id} did not answer when asked for its topics")
    return connection


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
