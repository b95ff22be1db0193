"""Everything that is measured, in order, on one throw-away stack. Floors and ours take turns round by round."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import reserve_stock
from benchmarks.cold_start import first_order_after
from benchmarks.crowds import SHARES, OpenLoops, SoldOutFigures, open_loops, sell_out
from benchmarks.driver import LoadProcess, load_process
from benchmarks.figures import Figure, Run, over_rounds
from benchmarks.goods import Stocking
from benchmarks.ground import OURS, SERVERS, Ground, Lay, open_ground
from benchmarks.loops import Work, closed_loop
from benchmarks.machine import machine
from benchmarks.one_order import Histories, Statements, histories_of_one, statements_of_one
from benchmarks.promotions import EngineFigures
from benchmarks.promotions import measure as measure_engine
from cli.audit import run_audit
from hanse.database import Database
from models.orders.messages import Placement

Rounds = dict[str, list[Run]]
"""Each load with its rounds, in the order they were done."""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int = 3
    seconds: float = 4.0
    crowds: tuple[int, ...] = (4, 16)
    open_shares: tuple[float, ...] = SHARES
    open_seconds: float = 12.0
    few: int = 200
    """Units in a rush."""
    shelf_crowds: tuple[int, ...] = (1, 8, 16)
    shelf_seconds: float = 2.0
    engine_carts: int = 200
    cold_starts: int = 2
    placements: tuple[Placement, ...] = ("inline", "queue")


FULL = Plan()
QUICK = Plan(
    rounds=1,
    seconds=2.0,
    crowds=(4,),
    open_shares=(0.6, 1.2),
    open_seconds=5.0,
    few=30,
    shelf_crowds=(8,),
    shelf_seconds=1.0,
    engine_carts=40,
    cold_starts=0,
    placements=("inline",),
)


@dataclass
class OrderFigures:
    """Orders with store calls placed one way."""

    one_client: Rounds
    crowds: dict[int, Rounds]
    open_loops: OpenLoops
    sold_out: SoldOutFigures
    cpu_ms: dict[str, dict[str, float]]
    """CPU milliseconds of each part, for an order until it is handed over and for an empty workflow."""
    histories: dict[str, Histories]
    statements: Statements


@dataclass
class Results:
    """All that was found."""

    at: datetime
    machine: dict[str, object]
    cold_start_seconds: Figure | None = None
    memory_idle_mb: dict[str, float] = field(default_factory=dict)
    memory_mb: dict[str, float] = field(default_factory=dict)
    routes: Rounds = field(default_factory=dict)
    redis: Rounds = field(default_factory=dict)
    sql: Rounds = field(default_factory=dict)
    orders: dict[Placement, OrderFigures] = field(default_factory=dict)
    shelves: dict[reserve_stock.Shape, dict[int, Rounds]] = field(default_factory=dict)
    engine: EngineFigures | None = None
    units_astray: int = 0
    broken: list[str] = field(default_factory=list)
    """What the audit found, one sentence each."""


Say = Callable[[str], None]


async def run_suite(plan: Plan, say: Say) -> Results:
    """Measure everything; `say` is told what comes next."""
    results = Results(datetime.now(UTC), machine())
    if plan.cold_starts:
        say(f"`hanse up` from cold, {plan.cold_starts} times")
        results.cold_start_seconds = Figure.of([await first_order_after() for _ in range(plan.cold_starts)])
    say("the promotion engine")
    results.engine = measure_engine(plan.engine_carts, plan.rounds)
    say("a throw-away stack")
    with tempfile.TemporaryDirectory(prefix="hanse-bench-", ignore_cleanup_errors=True) as folder:
        async with open_ground(Path(folder), Lay(stocking=Stocking(few=plan.few, buyers=20))) as ground:
            results.memory_idle_mb = {name: ground.memory_mb(name) for name in OURS}
            await _shelves(plan, ground, results, say)
            await _loads(plan, ground, results, say)
            say("the audit")
            sections = await run_audit(ground.settings)
            results.broken = [
                f"{one.check}: {one.subject} {one.detail}" for section in sections for one in section.findings
            ]
    return results


async def _loads(plan: Plan, ground: Ground, results: Results, say: Say) -> None:
    async with load_process(ground.shop) as load:
        say("routes and Redis")
        results.routes = await _in_turn(load, ("bare", "product", "products"), 8, plan.rounds, plan.seconds / 2)
        results.redis = await _in_turn(load, ("evalsha",), 1, plan.rounds, plan.seconds / 4)
        for placement in plan.placements:
            if placement != "inline":
                say(f"api and worker again, store calls placed {placement}")
                await ground.place_store_calls(placement)
            scarce = ground.shop.scarce[len(results.orders)]
            results.orders[placement] = await _orders(plan, ground, load, say, placement, scarce)
            if placement == "inline":
                results.memory_mb = {name: ground.memory_mb(name) for name in (*OURS, *SERVERS)}


async def _in_turn(load: LoadProcess, jobs: tuple[str, ...], clients: int, rounds: int, seconds: float) -> Rounds:
    found: Rounds = {job: [] for job in jobs}
    for job in jobs:
        await load.closed(job, clients, min(seconds, 1.5))
    for _ in range(rounds):
        for job in jobs:
            found[job].append(await load.closed(job, clients, seconds))
    return found


async def _orders(plan: Plan, ground: Ground, load: LoadProcess, say: Say, placement: str, scarce: str) -> OrderFigures:
    say(f"orders, {placement}: one client")
    one_client = await _in_turn(load, ("empty_ask", "empty_life", "place", "life"), 1, plan.rounds, plan.seconds)
    crowds = {}
    for crowd in plan.crowds:
        say(f"orders, {placement}: {crowd} clients")
        crowds[crowd] = await _in_turn(load, ("empty_life", "life"), crowd, plan.rounds, plan.seconds * 1.5)
    say(f"orders, {placement}: at steady rates up to an overload")
    most = {job: _most(job, crowds) for job in ("empty_life", "life")}
    steady = await open_loops(load, most, plan.open_shares, plan.open_seconds)
    say(f"orders, {placement}: {plan.few} units and a crowd")
    sold_out = await sell_out(ground, load, scarce, plan.seconds)
    say(f"orders, {placement}: what one costs, step by step")
    return OrderFigures(
        one_client=one_client,
        crowds=crowds,
        open_loops=steady,
        sold_out=sold_out,
        cpu_ms={
            job: await _cpu_of(job, ground, load, plan.crowds[0], plan.seconds * 1.5) for job in ("life", "empty_life")
        },
        histories=await histories_of_one(ground),
        statements=await statements_of_one(ground),
    )


def _most(job: str, crowds: dict[int, Rounds]) -> float:
    """What the job reached with the crowd that got most of it."""
    return max(over_rounds(rounds[job], lambda run: run.per_second).median for rounds in crowds.values())


async def _cpu_of(job: str, ground: Ground, load: LoadProcess, clients: int, seconds: float) -> dict[str, float]:
    before = ground.cpu_seconds()
    run = await load.closed(job, clients, seconds)
    after = ground.cpu_seconds()
    return {name: (after[name] - before[name]) * 1000 / max(1, run.count) for name in after}


async def _shelves(plan: Plan, ground: Ground, results: Results, say: Say) -> None:
    """Two databases, so that what the floor takes from the shelves is not missing in the books of ours."""
    floor = await Database(ground.shelves_dsn[0], max_size=max(plan.shelf_crowds)).open()
    ours = await Database(ground.shelves_dsn[1], max_size=max(plan.shelf_crowds)).open()
    try:
        await reserve_stock.stock_up(floor)
        await reserve_stock.stock_up(ours)
        for shape in reserve_stock.SHAPES:
            results.shelves[shape] = {}
            for crowd in plan.shelf_crowds:
                say(f"reservations, {shape}: {crowd} clients")
                results.shelves[shape][crowd] = await reserve_stock.compare(
                    floor, ours, shape, crowd, plan.shelf_seconds, plan.rounds
                )
        results.units_astray = await reserve_stock.units_astray(ours)
        results.sql = {"select 1": [await closed_loop(_select_one(floor), 1, 1.0) for _ in range(plan.rounds)]}
    finally:
        await floor.close()
        await ours.close()


def _select_one(db: Database) -> Work:
    async def work() -> None:
        async with db.reader() as connection:
            await connection.fetchval("SELECT 1")

    return work
