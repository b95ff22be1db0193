"""A large statement is taken in with bounded memory, and the worker beside it goes on."""

import asyncio
import gzip
import shutil
import tracemalloc
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.reconciliation import ReconciliationActivities
from activities.siblings import Siblings
from channels.payment.registry import PaymentChannels
from channels.payment.sandbox.wire import STATEMENT_COLUMNS
from channels.payment.sandbox_channel import SandboxChannel
from models.payments.reconciliation import StatementState, TakeIn
from stores.payments import PaymentStore
from tests.integration.payments.till import OpenDatabase

DAY = date(2026, 11, 1)
FEW, MANY = 2_000, 9_000
A_LITTLE = 1_500_000
"""Bytes. The lines of the larger statement take some five million as values."""


def now() -> datetime:
    return datetime.now(UTC)


class FromDisk(SandboxChannel):
    """The sandbox's files, from a folder instead of over HTTP."""

    files: Path

    async def fetch_statement(self, day: date, into: Path) -> Path:
        return Path(await asyncio.to_thread(shutil.copy, self.files / f"{day}.csv.gz", into))


def written(file: Path, lines: int) -> None:
    """A statement of so many payments."""
    with gzip.open(file, "wt", compresslevel=1) as text:
        text.write(",".join(STATEMENT_COLUMNS) + "\n")
        for number in range(lines):
            text.write(
                f"payment,2026-11-01T10:00:00Z,txn_{number:032d},ref_{number:032d},att_{number:026d},card,100,CNY,\n"
            )
        text.write(f"totals,,,,,,{lines * 100},CNY,{lines}\n")


@pytest.fixture
async def desk(database: OpenDatabase, tmp_path: Path, temporal_client: Client) -> ReconciliationActivities:
    channel = FromDisk("card", "http://127.0.0.1:1", "a secret that nobody asks for", httpx.AsyncClient(), now)
    channel.files = tmp_path
    return ReconciliationActivities(
        PaymentStore(await database("payments")),
        PaymentChannels([channel]),
        Siblings(temporal_client),
        now,
        placement="inline",
    )


async def peak_of(desk: ReconciliationActivities, file: Path, lines: int) -> int:
    """The most bytes that Python held at once while it took the statement in."""
    await asyncio.to_thread(written, file, lines)
    tracemalloc.start()
    try:
        ask = TakeIn(channel="sandbox_card", day=date.fromisoformat(file.name.partition(".")[0]))
        taken = await ActivityEnvironment().run(desk.take_in, ask)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (taken.state, taken.lines) == (StatementState.ACCEPTED, lines)
    return peak


async def test_more_lines_take_no_more_memory(desk: ReconciliationActivities, tmp_path: Path) -> None:
    few = await peak_of(desk, tmp_path / "2026-11-01.csv.gz", FEW)
    many = await peak_of(desk, tmp_path / "2026-11-02.csv.gz", MANY)
    assert many - few < A_LITTLE, f"{few:,} bytes for {FEW:,} lines, {many:,} for {MANY:,}"


async def test_others_get_their_turn_while_a_statement_is_taken_in(
    desk: ReconciliationActivities, tmp_path: Path
) -> None:
    file = tmp_path / "2026-11-03.csv.gz"
    await asyncio.to_thread(written, file, MANY)
    loop, turns, longest = asyncio.get_running_loop(), 0, 0.0
    ask = TakeIn(channel="sandbox_card", day=date(2026, 11, 3))
    taking = asyncio.create_task(ActivityEnvironment().run(desk.take_in, ask))
    while not taking.done():
        before = loop.time()
        await asyncio.sleep(0.005)
        turns, longest = turns + 1, max(longest, loop.time() - before)
    assert (await taking).lines == MANY
    assert turns > 5
    assert longest < 1.0, f"somebody waited {longest:.2f} s"
