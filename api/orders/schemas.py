"""What goes over the wire about orders, besides the order itself."""

from typing import Annotated, Self
from urllib.parse import quote

from pydantic import Field, StringConstraints

from api.spoken import Spoken
from hanse.settings import Settings
from models.orders.types import LineRequest, TimelineEntry
from models.shared import Instant
from models.shared.ids import AddressId, SkuId


class HiddenRequest(Spoken):
    """Whether the order is left out of the buyer's list."""

    hidden: bool


class AddressChoice(Spoken):
    """An entry of the buyer's address book."""

    address_id: AddressId


class NoteRequest(Spoken):
    """What to write down."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class BuyAgain(Spoken):
    """The lines of an order, ready for a cart or a new order."""

    lines: tuple[LineRequest, ...]
    no_longer_sold: tuple[SkuId, ...] = Field(description="SKUs of the order that are not for sale any more.")


class TimelineView(Spoken):
    """One thing that happened to an order."""

    at: Instant
    step: str
    actor: str
    detail: str
    workflow_id: str | None = None
    temporal_url: str | None = Field(default=None, description="The run in Temporal's Web UI; for operators only.")

    @classmethod
    def for_buyer(cls, entry: TimelineEntry) -> Self:
        """Which operator it was, and why, stays in the house."""
        by_operator = entry.actor.startswith("operator")
        return cls(
            at=entry.at,
            step=entry.step,
            actor="operator" if by_operator else entry.actor,
            detail="" if by_operator else entry.detail,
        )

    @classmethod
    def for_operator(cls, entry: TimelineEntry, settings: Settings) -> Self:
        """Everything, with a link to the run."""
        url = None
        if entry.workflow_id is not None:
            name = quote(entry.workflow_id, safe="")
            url = f"{settings.temporal_ui_url}/namespaces/{settings.temporal_namespace}/workflows/{name}"
        return cls(**entry.model_dump(), temporal_url=url)
