"""What points say over the wire beside the words of `models/points`."""

from pydantic import ConfigDict, Field

from api.spoken import Spoken
from models.points.messages import Delta, Why
from models.points.types import PointsEntry


class AdjustPointsRequest(Spoken):
    """How many points more (or fewer, below zero), and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"delta": 200, "why": "The parcel came a week late"}]})

    delta: Delta = Field(description="Points taken are those that expire first; never more than there are.")
    why: Why = Field(description="The buyer sees it.")


def as_the_buyer_sees(entry: PointsEntry) -> PointsEntry:
    """A line without the name of the operator behind it."""
    if not entry.actor.startswith("operator:"):
        return entry
    return entry.model_copy(update={"actor": "operator"})
