"""`python -m tests.chaos`: every fault at every step of every saga, by a schedule that follows from a seed. See docs/reliability.md."""

import argparse
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tests.chaos.campaign import Campaign, Result
from tests.chaos.faults import SLOW_BY
from tests.chaos.plan import FAULTS, Round, Target, Ways, planned
from tests.chaos.report import Facts, write_between, written
from tests.chaos.shop import chaos_shop
from tests.chaos.stage import ALONE, STORIES

_DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
_MEMORY, _ROOM = Path("/dev/shm"), 4 * 2**30


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """What may be asked for."""
    parser = argparse.ArgumentParser(prog='make chaos ARGS="…"', description=__doc__)
    parser.add_argument("--seed", type=int, help="the same seed is the same plan; by chance when left out")
    parser.add_argument("--only", default="", help="only targets whose fault/saga/step contains this")
    parser.add_argument("--stories", default="", help="only stories whose name contains this")
    parser.add_argument("--at-once", type=int, default=24, help="stories in one round")
    parser.add_argument(
        "--scale", type=float, default=0.1, help="1: a minute of refusing, 5 s of slowness, as specified"
    )
    parser.add_argument(
        "--minutes", type=float, default=240, help="begin no round after so long; what is left is named"
    )
    parser.add_argument("--plan", action="store_true", help="rehearse, show the plan, do nothing")
    parser.add_argument("--no-crowds", action="store_true", help="leave out the crowds (pytest -m chaos)")
    parser.add_argument("--no-document", action="store_true", help="leave docs/reliability.md as it is")
    asked = parser.parse_args(words)
    if not any(asked.stories in name for name in STORIES):
        parser.exit(2, f"No story has {asked.stories!r} in its name; there are {', '.join(sorted(STORIES))}.\n")
    return asked


class Board:
    """What is seen while it runs."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._counts: dict[str, Counter[str]] = {}
        self._rounds: Counter[str] = Counter()
        self._planned: Counter[str] = Counter()
        self._line = ""
        self._began = time.monotonic()
        self.live = Live(get_renderable=self._shown, console=console, refresh_per_second=2)

    def tell(self, line: str) -> None:
        """What is going on now."""
        self._line = line
        if not self.console.is_terminal:
            self.console.print(f"[{self._minutes():6.1f} min] {line}", highlight=False)

    def plan(self, rounds: Sequence[Round]) -> None:
        """How much there is to do."""
        self._planned = Counter(one.fault.name for one in rounds)
        self._counts = {name: Counter() for name in self._planned}

    def count(self, one: Round, results: Sequence[Result]) -> None:
        """What came of a round."""
        self._rounds[one.fault.name] += 1
        self._counts[one.fault.name].update(result.outcome for result in results)
        for result in results:
            if result.outcome == "broken":
                self.console.print(Text(f"broken: {result.target}: {result.words}", style="red"))
        self.tell(", ".join(f"{count} {outcome}" for outcome, count in self._counts[one.fault.name].items()))

    def _minutes(self) -> float:
        return (time.monotonic() - self._began) / 60

    def _shown(self) -> Group:
        table = Table("fault", "rounds", "survived", "broken", "not reached")
        for name, planned_rounds in self._planned.items():
            counts = self._counts[name]
            cells = (str(counts["survived"]), str(counts["broken"]), str(counts["not reached"]))
            table.add_row(name, f"{self._rounds[name]}/{planned_rounds}", *cells)
        return Group(table, Text(f"{self._minutes():.1f} min  {self._line}"))


async def campaign(asked: argparse.Namespace, seed: int, board: Board) -> bool:
    """The whole of it; whether all went well."""
    began = time.monotonic()
    names = [name for name in STORIES if asked.stories in name]
    with tempfile.TemporaryDirectory(prefix="hanse-chaos-", dir=_in_memory(), ignore_cleanup_errors=True) as folder:
        board.tell("starting a shop of its own")
        async with chaos_shop(Path(folder) / "shop", slow_by=SLOW_BY * asked.scale) as shop:
            whole = Campaign(shop, asked.scale, board.tell, story_within=300, at_rest_within=120)
            ways = await whole.rehearsed(names)
            faults = [fault for fault in FAULTS if fault.part != "disk" or shop.disk is not None]
            rounds = planned(
                seed, ways, at_once=asked.at_once, faults=faults, alone=ALONE, only=lambda one: _asked(one, asked.only)
            )
            board.plan(rounds)
            if asked.plan:
                _show(board.console, rounds)
                return True
            done = 0
            for one in rounds:
                if time.monotonic() - began > 60 * asked.minutes:
                    break
                board.count(one, await whole.play(one))
                done += 1
    minutes = (time.monotonic() - began) / 60
    facts = Facts(
        seed=seed,
        day=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        commit=_commit(),
        machine=f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}",
        minutes=minutes,
        rounds=done,
        planned_rounds=len(rounds),
        scale=asked.scale,
        at_once=asked.at_once,
    )
    return _told(asked, facts, whole, ways, board.console)


def _in_memory() -> Path | None:
    """A folder in memory, where one has room."""
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM else None


def _asked(target: Target, only: str) -> bool:
    return only in f"{target.fault.name}/{target.step}"


def _show(console: Console, rounds: Sequence[Round]) -> None:
    for number, one in enumerate(rounds, 1):
        console.print(f"round {number}: {one.fault.name}" + (", begun without Kafka" if one.kafka_away else ""))
        for target in one.targets:
            console.print(f"  {target}", highlight=False)


def _told(asked: argparse.Namespace, facts: Facts, whole: Campaign, ways: Ways, console: Console) -> bool:
    reached = {step for taken in ways.values() for step in taken}
    section = written(facts, whole.results, reached, whole.nobodys)
    if asked.only or asked.stories or asked.no_document:
        console.print(section, highlight=False, markup=False)
    else:
        write_between(_DOCUMENT, section)
        console.print(f"Written into {_DOCUMENT.relative_to(Path.cwd())}")
    return not whole.nobodys and all(result.outcome != "broken" for result in whole.results)


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def main() -> None:
    """Exit code 1 when anything broke."""
    asked = arguments(sys.argv[1:])
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(10**9)
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(f'seed {seed}; the same again: make chaos ARGS="--seed {seed}"')
    board = Board(console)
    if console.is_terminal:
        with board.live:
            well = uvloop.run(campaign(asked, seed, board))
    else:
        well = uvloop.run(campaign(asked, seed, board))
    if not (asked.only or asked.stories or asked.plan or asked.no_crowds):
        crowds = [sys.executable, "-m", "pytest", "tests/e2e", "-m", "chaos"]
        well &= subprocess.run(crowds, env={**os.environ, "HANSE_CHAOS_SEED": str(seed)}, check=False).returncode == 0
    sys.exit(not well)


if __name__ == "__main__":
    main()
