"""Our books held against what channels say: asking for it, and what came of it. For operators of money."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from api.edge.audit import Audit
from api.edge.idempotency import idempotent_router
from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor, row_number
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.sagas import answer_of
from api.edge.wired import Wired
from api.payments.schemas import ReconcileRequest, ReconciliationStarted
from channels.payment.errors import ChannelUnknown
from models.payments.reconciliation import Difference, ReconciliationInput, Report, reconciliation_id
from models.payments.report_files import write_differences
from models.shared.refusals import InvalidRequest, NotFound
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity
from stores.payments import PaymentStore
from workflows.options import TaskQueue
from workflows.reconciliation import Reconciliation

router = idempotent_router(prefix="/v1/reconciliations", tags=["reconciliations"])
reads = APIRouter(prefix="/v1/reconciliations", tags=["reconciliations"])

Finance = Annotated[Identity, operator("finance")]
Number = Annotated[int, Path(ge=1, lt=2**63)]
_WHO = (NotAuthenticated, PermissionMissing)
_CSV_PAGE = 500


@router.post(
    "",
    status_code=202,
    summary="Reconcile a day",
    responses=refusals(*_WHO, ChannelUnknown, InvalidRequest, ServiceBusy),
)
async def reconcile(ask: ReconcileRequest, who: Finance, shop: Wired, trail: Audit) -> ReconciliationStarted:
    """Fetch the channel's statement of that day and hold it against our books. The report appears in the list when it is made; a
    statement that is not published yet is waited for. The same statement again changes nothing."""
    terms = shop.payment_channels.named(ask.channel).terms
    if ask.day > shop.clock().astimezone(ZoneInfo(terms.statement_zone)).date():
        raise InvalidRequest(f"The day {ask.day} has not begun at {ask.channel}.", field="day")
    workflow_id = reconciliation_id(ask.channel, ask.day)
    async with trail.action(who, "payments.reconcile", f"{ask.channel} {ask.day}"):
        starting = shop.temporal.start_workflow(
            Reconciliation.run,
            ReconciliationInput(channel=ask.channel, day=ask.day, placement=shop.settings.placement),
            id=workflow_id,
            task_queue=TaskQueue.CHECKOUT,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            static_summary=f"Statement of {ask.channel} for {ask.day}, asked for by an operator",
        )
        await answer_of(starting)
    return ReconciliationStarted(channel=ask.channel, day=ask.day, workflow_id=workflow_id)


@reads.get("", summary="Reconciliations", responses=refusals(*_WHO, InvalidRequest))
async def list_reports(
    _who: Finance,
    shop: Wired,
    channel: str | None = None,
    day: date | None = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[Report]:
    """Reports, newest first. A corrected statement makes another report of the same day, with the next revision."""
    before = read_cursor(cursor, row_number)
    found = await shop.payments.reconciliations(limit=limit + 1, before=before, channel=channel, day=day)
    return page(found, limit, lambda report: report.number, lambda report: report)


@reads.get("/channels", summary="Channels with statements", responses=refusals(*_WHO))
async def list_reconcilable(_who: Finance, shop: Wired) -> list[str]:
    """The names of the channels that can be reconciled, as the cashier orders them."""
    return [channel.terms.name for channel in shop.payment_channels.all()]


@reads.get("/{number}", summary="A reconciliation", responses=refusals(*_WHO, NotFound))
async def show_report(number: Number, _who: Finance, shop: Wired) -> Report:
    """Whether books and statement agree, with the sums of every kind of difference."""
    return await shop.payments.reconciliation(number)


@reads.get(
    "/{number}/differences",
    summary="Differences of a reconciliation",
    responses=refusals(*_WHO, NotFound, InvalidRequest),
)
async def list_differences(
    number: Number, _who: Finance, shop: Wired, limit: Limit = 50, cursor: Cursor = None
) -> Page[Difference]:
    """In the order of the statement's lines, then what stands in no statement."""
    await shop.payments.reconciliation(number)
    found = await shop.payments.differences(number, limit=limit + 1, after=read_cursor(cursor, row_number))
    return page(found, limit, lambda difference: difference.number, lambda difference: difference)


@reads.get(
    "/{number}/differences.csv",
    summary="Export the differences of a reconciliation",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}}, **refusals(*_WHO, NotFound)},
)
async def export_differences(number: Number, _who: Finance, shop: Wired) -> StreamingResponse:
    """Every difference as a line, amounts in minor units. A cell that a spreadsheet would run as a formula is defused."""
    report = await shop.payments.reconciliation(number)
    name = f"reconciliation-{report.channel}-{report.day}-revision-{report.revision}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    lines = _csv(shop.payments, number)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


async def _csv(payments: PaymentStore, number: int) -> AsyncIterator[str]:
    yield write_differences([], first=True)
    after = 0
    while found := await payments.differences(number, limit=_CSV_PAGE, after=after):
        yield write_differences(found, first=False)
        after = found[-1].number
