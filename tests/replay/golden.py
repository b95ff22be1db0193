"""The files of `histories/`: which there should be, how one is written, and how one is read."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory

from models.orders.messages import Placement
from tests.replay import scenarios_of_aftersales as aftersales
from tests.replay import scenarios_of_spending as spending
from tests.replay import scenarios_of_telling as telling
from tests.replay.scenarios import ORDERS, ORDERS_QUEUED, WINDOWS, WINDOWS_QUEUED, OrderScenario, WindowScenario
from tests.replay.scenarios_of_parcels import (
    PARCELS,
    PARCELS_QUEUED,
    REFUNDS,
    REFUNDS_QUEUED,
    ParcelScenario,
    RefundScenario,
)
from tests.replay.scenarios_of_points import ADJUSTMENTS, EXPIRIES, SagaScenario
from tests.replay.scenarios_of_schedules import (
    AUDITS,
    CHORES,
    RECONCILIATIONS,
    RECONCILIATIONS_QUEUED,
    SUPPLEMENTS,
    SUPPLEMENTS_QUEUED,
    WATCHES,
    ReconciliationScenario,
    SupplementScenario,
)
from tests.replay.scenarios_of_search import DRIFTS, REBUILDS, SALES, SYNCS
from tests.replay.scenarios_of_transfers import CHARGEBACKS, NOTICES, TRANSFERS, TRANSFERS_QUEUED, TransferScenario

FOLDER = Path(__file__).parent / "histories"
_DROPPED = frozenset({"stackTrace", "sourceLocation", "identity"})
"""Names and paths of whatever machine recorded it; replay does not need them."""


@dataclass(frozen=True)
class Golden:
    """One history worth keeping: a way through a workflow, with its store calls placed inline or queued."""

    workflow: str
    placement: Placement
    order: OrderScenario | None = None
    window: WindowScenario | None = None
    parcel: ParcelScenario | None = None
    refund: RefundScenario | None = None
    transfer: TransferScenario | None = None
    saga: SagaScenario | None = None
    """A way through a workflow that belongs to no order."""
    supplement: SupplementScenario | None = None
    reconciliation: ReconciliationScenario | None = None
    case: aftersales.CaseScenario | None = None

    @property
    def path(self) -> Path:
        """Where it is kept."""
        parts = (
            *(self.order, self.window, self.parcel, self.refund, self.transfer, self.saga),
            *(self.supplement, self.reconciliation, self.case),
        )
        scenario = next((part for part in parts if part is not None), None)
        assert scenario is not None
        return FOLDER / f"{self.workflow}-{scenario.__name__}-{self.placement}.json"


ALL = (
    *(Golden("checkout", "inline", order=scenario) for scenario in ORDERS),
    *(Golden("checkout", "queue", order=scenario) for scenario in ORDERS_QUEUED),
    *(Golden("checkout", "inline", order=scenario) for scenario in spending.ORDERS),
    *(Golden("checkout", "queue", order=scenario) for scenario in spending.ORDERS_QUEUED),
    *(Golden("payment_timeout", "inline", window=scenario) for scenario in WINDOWS),
    *(Golden("payment_timeout", "queue", window=scenario) for scenario in WINDOWS_QUEUED),
    *(Golden("fulfillment", "inline", parcel=scenario) for scenario in PARCELS),
    *(Golden("fulfillment", "queue", parcel=scenario) for scenario in PARCELS_QUEUED),
    *(Golden("refund", "inline", refund=scenario) for scenario in REFUNDS),
    *(Golden("refund", "queue", refund=scenario) for scenario in REFUNDS_QUEUED),
    *(Golden("refund", "inline", refund=scenario) for scenario in spending.REFUNDS),
    *(Golden("transfer", "inline", transfer=scenario) for scenario in TRANSFERS),
    *(Golden("transfer", "queue", transfer=scenario) for scenario in TRANSFERS_QUEUED),
    *(Golden("stock_low_notice", "queue", saga=scenario) for scenario in NOTICES),
    *(Golden("chargeback_notice", "queue", saga=scenario) for scenario in CHARGEBACKS),
    *(Golden("points_expiry", "queue", saga=scenario) for scenario in EXPIRIES),
    *(Golden("points_adjustment", "queue", saga=scenario) for scenario in ADJUSTMENTS),
    *(Golden("parcel_watch", "inline", saga=scenario) for scenario in WATCHES),
    *(Golden("audit", "queue", saga=scenario) for scenario in AUDITS),
    *(Golden("housekeeping", "queue", saga=scenario) for scenario in CHORES),
    *(Golden("catalog_sync", "queue", saga=scenario) for scenario in SYNCS),
    *(Golden("reindex", "queue", saga=scenario) for scenario in REBUILDS),
    *(Golden("search_drift", "queue", saga=scenario) for scenario in DRIFTS),
    *(Golden("sales_to_search", "queue", saga=scenario) for scenario in SALES),
    *(Golden("review_change", "queue", saga=scenario) for scenario in telling.CHANGES),
    *(Golden("notify", "queue", saga=scenario) for scenario in telling.NOTICES),
    *(Golden("webhook_delivery", "queue", saga=scenario) for scenario in telling.DELIVERIES),
    *(Golden("supplement", "inline", supplement=scenario) for scenario in SUPPLEMENTS),
    *(Golden("supplement", "queue", supplement=scenario) for scenario in SUPPLEMENTS_QUEUED),
    *(Golden("reconciliation", "inline", reconciliation=scenario) for scenario in RECONCILIATIONS),
    *(Golden("reconciliation", "queue", reconciliation=scenario) for scenario in RECONCILIATIONS_QUEUED),
    *(Golden("aftersale", "inline", case=scenario) for scenario in aftersales.CASES),
    *(Golden("aftersale", "queue", case=scenario) for scenario in aftersales.CASES_QUEUED),
    *(Golden("refund", "inline", refund=scenario) for scenario in aftersales.REFUNDS),
)


def write(path: Path, history: WorkflowHistory) -> None:
    """One event a line, so that a difference between two versions can be read."""
    lines = [json.dumps(_clean(event), sort_keys=True) for event in history.to_json_dict()["events"]]
    opening = json.dumps({"workflow_id": history.workflow_id})[:-1]
    path.write_text(opening + ', "events": [\n' + ",\n".join(lines) + "\n]}\n")


def read(path: Path) -> WorkflowHistory:
    """The history as Temporal's replayer takes it."""
    kept = json.loads(path.read_text())
    return WorkflowHistory.from_json(kept["workflow_id"], {"events": kept["events"]})


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _clean(part) for key, part in value.items() if key not in _DROPPED}
    if isinstance(value, list):
        return [_clean(part) for part in value]
    return value
