"""A command that needs the stack says in a sentence that it is down, and what to do."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from redis.exceptions import ConnectionError as RedisAway

from cli.away import what_is_away
from hanse.settings import Settings
from hanse.temporal import connect
from hanse.unreachable import Unreachable

NOWHERE = {
    "HANSE_POSTGRES_URL": "postgresql://hanse:secret@127.0.0.1:1/postgres",
    "HANSE_PAYLOAD_KEYS": f"k:{'A' * 43}=",
}


def test_a_verb_says_which_server_does_not_answer_and_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "audit", "--data-dir", str(tmp_path)],
        env={**os.environ, **NOWHERE, "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr
    (sentence,) = done.stderr.strip().splitlines()
    assert sentence.startswith("✗ PostgreSQL does not answer at 127.0.0.1:1/hanse_orders")
    assert "`make up`" in sentence
    assert "secret" not in done.stderr


async def test_a_temporal_that_is_away_is_named_with_its_address() -> None:
    settings = Settings(temporal_address="127.0.0.1:1", payload_keys=SecretStr(NOWHERE["HANSE_PAYLOAD_KEYS"]))
    with pytest.raises(
        Unreachable, match=r"Temporal does not answer at 127\.0\.0\.1:1; start the stack with `make up`"
    ):
        await connect(settings)


def test_what_one_task_of_several_could_not_reach_is_told_and_a_mistake_in_code_is_not_taken_for_it() -> None:
    away = httpx.ConnectError("refused", request=httpx.Request("GET", "http://127.0.0.1:8200/v1/orders"))
    assert what_is_away(ExceptionGroup("tasks", [ValueError("a mistake"), away])) == (
        "127.0.0.1:8200 does not answer (refused); start the stack with `make up`, or see `hanse doctor`"
    )
    assert "Redis" in str(what_is_away(RedisAway("Error 111")))
    assert what_is_away(Unreachable("Temporal", "there")) == str(Unreachable("Temporal", "there"))
    assert what_is_away(ValueError("a mistake")) is None
