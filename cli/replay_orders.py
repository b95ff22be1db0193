"""`hanse replay-orders PATH`: a marketplace's real days, played through the shop's public HTTP API."""

import asyncio
import csv
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from cli.audit import show as show_audit
from cli.calling import Login, Refused, Shop
from cli.console import DataDir, console, settings_for
from cli.demo_data.people import OPERATOR
from cli.operators import ensure_operator
from cli.parcels import Parcels
from cli.replay.buyers import Buyers
from cli.replay.comparing import Outcome, compare
from cli.replay.differences import Difference
from cli.replay.files import read_marketplace
from cli.replay.memory import Memory
from cli.replay.playing import Player
from cli.replay.report import show_differences, show_money, show_reviews, show_speed, show_states
from cli.replay.script import Buyer, Script
from cli.replay.stage import Played, play_all
from cli.replay.stocking import Stocking, side_by_side
from cli.replay.writing import write_script
from cli.settling import settled_audit
from hanse.settings import Settings
from hanse.stack.part import StackError

_INTERRUPTED = 130


def replay_orders(
    path: Annotated[Path, typer.Argument(help="Folder with orders.csv, items.csv, payments.csv …", file_okay=False)],
    speed: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            help="How many times as fast as in the files orders come (86400: a day a second); default: as fast as they go.",
        ),
    ] = None,
    clients: Annotated[int, typer.Option(min=1, max=64, help="Orders at once.")] = 8,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget an earlier replay: every order is placed anew.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Load a marketplace's sellers, goods and buyers, play its orders with their reviews, and hold money, states and ratings
    against the files.

    Interrupted, it goes on where it was and doubles nothing. Exit code 0 when all agrees or the files explain what differs.
    """
    settings = settings_for(data_dir)
    if settings.environment == "production":
        raise StackError("a replay makes accounts with public passwords: never in production")
    script = write_script(read_marketplace(path))
    memory = Memory(settings.data_dir, script.fingerprint, fresh=fresh)
    try:
        agrees = asyncio.run(replay(settings, script, memory, speed, clients))
    except KeyboardInterrupt:
        console.print("Interrupted. The same command goes on from here.")
        raise typer.Exit(_INTERRUPTED) from None
    except Refused as refusal:
        raise StackError(f"the shop refuses what the replay needs: {refusal}") from refusal
    finally:
        memory.close()
    if not agrees:
        raise typer.Exit(1)


async def replay(
    settings: Settings, script: Script, memory: Memory, speed: float | None = None, clients: int = 8
) -> bool:
    """Load, play, compare, audit; whether all agrees or the files explain what differs."""
    limits = httpx.Limits(max_connections=clients * 2 + 8)
    async with httpx.AsyncClient(base_url=settings.api_url, timeout=60, limits=limits) as client:
        shop = Shop(client)
        operator = Login(*OPERATOR)
        await ensure_operator(settings, shop, operator)
        parcels = Parcels(shop, operator, memory.key, settings.sandbox_carrier_url)
        with _bars() as bars:
            stocking = Stocking(shop, operator, memory, bars.tell)
            await stocking.load(script)
            buyers = Buyers(shop, memory)
            await _settle_buyers(buyers, script, bars, clients)
        player = Player(shop, operator, memory, stocking, buyers, parcels)
        played = await play_all(console, script.orders, player, memory, speed=speed, at_once=clients)
        with _bars() as bars:
            outcome = await compare(shop, operator, memory, script, stocking.skus, bars.tell)
        return await _report(settings, memory, script, played, outcome)


class _Bars:
    """A bar for each part of the loading."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def tell(self, what: str, done: int, of: int) -> None:
        """So many are done."""
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=of)
        self._progress.update(self._tasks[what], completed=done, total=of)
        if done == of and not console.is_terminal:
            console.print(f"{what}: {of}", highlight=False)

    def __enter__(self) -> "_Bars":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _bars() -> _Bars:
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn())
    return _Bars(Progress(*columns, console=console, disable=not console.is_terminal))


async def _settle_buyers(buyers: Buyers, script: Script, bars: _Bars, at_once: int) -> None:
    places = list({(order.buyer.person, order.buyer.postal_code): order.buyer for order in script.orders}.values())
    done = 0
    bars.tell("Buyers", 0, len(places))

    async def settle(buyer: Buyer) -> None:
        await buyers.settle(buyer)

    async for _ in side_by_side(places, settle, at_once):
        done += 1
        bars.tell("Buyers", done, len(places))


async def _report(settings: Settings, memory: Memory, script: Script, played: Played, outcome: Outcome) -> bool:
    differences = [*script.differences, *played.refused, *outcome.differences]
    show_states(console, script, outcome)
    money_agrees = show_money(console, script, outcome, differences)
    reviews_agree = show_reviews(console, script, outcome, differences)
    show_speed(console, played, memory.all("order"))
    show_differences(console, differences)
    file = _written(settings.data_dir / "replay" / f"{script.fingerprint}-differences.csv", differences)
    console.print(f"All {len(differences)} differences: {file}", highlight=False)
    sections = await settled_audit(settings)
    show_audit(sections)
    broken = any(section.findings for section in sections)
    return money_agrees and reviews_agree and not broken and all(one.explained for one in differences)


def _written(file: Path, differences: Sequence[Difference]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(Difference.__dataclass_fields__)
        rows.writerows(astuple(one) for one in differences)
    return file
