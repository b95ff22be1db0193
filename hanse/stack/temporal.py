"""Temporal's development server as a part: workflows in one SQLite file, with the Web UI."""

import asyncio
from pathlib import Path

from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client

from hanse.stack.part import Part

SEARCH_ATTRIBUTES = {
    "OrderId": "Keyword",
    "UserId": "Keyword",
    "OrderStatus": "Keyword",
    "PaymentStatus": "Keyword",
    "ShipmentStatus": "Keyword",
    "AftersaleStatus": "Keyword",
    "SkuIds": "KeywordList",
    "Amount": "Int",
}

_TUNING = {
    # The default of 20 polls a second delays single requests by tens of milliseconds.
    "history.transferProcessorMaxPollRPS": "1000",
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    # Visibility rows are written in batches; a workflow shows up in lists half a second later.
    "history.visibilityProcessorMaxPollRPS": "2",
}
_TUNING_FOR_TESTS = {"history.visibilityProcessorMaxPollRPS": "20"}


def temporal_part(
    folder: Path, program: Path, *, port: int, ui_port: int, codec_endpoint: str, namespace: str, fast: bool = False
) -> Part:
    """`fast` keeps workflows in memory and is for tests only. The Web UI decodes payloads at `codec_endpoint`."""
    tuning = {**_TUNING, **(_TUNING_FOR_TESTS if fast else {})}
    storage = (
        ()
        if fast
        else (
            *("--db-filename", str(folder / "temporal.db")),
            *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"),
        )
    )

    async def prepare() -> None:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)

    async def ready() -> bool:
        client = await Client.connect(f"127.0.0.1:{port}", namespace=namespace)
        answer = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
        return set(SEARCH_ATTRIBUTES) <= set(answer.custom_attributes)

    return Part(
        name="temporal",
        command=[
            *(str(program), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(port)),
            *("--ui-port", str(ui_port), "--ui-codec-endpoint", codec_endpoint, "--ui-disable-news-fetch"),
            *("--namespace", namespace, "--log-level", "warn"),
            *storage,
            *(flag for item in SEARCH_ATTRIBUTES.items() for flag in ("--search-attribute", "=".join(item))),
            *(flag for item in tuning.items() for flag in ("--dynamic-config-value", "=".join(item))),
        ],
        env={"GOGC": "400"},
        prepare=prepare,
        ready=ready,
        port=port,
    )
