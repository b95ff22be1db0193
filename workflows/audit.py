"""Everything that must always hold is looked at: `audit-…`, by a schedule.

Nothing should be found here: every step of every saga is made so that nothing is lost. What is found was lost all the same, so
an alert asks somebody to look. A break counts only when every look sees it, because sagas are at work meanwhile.
"""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.auditing import AuditActivities
    from models.auditing.messages import SHOWN, Audited, AuditInput, Look, Verdict
    from models.auditing.rules import still_broken
    from models.auditing.types import Invariant, Section
    from workflows.options import LONG_CALL, SEVERAL_TIMES, SIGN_OF_LIFE, TaskQueue

_ROW = "| {} | {} | {} | {} |"


@workflow.defn(name="Audit")
class Audit:
    """One audit of everything. A book that cannot be read is left to the next run, and this one is not clean."""

    @workflow.init
    def __init__(self, start: AuditInput) -> None:
        self._start = start
        self._seen: dict[Invariant, Section | None] = {}
        """None: it could not be read."""

    @workflow.run
    async def run(self, start: AuditInput) -> Audited:
        """What holds, what is broken, and what could not be read."""
        for invariant in Invariant:
            self._seen[invariant] = await self._look(invariant)
        for _ in range(start.looks - 1):
            if not (suspect := [section for section in self._seen.values() if section and section.findings]):
                break
            await workflow.sleep(start.look_again_after, summary="before another look at what seems to be broken")
            for before in suspect:
                again = await self._look(before.invariant)
                self._seen[before.invariant] = again and still_broken(before, again)
        return self._told()

    async def _look(self, invariant: Invariant) -> Section | None:
        try:
            return await workflow.execute_activity_method(
                AuditActivities.look,
                Look(invariant=invariant),
                task_queue=TaskQueue.AUDIT,
                start_to_close_timeout=LONG_CALL,
                heartbeat_timeout=SIGN_OF_LIFE,
                retry_policy=SEVERAL_TIMES,
                summary=f"look at {invariant}",
            )
        except ActivityError as fault:
            workflow.logger.error("%s cannot be read; the next audit looks again", invariant, exc_info=fault)
            return None

    def _told(self) -> Audited:
        """Log lines, metrics and details of this run; its answer."""
        for invariant, section in self._seen.items():
            for finding in section.findings if section else ():
                workflow.logger.warning("audit: %s is broken: %s at %s", invariant, finding.check, finding.subject)
        audited = Audited(verdicts=tuple(_verdict(invariant, section) for invariant, section in self._seen.items()))
        meter, now = workflow.metric_meter(), workflow.now().timestamp()
        breaks = meter.create_gauge("hanse_audit_breaks", "Breaks of an invariant that the last audit found")
        for verdict in audited.verdicts:
            if verdict.read:
                breaks.set(verdict.broken, {"invariant": verdict.invariant.value})
        meter.create_gauge_float("hanse_audit_ended_timestamp_seconds", "When the last audit ended").set(now)
        if audited.clean:
            meter.create_gauge_float(
                "hanse_audit_last_clean_timestamp_seconds", "When an audit last read everything and found nothing"
            ).set(now)
        workflow.set_current_details(_table(audited))
        return audited


def _verdict(invariant: Invariant, section: Section | None) -> Verdict:
    if section is None:
        return Verdict(invariant=invariant, looked_at="", broken=0, read=False)
    found = section.findings
    return Verdict(invariant=invariant, looked_at=section.looked_at, broken=len(found), first=found[:SHOWN])


def _table(audited: Audited) -> str:
    lines = [_ROW.format("invariant", "looked at", "result", "first breaks"), "|---|---|---|---|"]
    for verdict in audited.verdicts:
        result = f"**{verdict.broken} broken**" if verdict.broken else "holds" if verdict.read else "**not read**"
        breaks = "<br>".join(
            f"{finding.check} at `{finding.workflow_id or finding.subject}`" for finding in verdict.first
        )
        lines.append(_ROW.format(verdict.invariant, verdict.looked_at, result, breaks))
    return "\n".join(lines)
