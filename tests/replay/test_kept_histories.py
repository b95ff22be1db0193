"""Orders that began under earlier code go on under this code: every kept history replays.

A failure here means that running orders would get stuck after a deployment. Put the change behind `workflow.patched`; do not
record the history again.
"""

import base64
import json
import re
from pathlib import Path

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from tests.replay.golden import ALL, FOLDER, read
from workers.queues import SAGAS
from workers.sandbox import runner

FILES = sorted(FOLDER.glob("*.json"))
_DEFINITION = "__temporal_workflow_definition"
"""Where the SDK's decorator keeps what it registered."""
REPLAYER = Replayer(workflows=SAGAS, workflow_runner=runner(), data_converter=pydantic_data_converter)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_kept_history_replays(file: Path) -> None:
    await REPLAYER.replay_workflow(read(file), raise_on_replay_failure=True)


def test_every_way_that_is_worth_it_has_its_history() -> None:
    missing = [golden.path.name for golden in ALL if not golden.path.exists()]
    assert not missing, "run `make record-histories`"


def test_every_workflow_that_is_served_has_a_history() -> None:
    kept = {
        event["workflowExecutionStartedEventAttributes"]["workflowType"]["name"]
        for file in FILES
        for event in json.loads(file.read_text())["events"][:1]
    }
    assert [kind.__name__ for kind in SAGAS if getattr(kind, _DEFINITION).name not in kept] == []


async def test_a_history_that_this_code_would_not_have_written_is_found_out() -> None:
    history = read(FOLDER / "checkout-completed_by_time-queue.json")
    for event in history.events:
        scheduled = event.activity_task_scheduled_event_attributes
        if scheduled.activity_type.name == "orders.open_order":
            scheduled.activity_type.name = "orders.discard_order"
    with pytest.raises(NondeterminismError):
        await REPLAYER.replay_workflow(history, raise_on_replay_failure=True)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_kept_history_is_small_and_says_nothing_about_people_or_machines(file: Path) -> None:
    text = file.read_text()
    payloads = re.findall(r'"data": "([A-Za-z0-9+/=]+)"', text)
    told = text + "".join(base64.b64decode(payload).decode(errors="replace") for payload in payloads)
    assert len(text) < 70_000
    assert json.loads(text)["events"]
    assert not re.findall(r"/[a-z]+/[a-z_]+/|\.py\b|\w@[a-z]|\+86", told)
