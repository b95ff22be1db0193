"""The conductor knows whose step it hears of, holds the one that a target names, and never holds anybody for good."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.chaos.conductor import Actor, Conductor
from tests.chaos.gate import Gate
from tests.chaos.plan import FAULTS, Target
from tests.chaos.steps import Step

RESERVE = Step("Checkout", "inventory.reserve_stock")
ANNA, BEN = "usr_01jd8x4q2r7m9v3k5t6w8y0zaa", "usr_01jd8x4q2r7m9v3k5t6w8y0zab"
ORDER, SKU = "ord_01jd8x4q2r7m9v3k5t6w8y0zac", "sku_01jd8x4q2r7m9v3k5t6w8y0zad"
CHECKOUT = f"checkout/{ORDER}"


@pytest.fixture
async def conductor(tmp_path: Path) -> AsyncIterator[Conductor]:
    async with Conductor(tmp_path / "c").listening() as conductor:
        yield conductor


async def says(conductor: Conductor, step: Step, *ids: str, at: str = "before", activity_id: str = "1") -> bytes:
    """What a worker is answered, when it is."""
    told = {"at": at, "saga": step.saga, "step": step.name, "workflow_id": CHECKOUT, "activity_id": activity_id}
    reader, writer = await asyncio.open_unix_connection(str(conductor.socket))
    writer.write(json.dumps({**told, "attempt": 1, "ids": [CHECKOUT, *ids]}).encode() + b"\n")
    answer = await reader.readline()
    writer.close()
    return answer


def anna(nth: int = 1) -> Actor:
    return Actor("bought", Target(FAULTS[0], RESERVE, "before", "bought", nth), {ANNA})


async def test_a_step_is_held_until_all_are_let_go_and_only_the_one_that_is_meant(conductor: Conductor) -> None:
    actor = anna()
    conductor.begin([Actor("other", None, {BEN}), actor])
    assert await says(conductor, Step("Checkout", "orders.quote_basket"), ANNA, ORDER) == b"go on\n"
    held = asyncio.create_task(says(conductor, RESERVE, SKU))  # known by what its quote named
    await conductor.all_held([asyncio.create_task(asyncio.sleep(0)), asyncio.create_task(asyncio.sleep(60))], 10)
    assert (actor.reached, held.done()) == (True, False)
    assert await says(conductor, RESERVE, SKU, at="after") == b"go on\n"
    conductor.let_go()
    assert await held == b"go on\n"
    assert await says(conductor, RESERVE, SKU) == b"go on\n"
    assert actor.taken == {Step("Checkout", "orders.quote_basket"): 1, RESERVE: 1}
    assert SKU not in actor.marks


async def test_the_second_time_is_meant_where_the_second_is_asked_for(conductor: Conductor) -> None:
    actor = anna(nth=2)
    conductor.begin([actor])
    assert await says(conductor, RESERVE, ANNA) == b"go on\n"
    assert await says(conductor, RESERVE, ANNA) == b"go on\n"  # another try of the same
    second = asyncio.create_task(says(conductor, RESERVE, ANNA, activity_id="2"))
    await conductor.all_held([asyncio.create_task(asyncio.sleep(60))], 10)
    assert actor.reached
    conductor.let_go()
    await second


async def test_who_stops_conducting_lets_everybody_go(tmp_path: Path) -> None:
    async with Conductor(tmp_path / "c").listening() as conductor:
        conductor.begin([anna()])
        held = asyncio.create_task(says(conductor, RESERVE, ANNA))
        await conductor.all_held([asyncio.create_task(asyncio.sleep(60))], 10)
    assert await held == b"go on\n"
    assert not conductor.socket.exists()


async def test_a_gate_passes_on_is_slow_and_refuses() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    gate = await Gate(server.sockets[0].getsockname()[1], delay=0.01).open()

    async def asked() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
        try:
            writer.write(b"hello\n")
            return await reader.readline()
        except ConnectionError:
            return b""
        finally:
            writer.close()

    standing, _ = await asyncio.open_connection("127.0.0.1", gate.port)
    assert await asked() == b"hello\n"
    async with gate.weather("slow"):
        assert await asked() == b"hello\n"
    async with gate.weather("refuses"):
        assert await asked() == b""
        with contextlib.suppress(ConnectionError):
            assert await standing.read(1) == b""  # who was connected is cut off
    assert await asked() == b"hello\n"
    await gate.close()
    server.close()
