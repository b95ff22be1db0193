"""What the shop starts by itself, registered on the real Temporal server."""

import asyncio
import base64
import secrets
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from temporalio import workflow
from temporalio.client import (
    Client,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleDescription,
    ScheduleOverlapPolicy,
    ScheduleRange,
)
from temporalio.worker import Worker

from hanse.settings import Settings
from hanse.temporal import connect
from models.shared import Frozen
from workers.sandbox import runner
from workers.schedules import Planned, ensure_schedules, planned

pytestmark = pytest.mark.stack


class Asked(Frozen):
    """What the probe is started with."""

    what: str


@workflow.defn(name="ScheduleProbe")
class ScheduleProbe:
    @workflow.run
    async def run(self, ask: Asked) -> str:
        return ask.what


@pytest.fixture
async def client(temporal: str, settings: Settings) -> Client:
    return await connect(settings)


@pytest.fixture
def plan() -> Planned:
    return Planned(
        schedule_id=f"probe-{uuid.uuid4()}",
        workflow="ScheduleProbe",
        input=Asked(what="the first"),
        purpose="Shows that schedules are kept",
        every=timedelta(hours=5),
    )


async def described(client: Client, plan: Planned) -> ScheduleDescription:
    return await client.get_schedule_handle(plan.schedule_id).describe()


async def test_a_missing_schedule_is_created_as_declared(client: Client, settings: Settings, plan: Planned) -> None:
    await ensure_schedules(client, settings, [plan])
    found = await described(client, plan)
    assert [interval.every for interval in found.schedule.spec.intervals] == [timedelta(hours=5)]
    assert found.schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
    assert found.schedule.policy.catchup_window == timedelta(hours=1)
    assert await found.memo() == {"purpose": "Shows that schedules are kept"}


async def test_processes_that_start_together_agree(client: Client, settings: Settings, plan: Planned) -> None:
    await asyncio.gather(*(ensure_schedules(client, settings, [plan]) for _ in range(4)))
    first = await described(client, plan)
    await ensure_schedules(client, settings, [plan])
    assert (await described(client, plan)).info.last_updated_at == first.info.last_updated_at is None


async def test_a_changed_declaration_is_taken_over_and_a_pause_stays(
    client: Client, settings: Settings, plan: Planned
) -> None:
    await ensure_schedules(client, settings, [plan])
    await client.get_schedule_handle(plan.schedule_id).pause(note="the bank is closed")
    at_noon = ScheduleCalendarSpec(hour=[ScheduleRange(12)])
    await ensure_schedules(client, settings, [replace(plan, every=None, calendar=at_noon, zone="Asia/Shanghai")])
    found = await described(client, plan)
    assert found.schedule.spec.intervals == []
    assert found.schedule.spec.calendars[0].hour == (ScheduleRange(12, 12, 1),)
    assert found.schedule.spec.time_zone_name == "Asia/Shanghai"
    assert (found.schedule.state.paused, found.schedule.state.note) == (True, "the bank is closed")


async def test_a_run_gets_the_input_of_the_latest_declaration(
    client: Client, settings: Settings, plan: Planned
) -> None:
    queue = f"schedules-{uuid.uuid4()}"
    async with Worker(client, task_queue=queue, workflows=[ScheduleProbe], workflow_runner=runner()):
        first = replace(plan, queue=queue)
        await ensure_schedules(client, settings, [first])
        await ensure_schedules(client, settings, [replace(first, input=Asked(what="the second"))])
        await client.get_schedule_handle(plan.schedule_id).trigger()
        async with asyncio.timeout(20):
            while not (runs := (await described(client, plan)).info.recent_actions):
                await asyncio.sleep(0.1)
            run = client.get_workflow_handle(runs[0].action.workflow_id)  # type: ignore[union-attr]
            assert await run.result() == "the second"
        assert runs[0].action.workflow_id.startswith(plan.schedule_id)  # type: ignore[union-attr]


async def test_a_schedule_sealed_with_a_key_that_is_gone_is_written_anew(
    client: Client, settings: Settings, plan: Planned
) -> None:
    await ensure_schedules(client, settings, [plan])
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    rotated = settings.model_copy(update={"payload_keys": SecretStr(f"{secrets.token_hex(4)}:{key}")})
    later = await connect(rotated)
    await ensure_schedules(later, rotated, [plan])
    action = (await described(later, plan)).schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    assert await later.data_converter.decode(list(action.args), [Asked]) == [plan.input]


def test_every_schedule_of_the_shop_has_an_id_of_its_own(settings: Settings) -> None:
    ids = [plan.schedule_id for plan in planned(settings)]
    assert len(set(ids)) == len(ids)
