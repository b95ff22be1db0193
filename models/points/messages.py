"""What workflows ask of points, beside what sagas of orders ask (`models/promotions/messages.py`)."""

from typing import Annotated

from pydantic import Field, StringConstraints

from models.points.types import PointsEntry
from models.shared import Frozen, Instant
from models.shared.done import Done
from models.shared.ids import UserId

Delta = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


def adjustment_id(key: str) -> str:
    """The workflow that carries out an operator's word, by the key it was given under."""
    return f"points-adjustment/{key}"


class AdjustPoints(Frozen):
    """An operator gives points or takes them. The same key never does it twice."""

    user_id: UserId
    delta: Delta
    actor: str
    why: Why
    key: Annotated[str, Field(min_length=1, max_length=400)]
    at: Instant


class PointsAdjusted(Done):
    """The line that the ledger got."""

    entry: PointsEntry


class ExpiryRun(Frozen):
    """Write off what has expired. `at` and `batch` are set when a long run goes on in a new one."""

    at: Instant | None = None
    """None: when the run starts."""
    batch: int = 0
    written: int = 0
    """Lines that were written before this run went on."""


class ExpirePoints(Frozen):
    """The next batch of lots that expired until `at`. The same batch again answers what it wrote the first time."""

    at: Instant
    batch: int


class PointsExpired(Done):
    """How many lines a batch wrote; none when nothing is due any more."""

    written: int
