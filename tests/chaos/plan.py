"""Which fault is done at which step of which story: drawn from a seed, so that the same seed means the same plan.

Pure. What can be reached (`Ways`) comes from a rehearsal without faults; each choice is drawn from the seed and its own place,
so leaving others out (`only`) changes none.
"""

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.chaos.steps import Step, announcing, served_on
from workflows.options import TaskQueue

Position = Literal["before", "after"]
Part = Literal[
    "worker", "version", "api", "postgres", "disk", "redis", "kafka", "temporal", "payment-sandbox", "carrier-sandbox"
]
How = Literal["killed", "refuses", "slow", "hangs", "deployed", "full"]
PUBLISHING = "bus.publish_events"
"""The one step that exists only while Kafka is away."""

_ASKED_OVER_HTTP = frozenset(
    {"Checkout", "Refund", "Aftersale", "Transfer", "Fulfillment", "ReviewChange", "PointsAdjustment", "CatalogSync"}
)
_PAYS = frozenset({TaskQueue.CHANNELS_PAYMENT})
_CARRIES = frozenset({TaskQueue.CHANNELS_CARRIER})
_IN_REDIS = frozenset({"rankings.tell_sales", "search.index_products"})


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong at a step."""

    part: Part
    how: How
    position: Position | None = None
    """Always so; None: as the seed says."""

    @property
    def name(self) -> str:
        """As it is asked for: `worker-killed-before`, `postgres-slow`."""
        return "-".join(filter(None, (self.part, self.how, self.position)))

    def why_not(self, step: Step) -> str:
        """Why it cannot matter to this step; empty when it can."""
        queue = served_on().get(step.name)
        match self.part:
            case "api":
                return "" if step.saga in _ASKED_OVER_HTTP else "nobody waits for this saga over HTTP"
            case "redis":
                return "" if step.name in _IN_REDIS else "nothing of it is in Redis"
            case "kafka":
                return "" if step.name in announcing() else "it tells Kafka nothing"
            case "payment-sandbox":
                return "" if queue in _PAYS else "it asks no payment channel"
            case "carrier-sandbox":
                return "" if queue in _CARRIES else "it asks no carrier"
            case _:
                return ""


FAULTS: tuple[Fault, ...] = (
    Fault("worker", "killed", "before"),
    Fault("worker", "killed", "after"),
    Fault("payment-sandbox", "killed"),
    Fault("payment-sandbox", "refuses", "before"),
    Fault("payment-sandbox", "slow", "before"),
    Fault("carrier-sandbox", "killed"),
    Fault("carrier-sandbox", "refuses", "before"),
    Fault("carrier-sandbox", "slow", "before"),
    Fault("postgres", "killed"),
    Fault("temporal", "killed"),
    Fault("redis", "killed"),
    Fault("redis", "refuses", "before"),
    Fault("kafka", "killed"),
    Fault("kafka", "hangs", "before"),
    Fault("api", "killed"),
    Fault("postgres", "refuses", "before"),
    Fault("version", "deployed"),
    Fault("postgres", "slow", "before"),
    Fault("temporal", "refuses"),
    Fault("temporal", "slow"),
    Fault("disk", "full", "before"),
)
"""In the order in which they are done."""


@dataclass(frozen=True)
class Target:
    """One fault at one moment of one story."""

    fault: Fault
    step: Step
    position: Position
    story: str
    nth: int = 1
    """Which time the story takes this step in the same run of the saga."""

    def __str__(self) -> str:
        return f"{self.fault.name} {self.step} ({self.position}, time {self.nth}, story `{self.story}`)"


@dataclass(frozen=True)
class Round:
    """Targets whose fault is done once, at the same moment, while each story is held at its step."""

    fault: Fault
    targets: tuple[Target, ...]
    kafka_away: bool = False
    """Whether the round begins without Kafka, so that sagas publish by themselves."""


Ways = Mapping[str, Mapping[Step, int]]
"""For each story how often it takes each step."""


def planned(
    seed: int,
    ways: Ways,
    *,
    at_once: int,
    faults: Sequence[Fault] = FAULTS,
    alone: Collection[str] = (),
    only: Callable[[Target], bool] = lambda _: True,
) -> tuple[Round, ...]:
    """Every fault at every step that some story reaches and where it can matter, in rounds of at most `at_once` stories. A story
    that is `alone` is told once a round at most: there is only one saga of it in the whole shop. A round of each fault comes first, then a
    second of each: should the time not suffice for all, every fault was tried."""
    rounds: list[tuple[int, Round]] = []
    for fault in faults:
        targets = [target for target in _targets(seed, ways, fault) if only(target)]
        for away in (False, True):
            part = [target for target in targets if (target.step.name == PUBLISHING) is away]
            made = [Round(fault, tuple(chunk), kafka_away=away) for chunk in _spread(part, at_once, alone)]
            rounds += enumerate(made, len(rounds) if away else 0)
    return tuple(one for _, one in sorted(rounds, key=lambda placed: placed[0]))


def _targets(seed: int, ways: Ways, fault: Fault) -> Iterable[Target]:
    for step in sorted({step for taken in ways.values() for step in taken}):
        if fault.why_not(step):
            continue
        dice = random.Random(f"{seed}/{fault.name}/{step}")
        story = dice.choice(sorted(name for name, taken in ways.items() if step in taken))
        position: Position = fault.position or dice.choice(("before", "after"))
        yield Target(fault, step, position, story, dice.randint(1, ways[story][step]))


def _spread(targets: Sequence[Target], at_once: int, alone: Collection[str]) -> Iterable[Sequence[Target]]:
    """As few parts as possible, of about one size; neighbours, which are steps of one saga, in different ones."""
    count = -(-len(targets) // at_once)
    rounds: list[list[Target]] = [[] for _ in range(count)]
    for place, target in enumerate(targets):
        turns = [rounds[(place + more) % count] for more in range(count)]
        fits = (one for one in turns if target.story not in alone or all(target.story != each.story for each in one))
        chosen = next(fits, None)
        if chosen is None:
            rounds.append(chosen := [])
        chosen.append(target)
    return rounds
