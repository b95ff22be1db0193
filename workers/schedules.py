"""What the shop starts by itself, and when: one table, and how Temporal is told of it.

A schedule of one's own is one more entry in `planned`. Every entry is skipped while its last run still goes on; runs that
were missed because Temporal was down are caught up within the catch-up window.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from channels.payment.registry import channel_names
from hanse.codec import PayloadDamaged, UnknownPayloadKey
from hanse.settings import Settings
from models.auditing.messages import AuditInput
from models.fulfillment.watching import WatchInput
from models.housekeeping.messages import HousekeepingInput
from models.payments.reconciliation import ReconciliationInput
from models.payments.supplement import SupplementInput
from models.points.messages import ExpiryRun
from models.search.messages import DriftInput, TellSales
from workflows.options import TaskQueue

_log = logging.getLogger(__name__)
_DECLARED = "declared"
"""The memo that says from which declaration a schedule was made."""


@dataclass(frozen=True)
class Planned:
    """One schedule as the code declares it: `every` so often, or at the times of `calendar` in `zone`."""

    schedule_id: str
    workflow: str
    input: BaseModel
    purpose: str
    """A sentence for an operator: the summary and the memo of every run."""
    every: timedelta | None = None
    calendar: ScheduleCalendarSpec | None = None
    zone: str = "UTC"
    queue: str = TaskQueue.CHECKOUT
    catch_up: timedelta = timedelta(hours=1)

    def __post_init__(self) -> None:
        """Either an interval or a calendar."""
        if (self.every is None) == (self.calendar is None):
            raise ValueError(f"schedule {self.schedule_id} needs `every` or `calendar`, not both")

    @property
    def declaration(self) -> str:
        """A digest of everything that is declared: two declarations with the same one are the same."""
        told = (self.input.model_dump_json(), self.purpose, self.every, self.calendar, self.zone, self.catch_up)
        return hashlib.sha256(repr((self.workflow, str(self.queue), *told)).encode()).hexdigest()[:16]

    def schedule(self) -> Schedule:
        """As Temporal takes it. The workflow id of a run is the schedule's id and the time it was due."""
        return Schedule(
            action=ScheduleActionStartWorkflow(
                self.workflow,
                self.input,
                id=self.schedule_id,
                task_queue=self.queue,
                static_summary=self.purpose,
                memo={"purpose": self.purpose, _DECLARED: self.declaration},
            ),
            spec=ScheduleSpec(
                intervals=[ScheduleIntervalSpec(every=self.every)] if self.every else [],
                calendars=[self.calendar] if self.calendar else [],
                time_zone_name=self.zone,
            ),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=self.catch_up),
            state=ScheduleState(note=self.purpose),
        )


def planned(settings: Settings) -> tuple[Planned, ...]:
    """Every schedule of the shop."""
    return (
        Planned(
            "points-expiry",
            "PointsExpiry",
            ExpiryRun(),
            "Writes off points whose time has passed",
            every=timedelta(days=1),
            catch_up=timedelta(days=1),
        ),
        Planned(
            schedule_id="supplement",
            workflow="Supplement",
            input=SupplementInput(pending_for=settings.supplement_after, placement=settings.placement),
            purpose="Payments whose callback was lost, and orders that nobody looks after",
            every=settings.supplement_every,
            catch_up=timedelta(minutes=10),
        ),
        Planned(
            schedule_id="parcel-watch",
            workflow="ParcelWatch",
            input=WatchInput(
                silence=settings.tracking_silence,
                sign_off_after=settings.sign_off_after,
                placement=settings.placement,
            ),
            purpose="Parcels whose carrier says nothing, and deliveries that nobody has signed for",
            every=settings.tracking_every,
            catch_up=timedelta(minutes=10),
        ),
        Planned(
            schedule_id="search-drift",
            workflow="SearchDrift",
            input=DriftInput(),
            purpose="Search index and catalogue compared, and repaired where they differ",
            every=settings.search_drift_every,
            catch_up=timedelta(minutes=10),
        ),
        Planned(
            schedule_id="sales-to-search",
            workflow="SalesToSearch",
            input=TellSales(),
            purpose="The search engine told what sells, so that it can order by it",
            every=timedelta(minutes=5),
            catch_up=timedelta(minutes=5),
        ),
        Planned(
            schedule_id="audit",
            workflow="Audit",
            input=AuditInput(),
            purpose="Everything that must always hold looked at: stock, money, coupons, points, sagas",
            every=settings.audit_every,
        ),
        Planned(
            schedule_id="housekeeping",
            workflow="Housekeeping",
            input=HousekeepingInput(),
            purpose="What was kept long enough is removed: notices, deliveries, pictures nobody used, old requests, sessions",
            every=timedelta(days=1),
            catch_up=timedelta(days=1),
        ),
        *(_reconciliation(settings, channel, place) for place, channel in enumerate(channel_names(settings))),
    )


def _reconciliation(settings: Settings, channel: str, place: int) -> Planned:
    """After the statement of the day before is published (real channels: from 10:00 on), a few minutes apart."""
    return Planned(
        schedule_id=f"reconciliation/{channel}",
        workflow="Reconciliation",
        input=ReconciliationInput(channel=channel, placement=settings.placement),
        purpose=f"Our books held against yesterday's statement of {channel}",
        calendar=ScheduleCalendarSpec(hour=[ScheduleRange(10)], minute=[ScheduleRange(30 + 5 * (place % 6))]),
        catch_up=timedelta(days=2),
    )


async def ensure_schedules(client: Client, settings: Settings, plans: Sequence[Planned] | None = None) -> None:
    """Create what is missing and bring to its declaration what was made from another one. Idempotent; processes that do it at
    the same time agree.

    Whether a schedule is paused, and why, is an operator's word and stays. So does what an operator changed in the spec, until
    the declaration changes. A schedule that is no longer declared stays until somebody deletes it.
    """
    for plan in planned(settings) if plans is None else plans:
        try:
            await client.create_schedule(plan.schedule_id, plan.schedule(), memo={"purpose": plan.purpose})
        except ScheduleAlreadyRunningError:
            await _bring_up_to_date(client, plan)


async def _bring_up_to_date(client: Client, plan: Planned) -> None:
    async def change(found: ScheduleUpdateInput) -> ScheduleUpdate | None:
        action = found.description.schedule.action
        if isinstance(action, ScheduleActionStartWorkflow):
            kept = (action.memo or {}).get(_DECLARED)
            if await _decoded(client, kept) == plan.declaration:
                return None
        schedule = plan.schedule()
        schedule.state = found.description.schedule.state
        _log.info("schedule %s follows its new declaration", plan.schedule_id)
        return ScheduleUpdate(schedule=schedule)

    await client.get_schedule_handle(plan.schedule_id).update(change)


async def _decoded(client: Client, memo: object) -> object:
    """A memo of a described schedule comes as the payload it is. None when this process has not its key any more: then the
    input of the runs is sealed with that key, too, and the schedule is written anew."""
    if not isinstance(memo, Payload):
        return memo
    try:
        return (await client.data_converter.decode([memo]))[0]
    except (UnknownPayloadKey, PayloadDamaged):
        return None
