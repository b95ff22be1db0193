"""The steps of after-sales. Which units a case may speak of is a step of `activities/orders.py`."""

from typing import TYPE_CHECKING

from temporalio import activity

from models.aftersales.events import told
from models.aftersales.messages import (
    AdvanceCase,
    CaseOpened,
    NoteWaybill,
    OpenCase,
    ReportRefund,
)
from models.aftersales.rules import judge
from models.aftersales.types import AutomaticTerms
from models.shared.done import Done

if TYPE_CHECKING:
    from activities.announcing import Announcer
    from activities.siblings import Siblings
    from stores.aftersales import AftersaleStore


class AftersaleActivities:
    """Each is idempotent by the case's id and version. A change is announced right after it is committed."""

    def __init__(
        self,
        store: "AftersaleStore",
        siblings: "Siblings",
        announcer: "Announcer",
        automatic: AutomaticTerms,
    ) -> None:
        """`automatic` says which cases need no operator."""
        self._store = store
        self._siblings = siblings
        self._announcer = announcer
        self._automatic = automatic

    @activity.defn(name="aftersales.open_case")
    async def open_case(self, ask: OpenCase) -> CaseOpened:
        """The case stands, with its evidence, and the rule has judged it. Refusals: `evidence_unknown`,
        `aftersale_conflict`."""
        case, history = await self._store.open_once(ask)
        word = judge(self._automatic, case.kind, case.reason, case.proposed, len(case.evidence), history)
        unannounced = await self._announcer.announce(told(case))
        return CaseOpened(case=case, approved=word.approved, why=word.why, unannounced=unannounced)

    @activity.defn(name="aftersales.advance_case")
    async def advance_case(self, step: AdvanceCase) -> Done:
        """The case takes a step, and whoever listens hears of it. Refusals: `illegal_aftersale_step`, `stale_version`."""
        case = await self._store.advance(step)
        return Done(unannounced=await self._announcer.announce(told(case)))

    @activity.defn(name="aftersales.note_waybill")
    async def note_waybill(self, note: NoteWaybill) -> None:
        """The return's waybill is this case's. Refusal: `return_waybill_taken`."""
        await self._store.bind_waybill_once(note)

    @activity.defn(name="aftersales.report_refund")
    async def report_refund(self, report: ReportRefund) -> None:
        """A refund has ended: its case hears of it."""
        await self._siblings.report_to_case(report.aftersale_id, report.outcome)
