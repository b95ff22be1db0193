"""`hanse import` and `hanse export` on a real database."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from hanse.database import Database
from tests.databases import MigratedCopies
from tests.integration.products.catalogue import open_catalogue
from tests.integration.products.test_importing import GOOD, csv_of


@pytest.fixture
async def dsn(migrated_copies: MigratedCopies, tmp_path: Path) -> str:
    name = await migrated_copies.create("products")
    database = await Database(migrated_copies.dsn(name)).open()
    await open_catalogue(database, tmp_path)
    await database.close()
    return migrated_copies.dsn(name)


async def hanse(dsn: str, *words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from cli.main import main; main()",
        *words,
        env={**os.environ, "HANSE_DSN_PRODUCTS": dsn, "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_a_file_is_imported_exported_and_imported_again_without_a_change(dsn: str, tmp_path: Path) -> None:
    source, copy = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_bytes(csv_of(*(GOOD.format(size) for size in "SML")))
    code, said = await hanse(dsn, "import", str(source), "--no-follow")
    assert (code, "skus created" in said) == (0, True), said
    code, said = await hanse(dsn, "export", str(copy))
    assert (code, "3 SKUs" in said) == (0, True), said
    code, said = await hanse(dsn, "import", str(copy), "--no-follow")
    assert code == 0, said
    assert [line.split() for line in said.splitlines() if "unchanged" in line] == [["unchanged", "3"]]


async def test_faults_are_shown_written_down_and_told_by_the_exit_code(dsn: str, tmp_path: Path) -> None:
    source, faults = tmp_path / "in.csv", tmp_path / "faults.csv"
    source.write_bytes(csv_of(GOOD.format("M"), GOOD.format("L").replace("180", "heavy")))
    code, said = await hanse(dsn, "import", str(source), "--no-follow", "--faults", str(faults))
    assert code == 1
    assert "line 3, weight_g" in said
    assert "1 faults" in said
    assert faults.read_text().splitlines()[1].startswith("3,weight_g,")


async def test_a_file_that_cannot_be_read_is_told_in_a_sentence(dsn: str, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(b"a,b\n1,2\n")
    code, said = await hanse(dsn, "import", str(source), "--no-follow")
    assert code == 1
    assert "was not imported" in said
    assert "Traceback" not in said
