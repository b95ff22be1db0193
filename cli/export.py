"""`hanse export PATH`: write the whole catalogue into a file that `hanse import` takes back."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.console import DataDir, console, settings_for
from cli.import_ import format_of
from hanse.database import Database
from hanse.settings import Settings
from models.products.files import write_page
from stores.products import BulkStore


def export(
    path: Annotated[Path, typer.Argument(help="Where to; .csv or .jsonl says the format.", dir_okay=False)],
    data_dir: DataDir = None,
) -> None:
    """Write every SKU of the catalogue into a file. A CSV cell that a spreadsheet would run as a formula is defused."""
    written = asyncio.run(_export(settings_for(data_dir), path))
    console.print(f"{written:,} SKUs in {path}")


async def _export(settings: Settings, path: Path) -> int:
    written, file_format = 0, format_of(path)
    database = await Database(settings.dsn("products")).open()
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file, console.status("Exporting …") as status:
            file.write(write_page([], file_format, first=True))
            async for page in BulkStore(database).export(datetime.now(UTC)):
                file.write(write_page(page, file_format, first=False))
                written += len(page)
                status.update(f"Exporting … {written:,}")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
        await database.close()
    return written
