"""A channel's statement held against our books: daily for each channel, or `reconciliation/{channel}/{day}` on request (R9.5)."""

from datetime import date, timedelta

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.reconciliation import ReconciliationActivities
    from models.payments.reconciliation import (
        AGREES,
        CompareStatement,
        DayOf,
        DayReconciled,
        Outcome,
        Reconciled,
        ReconciliationInput,
        RepairReport,
        Report,
        StatementState,
        StatementTaken,
        TakeIn,
    )
    from models.shared import Money
    from workflows.options import SIGN_OF_LIFE, UNTIL_DONE, TaskQueue
    from workflows.saga import Saga, is_refusal

_DUE_AT = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
_TAKING_IN = timedelta(minutes=30)


@workflow.defn(name="Reconciliation")
class Reconciliation:
    """Fetch the statement (waiting until it is published), keep it if it can be believed, compare, repair what is safe to
    repair, and leave a report. The same statement again changes nothing; a corrected one makes a new report.

    Without a day it is the daily run: first the few days before, whose statements may have been corrected, then yesterday;
    oldest first, so that a movement is looked for in all of them before it is said to be missing.
    """

    @workflow.init
    def __init__(self, start: ReconciliationInput) -> None:
        self._start = start
        self._saga = Saga(start.placement)
        self._days: list[DayReconciled] = []

    @workflow.run
    async def run(self, start: ReconciliationInput) -> Reconciled:
        """The reports, a day each."""
        days = await self._days_to_reconcile()
        for day in days:
            self._days.append(await self._reconciled(day, waits=day == days[-1]))
        self._tell("Done")
        return Reconciled(channel=start.channel, days=tuple(self._days))

    async def _days_to_reconcile(self) -> list[date]:
        if self._start.day is not None:
            return [self._start.day]
        due_at = workflow.info().typed_search_attributes.get(_DUE_AT) or workflow.info().start_time
        today = await self._saga.long_call(
            ReconciliationActivities.day_of,
            DayOf(channel=self._start.channel, at=due_at),
            "which day it is at the channel",
            TaskQueue.PAYMENTS,
        )
        return [today.day - timedelta(days=back) for back in range(self._start.looks_back + 1, 0, -1)]

    async def _reconciled(self, day: date, *, waits: bool) -> DayReconciled:
        try:
            taken = await self._statement_of(day, waits=waits)
        except ActivityError as error:
            if not is_refusal(error):
                raise
            return self._without_statement(day, f"the channel refuses: {error.cause}")
        if taken.number is None:
            if waits:
                return self._without_statement(day, "the channel has not published it")
            return DayReconciled(day=day, report=None, missing="not published yet")
        report = await self._compared(taken.number, day)
        return DayReconciled(day=day, report=report, repaired=await self._repaired(report))

    async def _statement_of(self, day: date, *, waits: bool) -> StatementTaken:
        """The statement as it is kept; one that is not published yet is waited for, if that is wanted."""
        gives_up_at = workflow.now() + self._start.patience
        while True:
            self._tell(f"Fetching the statement of {day}")
            taken: StatementTaken = await workflow.execute_activity_method(
                ReconciliationActivities.take_in,
                TakeIn(channel=self._start.channel, day=day),
                task_queue=TaskQueue.CHANNELS_PAYMENT,
                start_to_close_timeout=_TAKING_IN,
                heartbeat_timeout=SIGN_OF_LIFE,
                retry_policy=UNTIL_DONE,
                summary=f"fetch the statement of {day}",
            )
            if taken.state is not StatementState.NOT_READY or not waits or workflow.now() >= gives_up_at:
                return taken
            self._tell(f"Waiting until the statement of {day} is published, until {gives_up_at:%Y-%m-%d %H:%M} UTC")
            await workflow.sleep(self._start.asks_again, summary=f"the statement of {day} is not published yet")

    async def _compared(self, statement: int, day: date) -> Report:
        self._tell(f"Comparing {day}")
        ask = CompareStatement(statement=statement, carry_over=self._start.carry_over, at=workflow.now())
        report = await self._saga.long_call(
            ReconciliationActivities.compare, ask, f"compare the statement of {day} with our books", TaskQueue.PAYMENTS
        )
        if report.outcome is Outcome.FAILED:
            self._count("hanse_reconciliation_failed")
            workflow.logger.error("the statement of %s cannot be believed: %s", day, report.failure)
        return report

    async def _repaired(self, report: Report) -> int:
        """How many differences were told to a saga or booked now; none when the report is an old one."""
        done = 0
        while report.repairs:
            part = await self._saga.long_call(
                ReconciliationActivities.repair,
                RepairReport(report=report.number),
                f"tell sagas what they did not hear, book fees and chargebacks ({report.repairs} in all)",
                TaskQueue.PAYMENTS,
            )
            done += part.done
            if not part.left:
                break
        return done

    # ---- what an operator sees ---------------------------------------------------------------------------------------

    def _without_statement(self, day: date, why: str) -> DayReconciled:
        self._count("hanse_statement_missing")
        workflow.logger.error("no statement of %s: %s", day, why)
        return DayReconciled(day=day, report=None, missing=why)

    def _count(self, name: str) -> None:
        workflow.metric_meter().create_counter(name).add(1, {"channel": self._start.channel})

    def _tell(self, doing: str) -> None:
        lines = [f"**{doing}** · channel `{self._start.channel}`", *map(_told, self._days)]
        workflow.set_current_details("\n".join(lines))


def _told(day: DayReconciled) -> str:
    report = day.report
    if report is None:
        return f"- {day.day}: **no statement**, {day.missing}"
    if report.outcome is Outcome.FAILED:
        return f"- {day.day}: **cannot be believed**, {report.failure} (line {report.failure_line})"
    found = [
        f"{total.count} {total.kind} (ours {Money(minor=total.ours, currency=total.currency)}, "
        f"theirs {Money(minor=total.theirs, currency=total.currency)})"
        for total in report.totals
        if total.kind not in AGREES
    ]
    told = ", ".join(found) or "everything agrees"
    return f"- {day.day} revision {report.revision}, {report.lines} lines: {told}; {day.repaired} repaired now"
