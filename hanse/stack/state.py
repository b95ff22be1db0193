"""The running stack, written to `run/stack.json` so that `status`, `down` and every other command find it."""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from hanse.stack.part import StackError
from hanse.stack.processes import KnownProcess


@dataclass(frozen=True)
class PartRecord:
    """What the state file says about one part."""

    name: str
    state: str
    port: int | None
    restarts: int
    process: KnownProcess | None


@dataclass(frozen=True)
class StackState:
    """One stack as its supervisor last wrote it down."""

    supervisor: KnownProcess
    parts: tuple[PartRecord, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    """Setting name to value, for every endpoint of the running stack."""

    def is_running(self) -> bool:
        """Whether its supervisor still lives. A state file outlives kill -9."""
        return self.supervisor.is_alive()


def state_file(data_dir: Path) -> Path:
    """Where the state of the stack in this data folder is written."""
    return data_dir / "run" / "stack.json"


def read_state(data_dir: Path) -> StackState | None:
    """The last written state; None when no stack was started here or it was stopped in order."""
    try:
        raw = json.loads(state_file(data_dir).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return StackState(
        supervisor=KnownProcess.from_record(raw["supervisor"]),
        parts=tuple(_part_from(record) for record in raw["parts"]),
        settings=raw["settings"],
    )


def write_state(data_dir: Path, state: StackState) -> None:
    """Replace the state file in one step; readable by its owner only."""
    document = {
        "supervisor": state.supervisor.record(),
        "parts": [_part_record(part) for part in state.parts],
        "settings": dict(state.settings),
    }
    file = state_file(data_dir)
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        json.dump(document, output, indent=2)
    fresh.replace(file)


def _part_record(part: PartRecord) -> dict[str, Any]:
    return {
        "name": part.name,
        "state": part.state,
        "port": part.port,
        "restarts": part.restarts,
        "process": part.process.record() if part.process else None,
    }


def _part_from(record: Mapping[str, Any]) -> PartRecord:
    process = record["process"]
    return PartRecord(
        name=record["name"],
        state=record["state"],
        port=record["port"],
        restarts=record["restarts"],
        process=KnownProcess.from_record(process) if process else None,
    )


def lock_data_dir(data_dir: Path) -> TextIO:
    """Hold the data folder for this process until the returned file is closed; the kernel lets go when we die."""
    file = data_dir / "run" / "lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = file.open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        state = read_state(data_dir)
        holder = f" (pid {state.supervisor.pid})" if state else ""
        raise StackError(
            f"a stack already runs in {data_dir}{holder}; see `hanse status`, stop it with `hanse down`, "
            "or start a second one with --data-dir and --port-base"
        ) from None
    return handle
