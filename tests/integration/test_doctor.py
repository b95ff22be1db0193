"""`hanse doctor` finds what is wrong with a set-up and says what to do."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.checks import data_folder, disk, payment_channels_check, refuse_failed, secrets_file, server_programs
from hanse.settings import Settings
from hanse.stack.embedded import EmbeddedStack
from hanse.stack.part import StackError


async def run_hanse(*arguments: str, **environment: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cli.main", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"COLUMNS": "300", "PATH": "/usr/bin:/bin", **environment},
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_doctor_is_content_with_running_servers_but_not_with_missing_migrations(tmp_path: Path) -> None:
    async with EmbeddedStack(tmp_path, fast=True):
        code, found = await run_hanse("doctor", "--data-dir", str(tmp_path))
        assert code == 1
        assert "not at head" in found
        assert "`hanse migrate`" in found
        migrated, _ = await run_hanse("migrate", "--data-dir", str(tmp_path))
        assert migrated == 0
        code, found = await run_hanse("doctor", "--data-dir", str(tmp_path))
        assert code == 0, found
        assert "11 databases at head" in found


async def test_doctor_names_a_server_that_does_not_answer(tmp_path: Path) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    code, found = await run_hanse("doctor", "--data-dir", str(tmp_path), HANSE_REDIS_URL=nowhere)
    assert code == 1
    assert "correct HANSE_REDIS_URL" in found


async def test_status_says_when_nothing_runs(tmp_path: Path) -> None:
    code, found = await run_hanse("status", "--data-dir", str(tmp_path))
    assert code == 3
    assert "hanse up" in found


async def test_reset_leaves_a_folder_alone_that_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    code, found = await run_hanse("reset", "--yes", "--data-dir", str(tmp_path))
    assert code == 1
    assert "was not made by `hanse up`" in found
    assert (tmp_path / "thesis.txt").exists()


async def test_reset_refuses_while_the_stack_runs_and_removes_everything_after(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    async with EmbeddedStack(data_dir, parts=()):
        code, found = await run_hanse("reset", "--yes", "--data-dir", str(data_dir))
        assert code == 1
        assert "already runs" in found
    code, _ = await run_hanse("reset", "--yes", "--data-dir", str(data_dir))
    assert code == 0
    assert not data_dir.exists()


def test_secrets_readable_by_others_are_found(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.env"
    secrets.touch(mode=0o600)
    assert secrets_file(tmp_path).verdict == "ok"
    secrets.chmod(0o644)
    check = secrets_file(tmp_path)
    assert check.verdict == "failed"
    assert check.next_step == f"chmod 600 {secrets}"


@pytest.mark.parametrize(("file", "content"), [("layout", "0"), ("postgres/PG_VERSION", "15")])
def test_a_data_folder_of_another_version_is_found(tmp_path: Path, file: str, content: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(content)
    check = data_folder(tmp_path)
    assert check.verdict == "failed"
    assert "hanse reset" in check.next_step


def test_a_setting_that_names_no_program_is_found(tmp_path: Path) -> None:
    checks = server_programs(Settings(redis_bin=str(tmp_path / "redis-server")))
    failed = [check for check in checks if check.verdict == "failed"]
    assert [check.what for check in failed] == ["Redis program"]
    with pytest.raises(StackError, match="HANSE_REDIS_BIN names"):
        refuse_failed(failed)


def test_disk_space_is_looked_up_where_the_data_will_be(tmp_path: Path) -> None:
    assert str(tmp_path) in disk(tmp_path / "not" / "yet" / "there").found


@pytest.mark.parametrize(
    ("settings", "verdict", "words"),
    [
        ({"environment": "development"}, "ok", "the sandbox"),
        ({"environment": "production"}, "failed", "the sandbox is not offered in production"),
        ({"environment": "production", "offer_sandbox_channels": True}, "ok", "money that does not exist"),
        ({"environment": "production", "alipay_app_id": "2021000000000001"}, "failed", "set up by halves"),
    ],
)
def test_doctor_says_who_can_be_paid_and_whether_it_is_real_money(
    settings: dict[str, Any], verdict: str, words: str
) -> None:
    check = payment_channels_check(Settings(**settings))
    assert (check.verdict, words in check.found) == (verdict, True), check
