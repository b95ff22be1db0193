"""How a request speaks with the process of a case."""

from typing import Any

from temporalio.client import WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.search_attributes import attributes
from api.edge.idempotency import Errand
from api.edge.sagas import ask_running, ask_starting, ask_until_heard
from api.wiring import Services
from models.aftersales.errors import AftersaleNotWaiting
from models.aftersales.messages import AftersaleInput, AftersaleTerms, Application
from models.aftersales.types import AftersaleCase, AftersaleState
from models.fulfillment.returning import aftersale_workflow_id
from models.shared import Refusal
from models.shared.ids import AftersaleId
from workflows.aftersale import Aftersale
from workflows.aftersale_wishes import FITS
from workflows.options import TaskQueue


async def applied(shop: Services, application: Application) -> AftersaleCase:
    """What becomes of an application at once; the same for every repetition of the request."""
    start = WithStartWorkflowOperation(
        Aftersale.run,
        AftersaleInput(application=application, terms=_terms(shop), placement=shop.settings.placement),
        id=aftersale_workflow_id(application.aftersale_id),
        task_queue=TaskQueue.CHECKOUT,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        search_attributes=attributes(
            OrderId=application.order_id,
            UserId=application.user_id,
            AftersaleStatus=AftersaleState.APPLIED,
            SkuIds=sorted(str(line.sku_id) for line in application.lines)[:20],
        ),
        static_summary=f"{application.kind} for order {application.order_id}: {application.reason}",
    )
    begin, workflow_id = f"begin/{application.aftersale_id}", aftersale_workflow_id(application.aftersale_id)
    answer: AftersaleCase = await ask_starting(
        shop.temporal, Aftersale.begin, None, start, begin, workflow_id, refusal=Aftersale.refusal
    )
    return answer


async def asked(shop: Services, case: AftersaleCase, errand: Errand, update: Any, wish: Any) -> AftersaleCase:
    """The case's answer to a wish, the same for every repetition of this request."""
    saga: WorkflowHandle[Aftersale, Any] = shop.temporal.get_workflow_handle_for(
        Aftersale.run, aftersale_workflow_id(case.aftersale_id)
    )
    update_id = f"{update.__name__}/{AftersaleId.derive(errand.first_seen_at, errand.caller, errand.key)}"
    over = AftersaleNotWaiting.of(case.aftersale_id, case.state, "waiting for this")

    async def is_ahead(refusal: Refusal) -> bool:
        if refusal is over or refusal.code != AftersaleNotWaiting.code:
            return False
        return (await shop.aftersales.case(case.aftersale_id)).state in FITS[type(wish)][0]

    answer: AftersaleCase = await ask_until_heard(lambda: ask_running(saga, update, wish, update_id, over), is_ahead)
    return answer


def _terms(shop: Services) -> AftersaleTerms:
    settings = shop.settings
    return AftersaleTerms(
        return_within=settings.aftersale_return_within,
        audit_reminder=settings.aftersale_audit_reminder,
        audit_escalation=settings.aftersale_audit_escalation,
    )
