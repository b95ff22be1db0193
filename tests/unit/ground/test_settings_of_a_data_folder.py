"""Settings find what the embedded stack left in its data folder, and anything said aloud goes before it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from hanse.settings import Settings
from hanse.stack.processes import KnownProcess
from hanse.stack.secrets import ensure_secrets
from hanse.stack.state import StackState, write_state


def test_generated_secrets_are_found_and_kept(tmp_path: Path) -> None:
    file = ensure_secrets(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first = Settings(data_dir=tmp_path)
    assert first.payload_keys.get_secret_value().startswith("k1:")
    assert len(first.token_key.get_secret_value()) >= 32
    ensure_secrets(tmp_path)
    assert Settings(data_dir=tmp_path) == first


def test_the_environment_goes_before_generated_secrets(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    ask = "from hanse.settings import Settings; print(Settings().token_key.get_secret_value())"
    said = {**os.environ, "HANSE_DATA_DIR": str(tmp_path), "HANSE_TOKEN_KEY": "said aloud"}
    assert subprocess.check_output([sys.executable, "-c", ask], env=said, text=True) == "said aloud\n"


def stack_on(data_dir: Path, supervisor: KnownProcess) -> None:
    (data_dir / "run").mkdir()
    write_state(data_dir, StackState(supervisor, settings={"redis_url": "redis://127.0.0.1:16000/0"}))


def test_the_ports_of_a_running_stack_are_found(tmp_path: Path) -> None:
    stack_on(tmp_path, KnownProcess.of(os.getpid()))
    assert Settings(data_dir=tmp_path).redis_url == "redis://127.0.0.1:16000/0"


def test_the_ports_of_a_killed_stack_are_forgotten(tmp_path: Path) -> None:
    stack_on(tmp_path, KnownProcess(os.getpid(), started=0))
    assert Settings(data_dir=tmp_path).redis_url == Settings.model_fields["redis_url"].default


def test_a_folder_of_an_earlier_version_gets_the_secrets_that_came_later(tmp_path: Path) -> None:
    file = ensure_secrets(tmp_path)
    lines = file.read_text().splitlines()
    earlier = [line for line in lines if not line.startswith("HANSE_SANDBOX_CARRIER_SECRET=")]
    file.write_text("\n".join(earlier) + "\n")
    kept = ensure_secrets(tmp_path).read_text().splitlines()
    assert kept[: len(earlier)] == earlier
    assert [line.split("=")[0] for line in kept[len(earlier) :]] == ["HANSE_SANDBOX_CARRIER_SECRET"]
    assert ensure_secrets(tmp_path).read_text().splitlines() == kept
