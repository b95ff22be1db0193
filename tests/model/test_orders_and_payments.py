"""Whatever happens to orders and payments, in any order: the real shop agrees with a model that was written down apart from it.

`make test` tries a few stories, always the same. `make proof` makes up hundreds, other ones each time; when one
fails, it says with which HANSE_MODEL_SEED the same is told again.
"""

import asyncio
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from hanse.settings import Settings
from stores.migrations import DATABASES
from tests.databases import MigratedCopies
from tests.model.operating import Operating
from tests.model.world import open_world, within_bounds

pytestmark = pytest.mark.stack
_PER_WORLD = 20
"""Examples before the databases are fresh again: an audit looks at all orders there are."""


class OwnDatabases(Settings):
    """Settings of a shop whose databases are these."""

    dsns: dict[str, str]

    def dsn(self, database: str) -> str:
        return self.dsns[database]


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def play(
    runner: asyncio.Runner,
    copies: MigratedCopies,
    settings: Settings,
    folder: Path,
    profile: hypothesis.settings,
    seed: int | None = None,
) -> None:
    """Run the machine in a world of its own."""
    names = {domain: runner.run(copies.create(domain)) for domain in DATABASES}
    dsns = {domain: copies.dsn(name) for domain, name in names.items()}
    folder.mkdir()
    opened = open_world(OwnDatabases.model_construct(**dict(settings), dsns=dsns), folder)
    world = within_bounds(runner, opened.__aenter__())
    try:
        machine = type("Machine", (Operating,), {"runner": runner, "world": world})
        if seed is not None:
            hypothesis.seed(seed)(machine)
        run_state_machine_as_test(machine, settings=profile)
    finally:
        within_bounds(runner, opened.__aexit__(None, None, None))
        for name in names.values():
            runner.run(copies.drop(name))


def profile(examples: int, steps: int, **more: object) -> hypothesis.settings:
    """No stopwatch; and no shrinking, which takes minutes on real servers."""
    return hypothesis.settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.timeout(300)
def test_a_few_stories_go_as_the_model_says(
    runner: asyncio.Runner,
    migrated_copies: MigratedCopies,
    settings: Settings,
    redis_url: str,
    kafka_bootstrap: str,
    tmp_path: Path,
) -> None:
    play(runner, migrated_copies, settings, tmp_path / "world", profile(3, 10, derandomize=True))


@pytest.mark.proof
@pytest.mark.timeout(0)
def test_hundreds_of_stories_go_as_the_model_says(
    runner: asyncio.Runner,
    migrated_copies: MigratedCopies,
    settings: Settings,
    redis_url: str,
    kafka_bootstrap: str,
    tmp_path: Path,
) -> None:
    seed = int(os.environ.get("HANSE_MODEL_SEED") or secrets.randbelow(2**32))
    examples = int(os.environ.get("HANSE_MODEL_EXAMPLES") or 300)
    for number in range(-(-examples // _PER_WORLD)):
        folder, story = tmp_path / f"world-{number}", seed + number
        try:
            play(runner, migrated_copies, settings, folder, profile(_PER_WORLD, 40), story)
        except BaseException as fault:
            fault.add_note(f"The same again: HANSE_MODEL_SEED={story} HANSE_MODEL_EXAMPLES={_PER_WORLD} make proof")
            raise
