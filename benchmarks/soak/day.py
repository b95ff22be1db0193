"""The day itself: a throw-away stack, buyers at full speed, a look at every process every few seconds."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg

from benchmarks.driver import LoadProcess, load_process
from benchmarks.figures import Run
from benchmarks.goods import Stocking
from benchmarks.ground import Ground, Lay, open_ground
from benchmarks.soak.memory import Sample, counts_of, memory_of
from models.orders.messages import Placement

OURS = ("api", "worker", "consumers", "payment-sandbox", "carrier-sandbox")
SERVERS = ("temporal", "postgres", "redis", "kafka")
_INSIDE = Path(__file__).with_name("inside")
_A_LEG = 60.0
"""Seconds that buyers go on before the number of orders is looked at."""
_BEFORE_THE_QUARTER = 0.2
"""When a watched process is asked for the second time: counting its objects takes memory, which must be in what is judged from the
beginning."""
_TAKES_TO_TELL = 20.0


@dataclass(frozen=True)
class Plan:
    """How long, whichever comes first."""

    orders: int
    minutes: float
    clients: int = 12
    every: float = 5.0
    placement: Placement = "inline"
    watch: bool = False
    """Also ask each of our processes, at the beginning, a quarter and the end, what lives in it."""
    trace: bool = False
    """With `watch`: also where it was allocated, which makes everything several times slower."""


@dataclass(frozen=True)
class Day:
    """What a soak found. `legs` are the loads one after another."""

    samples: list[Sample]
    legs: list[Run]


Tell = Callable[[Sample], None]


@asynccontextmanager
async def ground_for(plan: Plan, folder: Path) -> AsyncIterator[Ground]:
    """A shop with many buyers, listeners, and parcels that travel half a minute."""
    environment = {}
    if plan.watch:
        (folder / "inside").mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join(filter(None, [str(_INSIDE), os.environ.get("PYTHONPATH", "")]))
        environment = {"PYTHONPATH": path, "HANSE_SOAK_FOLDER": str(folder / "inside")}
        if plan.trace:
            environment["PYTHONTRACEMALLOC"] = "6"
    lay = Lay(
        stocking=Stocking(leaving=200, buyers=40),
        placement=plan.placement,
        journey_seconds=30.0,
        consumers=True,
        environment=environment,
    )
    async with open_ground(folder / "data", lay) as ground:
        yield ground


async def spend_a_day(plan: Plan, ground: Ground, kept: Path, tell: Tell) -> Day:
    """Load until the plan is fulfilled; every sample is also appended to `kept`, so that an interrupted day is not lost."""
    begun = time.monotonic()
    samples: list[Sample] = []
    database = await asyncpg.connect(ground.shop.orders_dsn)

    async def look() -> None:
        with kept.open("a") as file:
            while True:
                orders = await database.fetchval("SELECT count(*) FROM orders")
                memory = memory_of(ground, [*OURS, *SERVERS])
                samples.append(Sample(time.monotonic() - begun, orders, memory, await counts_of(ground)))
                file.write(json.dumps(asdict(samples[-1])) + "\n")
                file.flush()
                tell(samples[-1])
                await asyncio.sleep(plan.every)

    async with load_process(ground.shop) as load:
        looking = asyncio.create_task(look())
        try:
            legs = await _load(plan, ground, load, lambda: samples[-1] if samples else None, begun)
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
            await database.close()
    if plan.watch:
        _ask_inside(ground)
        await asyncio.sleep(_TAKES_TO_TELL)
    return Day(samples, legs)


async def _load(
    plan: Plan, ground: Ground, load: LoadProcess, latest: Callable[[], Sample | None], begun: float
) -> list[Run]:
    legs: list[Run] = []
    asked = 0
    while (left := begun + plan.minutes * 60 - time.monotonic()) > 0:
        done = sample.orders / plan.orders if (sample := latest()) else 0.0
        if done >= 1:
            break
        if plan.watch and asked < 1 + (
            done >= _BEFORE_THE_QUARTER or left < plan.minutes * 60 * (1 - _BEFORE_THE_QUARTER)
        ):
            _ask_inside(ground)
            asked += 1
        legs.append(await load.closed("visit", plan.clients, min(_A_LEG, left)))
    return legs


def _ask_inside(ground: Ground) -> None:
    for part in OURS:
        for process in ground.processes(part)[:1]:
            process.send_signal(signal.SIGUSR2)
