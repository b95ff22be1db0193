"""What goes over the wire about after-sales, besides the case itself."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from api.spoken import Spoken
from models.aftersales.types import (
    AftersaleKind,
    AftersaleReason,
    AftersaleState,
    AftersaleStep,
    Because,
    Evidence,
    InspectedLine,
    ReturnWaybill,
    StoredEvidence,
    Words,
)
from models.fulfillment.types import Depot, ReturnParcel
from models.orders.types import LineRequest
from models.shared import Instant, Money
from models.shared.ids import EXAMPLE_BODY, AftersaleId, EvidenceId, OrderId

_SKU = f"sku_{EXAMPLE_BODY}"


class AftersaleRequest(Spoken):
    """What is wrong with which units of your order, and what you want. `evidence`: pictures you uploaded, at most nine."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "order_id": f"ord_{EXAMPLE_BODY}",
                    "kind": "return_refund",
                    "reason": "damaged",
                    "description": "A seam has opened.",
                    "lines": [{"sku_id": _SKU, "quantity": 1}],
                    "evidence": [],
                }
            ]
        }
    )

    order_id: OrderId
    kind: AftersaleKind
    reason: AftersaleReason
    description: Words = ""
    lines: Annotated[tuple[LineRequest, ...], Field(min_length=1, max_length=100)]
    evidence: Evidence = ()

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if len({line.sku_id for line in self.lines}) != len(self.lines) or len(set(self.evidence)) != len(
            self.evidence
        ):
            raise ValueError("name each SKU and each picture once")
        return self


class ReturnRequest(ReturnWaybill):
    """The parcel with which the goods come back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"carrier": "sandbox", "waybill": "SBX0000471199"}]})


class AppealRequest(Spoken):
    """Why the rejection is wrong."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"because": "The second picture shows the seam."}]})

    because: Because


class ChoiceRequest(Spoken):
    """The replacement is sold out: `refund` takes the money instead, false looks once more for a replacement."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"refund": True}]})

    refund: bool


class AuditRequest(Spoken):
    """Approve or reject. A rejection takes a reason, which the buyer reads; so does `at_most`, which lowers the refund."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"approve": False, "because": "The pictures show no damage."}]}
    )

    approve: bool
    because: Words = ""
    at_most: Money | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if not self.because and (not self.approve or self.at_most is not None):
            raise ValueError("a rejection and a lower refund take a reason")
        return self


class InspectionRequest(Spoken):
    """What was found: for each line of the case how many units are accepted, and how many of these can be sold again. To
    accept none takes a reason, which the buyer reads."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lines": [{"sku_id": _SKU, "accepted": 1, "resellable": 0}], "because": ""}]}
    )

    lines: Annotated[tuple[InspectedLine, ...], Field(min_length=1, max_length=100)]
    because: Words = ""

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if not self.because and not any(line.accepted for line in self.lines):
            raise ValueError("a rejection takes a reason")
        return self


class LowerRequest(Spoken):
    """Pay back at most this, and why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"at_most": {"minor": 15_000}, "because": "Worn for a month."}]}
    )

    at_most: Money
    because: Because


class CloseRequest(Spoken):
    """Why the case ends without money; the buyer reads it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"because": "Settled by telephone."}]})

    because: Because


class ReturnView(Spoken):
    """Where the goods go, with the case's id on the parcel; and the parcel, when a carrier fetches them."""

    to: Depot
    warehouse_code: str
    parcel: ReturnParcel | None = None


class EvidenceView(Spoken):
    """A picture of yours. The addresses take your access token."""

    evidence_id: EvidenceId
    aftersale_id: AftersaleId | None
    width: int
    height: int
    url: str
    small_url: str

    @classmethod
    def of(cls, kept: StoredEvidence) -> Self:
        """The view of a kept picture."""
        url = f"/v1/aftersale-evidence/{kept.evidence_id}"
        same = {name: getattr(kept, name) for name in ("evidence_id", "aftersale_id", "width", "height")}
        return cls(**same, url=url, small_url=f"{url}?small=true")


class AftersaleStepView(Spoken):
    """One thing that happened to a case."""

    at: Instant
    state: AftersaleState
    actor: str
    detail: str

    @classmethod
    def of(cls, step: AftersaleStep, *, for_buyer: bool) -> Self:
        """Which operator it was, and by which rule it was judged, stays in the house."""
        if not for_buyer:
            return cls(**step.model_dump())
        actor = "operator" if step.actor.startswith("operator") else step.actor
        detail = "" if step.actor == "rule" else step.detail
        return cls(at=step.at, state=step.state, actor=actor, detail=detail)
