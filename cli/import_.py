"""`hanse import PATH`: bring a catalogue file into the shop, however long it is."""

import asyncio
import csv
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from activities.following import Following
from activities.following_imports import FollowedImport
from cli.console import DataDir, console, settings_for
from hanse.codec import PayloadKeysMissing
from hanse.database import Database
from hanse.settings import Settings
from hanse.stack.part import StackError
from hanse.temporal import connect
from hanse.unreachable import Unreachable
from models.products.errors import ImportUnreadable
from models.products.files import FileFormat, read_file
from stores.products import BulkStore, ListingStore
from stores.products.bulk import BatchDone

_SHOWN_FAULTS = 20
_COUNTS = ("products_created", "products_changed", "skus_created", "skus_changed", "prices_changed", "unchanged")


def import_(
    path: Annotated[Path, typer.Argument(help="A .csv, .json or .jsonl file in UTF-8.", exists=True, dir_okay=False)],
    faults: Annotated[
        Path | None, typer.Option(help="Write every fault into this CSV file: line, column, what is wrong, what to do.")
    ] = None,
    follow: Annotated[
        bool,
        typer.Option(
            help="Have search index and listeners follow batch by batch. Without it, `hanse reindex` afterwards."
        ),
    ] = True,
    data_dir: DataDir = None,
) -> None:
    """Import products and SKUs by merchant code and SKU code. Safe to repeat: the same file twice changes nothing.

    Good lines are done even if others are not; the exit code is 1 when a line could not be done.
    """
    try:
        with path.open("rb") as file, _fault_file(faults) as write_down:
            work = _import(
                settings_for(data_dir), file, format_of(path), path.stat().st_size, write_down, follow=follow
            )
            counts, wrong = asyncio.run(work)
    except ImportUnreadable as refusal:
        raise StackError(f"{path} was not imported: {refusal.detail}") from refusal
    table = Table(show_header=False, box=None)
    for name, count in counts.items():
        table.add_row(name.replace("_", " "), f"{count:,}")
    console.print(table)
    if wrong:
        where = f", all in {faults}" if faults else "; --faults FILE writes down all"
        console.print(f"[bold red]✗[/] {wrong} faults{where}")
        raise typer.Exit(1)


async def import_file(settings: Settings, path: Path) -> int:
    """What `hanse import PATH` does, for who runs it inside; answers how many faults there were."""
    size = await asyncio.to_thread(lambda: path.stat().st_size)
    with path.open("rb") as file:
        _, wrong = await _import(settings, file, format_of(path), size, lambda _done: None, follow=True)
    return wrong


async def _import(
    settings: Settings,
    file: BinaryIO,
    file_format: FileFormat,
    size: int,
    write_down: Callable[[BatchDone], None],
    *,
    follow: bool,
) -> tuple[dict[str, int], int]:
    counts = dict.fromkeys(("lines", *_COUNTS), 0)
    wrong = 0
    now = datetime.now(UTC)
    database = await Database(settings.dsn("products")).open()
    try:
        lines = read_file(file, file_format)
        with Progress(*_columns(), console=console) as progress:
            task = progress.add_task("Importing and indexing" if follow else "Importing", total=size, lines=0)
            async with _followed(settings, database, now, follow=follow) as followed:
                async for done in BulkStore(database).import_lines(lines, now=now, decided_by="import"):
                    for name in counts:
                        counts[name] += getattr(done, name)
                    _show(progress, done, wrong)
                    write_down(done)
                    wrong += len(done.faults)
                    if followed is not None:
                        await followed.batch(done.changes)
                    progress.update(task, completed=file.tell(), lines=counts["lines"])
    finally:
        await database.close()
    return counts, wrong


@asynccontextmanager
async def _followed(
    settings: Settings, database: Database, now: datetime, *, follow: bool
) -> "AsyncIterator[FollowedImport | None]":
    if not follow:
        yield None
        return
    try:
        client = await connect(settings)
    except (Unreachable, PayloadKeysMissing) as fault:
        raise StackError(f"{fault}; or import with --no-follow and run `hanse reindex` later") from fault
    async with FollowedImport(Following(client, ListingStore(database)), now) as followed:
        yield followed


def format_of(path: Path) -> FileFormat:
    """The format by the name's ending; `StackError` for another ending."""
    match path.suffix.lower():
        case ".csv":
            return "csv"
        case ".json" | ".jsonl" | ".ndjson":
            return "json"
    raise StackError(f"{path.name} ends in neither .csv nor .json nor .jsonl; rename the file to what it is")


def _columns() -> Iterator[TextColumn | BarColumn | TaskProgressColumn | TimeElapsedColumn]:
    yield TextColumn("{task.description}")
    yield BarColumn()
    yield TaskProgressColumn()
    yield TextColumn("{task.fields[lines]:,} lines")
    yield TimeElapsedColumn()


def _show(progress: Progress, done: BatchDone, before: int) -> None:
    for one in done.faults[: max(0, _SHOWN_FAULTS - before)]:
        at = f"line {one.line}" + (f", {one.column}" if one.column else "")
        progress.console.print(f"{at}: {one.wrong}. {one.to_do}", style="red", highlight=False, markup=False)


@contextmanager
def _fault_file(path: Path | None) -> Iterator[Callable[[BatchDone], None]]:
    """Writes down every fault as CSV, if anybody asked for it."""
    if path is None:
        yield lambda _done: None
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["line", "column", "wrong", "to_do"])
        yield lambda done: rows.writerows([one.line, one.column, one.wrong, one.to_do] for one in done.faults)
