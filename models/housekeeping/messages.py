"""What the process `Housekeeping` is started with and asks for."""

from pydantic import Field

from models.housekeeping.types import Chore
from models.shared import Frozen, Instant


class HousekeepingInput(Frozen):
    """Remove what was kept long enough. All is set when a long run goes on in a new one."""

    at: Instant | None = None
    """None: when the run starts."""
    chores: tuple[Chore, ...] = tuple(Chore)
    """Those that are not done yet, in their order."""
    removed: dict[Chore, int] = Field(default_factory=dict)
    undone: tuple[Chore, ...] = ()


class Sweep(Frozen):
    """The next batch of one chore. Nothing to remove is no error, so it may be repeated."""

    chore: Chore
    at: Instant


class Swept(Frozen):
    """What a batch removed, and whether there may be more."""

    removed: int
    more: bool


class Housekept(Frozen):
    """What a run removed, by chore; `undone` are those that could not be finished: the next run does."""

    removed: dict[Chore, int]
    undone: tuple[Chore, ...] = ()
