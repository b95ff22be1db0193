"""What is wanted of the shop (the project's performance budgets) beside what was found."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from benchmarks.crowds import OpenLoops, SoldOutFigures
from benchmarks.figures import Figure, Run, over_rounds, ratio
from benchmarks.suite import OrderFigures, Results, Rounds
from models.orders.messages import Placement

Verdict = Literal["met", "gap", "not yet", "for information"]

NOT_YET = {
    "flash sale, sold-out answer": "≥ 0.7 × the bare route; a winning ticket ≥ 0.4 ×",
}
"""Budgets of what there is no module for yet."""
ELSEWHERE = {
    "search p95 at 100,000 SKUs": ("≤ 50 ms", "make bench-search"),
    "growth: orders/s with 1,000,000 old orders and 100,000 SKUs": ("≥ 0.9 × an empty shop", "make bench-growth"),
    "memory over a day of orders": ("< 1 MB for 1,000 orders", "make soak"),
}
"""Budgets that take longer than this table, with their verb; each leaves a file of its own in `results`."""
_JOBS = {
    "empty_life": "empty workflow",
    "life": "order to handed over",
    "place": "POST /orders",
    "product": "GET /v1/products/{id}",
}


@dataclass(frozen=True)
class Line:
    """One budget, or one figure worth knowing, with its floor from the same run."""

    work: str
    ours: str
    floor: str
    ratio: Figure | None
    budget: str
    verdict: Verdict


def per_second(run: Run) -> float:
    """The rate of a round."""
    return run.per_second


def p50(run: Run) -> float:
    """The median of a round in milliseconds."""
    return run.p50_ms


def lines(results: Results) -> Iterator[Line]:
    """Every line of the table."""
    for placement, orders in results.orders.items():
        yield from _orders(placement, orders)
    for placement, orders in results.orders.items():
        yield from _exact(placement, orders)
    yield from _reservations(results)
    yield from _reads(results)
    yield from _engine(results)
    yield from _process(results)
    for work, budget in NOT_YET.items():
        yield Line(work, "", "", None, budget, "not yet")
    for work, (budget, verb) in ELSEWHERE.items():
        yield Line(work, f"see `{verb}`", "", None, budget, "for information")


def at_least(work: str, unit: str, rounds: Rounds, floor: str, ours: str, limit: float) -> Line:
    """A rate that must be at least so much of its floor's."""
    mine, theirs = over_rounds(rounds[ours], per_second), over_rounds(rounds[floor], per_second)
    share = ratio(mine, theirs)
    shown = f"{mine.median:,.1f} {unit}{_apart(rounds[ours])}"
    verdict: Verdict = "met" if share.median >= limit else "gap"
    return Line(work, shown, f"{theirs.median:,.1f}/s", share, f"≥ {limit} ×", verdict)


def at_most(work: str, value: Figure, unit: str, limit: float) -> Line:
    """A figure that must not be above so much."""
    verdict: Verdict = "met" if value.median <= limit else "gap"
    return Line(work, f"{value.median:,.1f} {unit}", "", None, f"≤ {limit:g} {unit}", verdict)


def _orders(placement: Placement, orders: OrderFigures) -> Iterator[Line]:
    alone = orders.one_client
    mine, theirs = over_rounds(alone["place"], p50), over_rounds(alone["empty_ask"], p50)
    times = ratio(mine, theirs)
    shown = f"p50 {mine.median:.1f} ms{_apart(alone['place'])}"
    verdict: Verdict = "met" if times.median <= 2 else "gap"
    yield Line(f"POST /orders, one client, {placement}", shown, f"{theirs.median:.1f} ms", times, "≤ 2 ×", verdict)
    for clients, rounds in {1: alone, **orders.crowds}.items():
        work = f"order to handed over, {clients} clients, {placement}"
        yield at_least(work, "orders/s", rounds, "empty_life", "life", 0.5)
    yield from open_loop_lines(placement, orders.open_loops)
    yield from sold_out_lines(placement, orders.sold_out)


def open_loop_lines(placement: str, loops: OpenLoops) -> Iterator[Line]:
    """A line for each rate; for information, since what a shop must stand is its owner's to say."""
    for share, runs in loops.items():
        for job, run in runs.items():
            work = f"{_JOBS[job]}, open loop at {share:g} of its most, {placement}"
            yield _told(work, f"{run.asked_per_second:.1f}/s asked, {run.count} answers: {in_words(run)}")


def in_words(run: Run) -> str:
    """How an open loop was served."""
    p999 = "" if run.p999_ms is None else f", p99.9 {run.p999_ms:.0f}"
    said = f"p50 {run.p50_ms:.0f}, p90 {run.p90_ms:.0f}, p99 {run.p99_ms:.0f}{p999}, most {run.most_ms:.0f} ms"
    if run.p50_ms_by_third:
        said += f"; p50 by thirds {' → '.join(f'{third:.0f}' for third in run.p50_ms_by_third)}"
    if run.refused_as or run.failed:
        told = [f"{many} × {code}" for code, many in sorted(run.refused_as.items())]
        said += f"; {', '.join([*told, f'{run.failed} failed'])}"
    return said


def sold_out_lines(placement: str, found: SoldOutFigures) -> Iterator[Line]:
    """How few units are sold to a crowd."""
    rush, calm = found.rush, found.calm
    work = f"{found.units} units, {placement}"
    others = "".join(f", {many} × {code}" for code, many in rush.others.items())
    shown = (
        f"sold in {rush.seconds_to_last_unit:.1f} s with {rush.per_second:.1f} arriving a second: "
        f"{rush.winners_per_second:.1f} orders/s, winner p50 {rush.winner_p50_ms:.0f}, p99 {rush.winner_p99_ms:.0f} ms; "
        f"sold out p50 {rush.sold_out_p50_ms:.0f}, p99 {rush.sold_out_p99_ms:.0f} ms{others}, {rush.failed} failed"
    )
    yield _told(f"time to sold out, {work}", shown)
    shown = f"{found.answered_per_second:.1f}/s; at 0.6 of that: {in_words(calm)}"
    yield _told(f"the sold-out answer afterwards, {placement}", shown)
    yield at_most(f"units sold twice or not at all, {work}", Figure.of([float(found.astray)]), "units", 0)


def _exact(placement: Placement, orders: OrderFigures) -> Iterator[Line]:
    whole, handed = orders.histories["completed"], orders.histories["handed to fulfillment"]
    if placement == "inline":  # the budget is that of the default; a queue costs four events where inline costs one
        yield at_most("history events of a completed order, inline", Figure.of([whole.events]), "events", 60)
        yield at_most("history bytes of a completed order, inline", Figure.of([whole.bytes / 1000]), "KB", 40)
    else:
        yield _told(f"completed order, {placement}", f"{whole.events} events, {whole.bytes / 1000:.1f} KB")
    statements = orders.statements
    shown = f"{handed.events} events, {handed.bytes / 1000:.1f} KB, {handed.transitions} Temporal transitions"
    yield _told(f"until handed over, {placement}", shown)
    shown = f"{statements.statements} statements, {statements.transaction_borders} BEGIN/COMMIT"
    yield _told(f"SQL of an order until handed over, {placement}", shown)
    for job, name in {"life": "an order until handed over", "empty_life": "an empty workflow"}.items():
        parts = sorted(orders.cpu_ms[job].items(), key=lambda part: -part[1])
        shown = ", ".join(f"{part} {spent:.0f}" for part, spent in parts if spent >= 0.5)
        total = sum(orders.cpu_ms[job].values())
        yield _told(f"CPU of {name}, {placement}", f"{total:.0f} ms: {shown}")


def _reservations(results: Results) -> Iterator[Line]:
    for shape, crowds in results.shelves.items():
        hot = shape == "one hot SKU"
        for clients, rounds in crowds.items():
            work = f"reservations, {shape}, {clients} clients"
            line = at_least(work, "/s", rounds, "raw", "reserve", 3 if hot else 0.7)
            yield line if not hot or clients > 1 else _told(work, f"{line.ours} against {line.floor}")
    if results.shelves:
        astray = Figure.of([float(results.units_astray)])
        yield at_most("units lost or sold twice in all these reservations", astray, "units", 0)


def _reads(results: Results) -> Iterator[Line]:
    for job, name in {"product": "GET /v1/products/{id}", "products": "GET /v1/products"}.items():
        yield at_least(f"{name}, 8 clients", "/s", results.routes, "bare", job, 0.7)
    for rounds, job, name in ((results.redis, "evalsha", "bare EVALSHA"), (results.sql, "select 1", "bare SELECT")):
        run = over_rounds(rounds[job], per_second)
        yield _told(f"{name}, one client", f"{run.median:,.0f}/s, p50 {over_rounds(rounds[job], p50).median:.2f} ms")


def _engine(results: Results) -> Iterator[Line]:
    if results.engine is not None:
        work = "promotion engine: 50-line cart, 200 active rules"
        yield at_most(f"{work}, p50", results.engine.p50_ms, "ms", 5)
        shown = f"p95 {results.engine.p95_ms.median:.1f} ms, p99 {results.engine.p99_ms.median:.1f} ms"
        yield _told(work, f"{shown}; {results.engine.applied:.0f} offers count on average")


def _process(results: Results) -> Iterator[Line]:
    if results.cold_start_seconds is not None:
        yield at_most("hanse up, cold, to a first order placed", results.cold_start_seconds, "s", 20)
    for name, limit in (("api", 200), ("worker", 300)):
        idle, loaded = results.memory_idle_mb[name], results.memory_mb[name]
        line = at_most(f"resident memory of the {name} after the loads", Figure.of([loaded]), "MB", limit)
        yield Line(line.work, f"{line.ours} (idle {idle:,.0f})", "", None, line.budget, line.verdict)


def _told(work: str, shown: str) -> Line:
    return Line(work, shown, "", None, "", "for information")


def _apart(runs: list[Run]) -> str:
    lost = sum(run.refused + run.failed for run in runs)
    return f" ({lost} refused or failed)" if lost else ""
