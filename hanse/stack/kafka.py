"""A broker that speaks Kafka's protocol, in memory: after a restart its topics are empty and must be created again."""

import asyncio
from pathlib import Path

from hanse.stack.part import Part


def kafka_part(program: Path, port: int) -> Part:
    """Events are facts derived from the databases and the workflows, so losing the broker's memory loses no business."""
    address = f"tcp://127.0.0.1:{port}"

    async def ready() -> bool:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True

    return Part(
        name="kafka",
        command=[
            *(str(program), "broker", "--listener-url", address, "--advertised-listener-url", address),
            *("--storage-engine", "memory://tansu/"),
        ],
        ready=ready,
        port=port,
    )
