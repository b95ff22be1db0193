"""Rounds of faults, one after another, and what came of each: the fault is done, lifted, waited out, and every book looked at."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import tests.chaos.stories  # noqa: F401 # makes them known
from cli.audit import sure_audit
from tests.chaos import faults
from tests.chaos.conductor import Actor, Conductor
from tests.chaos.people import StubbornOperator
from tests.chaos.plan import PUBLISHING, Round, Target, Ways
from tests.chaos.stage import STORIES, Shelf, Stage
from tests.chaos.steps import Step
from tests.chaos.stories.goods import LEFT_TO_THE_NEXT_RUN
from tests.e2e.running import RunningShop, stuck_since

_HELD_WITHIN = (25.0, 100.0)
"""Seconds, at least and at most, in which every story of a round has come to its step; the fault waits for nobody longer.
Between them it is twice what the slowest of them took in the rehearsal."""
_KAFKA_AWAY = 6.0
_BY_DESIGN = tuple(LEFT_TO_THE_NEXT_RUN.values())

Outcome = Literal["survived", "broken", "not reached"]


@dataclass(frozen=True)
class Result:
    """What came of one target."""

    target: Target
    outcome: Outcome
    words: str = ""


@dataclass
class Campaign:
    """One shop, one conductor, and all that was found so far."""

    shop: RunningShop
    scale: float
    tell: Callable[[str], None] = lambda _: None
    story_within: float = 150.0
    """Seconds after which a story that has not ended counts as stuck, counted from the end of the fault."""
    at_rest_within: float = 75.0
    """Seconds in which nothing is tried again any more and every book agrees; steps rest at most 30 s between two tries."""
    results: list[Result] = field(default_factory=list)
    nobodys: list[str] = field(default_factory=list)
    """What was wrong after a round and belongs to none of its stories in particular."""
    seconds: dict[str, float] = field(default_factory=dict)
    """How long a story took, in the rehearsal."""

    def __post_init__(self) -> None:
        """A patient operator, and goods to share."""
        one = self.shop.operator
        self.operator = StubbornOperator(one.http, one.api_url, one.token)
        self.shelf = Shelf(self.shop, self.operator)
        self.conductor = Conductor(self.shop.socket)
        self._known: set[str] = set()
        """What is broken since an earlier round, and was told then."""

    # ---- the rehearsal -----------------------------------------------------------------------------------------------

    async def rehearsed(self, stories: Sequence[str], *, kafka_away: bool = True) -> Ways:
        """Every story once without a fault, and once more while Kafka is away: which steps each takes. A story that fails
        without any fault is left out; each failure is told."""
        ways: dict[str, dict[Step, int]] = {name: {} for name in stories}
        for away in (False, True) if kafka_away else (False,):
            actors, began = [Actor(name) for name in stories], datetime.now(UTC)
            self.tell(f"rehearsing {len(actors)} stories" + (" while Kafka is away" if away else ""))
            told = await self._told(actors, kafka_away=away)
            self.shelf.unsure = any(told)
            for actor, error in zip(actors, told, strict=True):
                if error:
                    self._left_out(actor.story, "while Kafka is away" if away else "without any fault", error)
                    if not away:
                        ways.pop(actor.story)
                    continue
                steps = {step: n for step, n in actor.taken.items() if not away or step.name == PUBLISHING}
                ways[actor.story] |= {step: n for step, n in steps.items() if step not in ways[actor.story]}
            self.nobodys += [f"rehearsal: {one}" for one in await self._at_rest(began)]
            stories = list(ways)
        return ways

    def _left_out(self, story: str, when: str, error: str) -> None:
        self.nobodys.append(f"story `{story}` fails {when}: {error}")
        self.tell(self.nobodys[-1])

    async def _told(self, actors: Sequence[Actor], *, kafka_away: bool) -> list[str]:
        async with self.conductor.listening():
            stages = await self._set_up(actors)
            tasks = self._raise_curtain(stages)
            if kafka_away:
                await self._kafka_away_for_a_while()
            self.conductor.let_go()
            return await self._ended(tasks)

    # ---- a round -----------------------------------------------------------------------------------------------------

    async def play(self, one: Round) -> list[Result]:
        """The round, and what came of each of its targets."""
        began = datetime.now(UTC)
        actors = [Actor(target.story, target) for target in one.targets]
        not_back: list[str] = []
        async with self.conductor.listening():
            stages = await self._set_up(actors)
            tasks = self._raise_curtain(stages)
            try:
                if one.kafka_away:
                    await self._kafka_away_for_a_while()
                await self.conductor.all_held(tasks, self._held_within(actors))
                held = sum(actor.reached for actor in actors)
                self.tell(f"{one.fault.name}: {held} of {len(actors)} stories are held, now it happens")
                await faults.done(self.shop, self.conductor, one.fault, self.scale)
            except (AssertionError, TimeoutError) as late:
                not_back = [f"not lifted: {late!r}"]
            except asyncio.CancelledError:
                for task in tasks:
                    task.cancel()
                raise
            self.conductor.let_go()
            errors = await self._ended(tasks)
        self.shelf.unsure = self.shelf.unsure or any(errors)
        books = not_back + await self._at_rest(
            began, [stage for stage, error in zip(stages, errors, strict=True) if not error]
        )
        results = [_judged(actor, error, books) for actor, error in zip(actors, errors, strict=True)]
        nobodys = [book for book in books if not any(mark in book for actor in actors for mark in actor.marks)]
        if nobodys and not any(result.outcome == "broken" for result in results):
            results = [Result(result.target, "broken", "; ".join(nobodys)[:600]) for result in results]
        elif nobodys:
            self.nobodys.append(
                f"round of {one.fault.name} at {one.targets[0].step} and others: {'; '.join(nobodys)[:600]}"
            )
        self.results += results
        return results

    def _held_within(self, actors: Sequence[Actor]) -> float:
        least, most = _HELD_WITHIN
        return min(most, max(least, *(2 * self.seconds.get(actor.story, 0) for actor in actors)))

    async def _set_up(self, actors: Sequence[Actor]) -> list[Stage]:
        self.conductor.begin(actors)
        stages = [Stage(self.shop, self.shelf, actor, self.operator) for actor in actors]
        await asyncio.gather(*(stage.set_up() for stage in stages))
        await asyncio.gather(*(self.shelf.good(outbound) for outbound in ("automatic", "manual")))
        return stages

    def _raise_curtain(self, stages: Sequence[Stage]) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self._timed(stage), name=stage.actor.story) for stage in stages]

    async def _timed(self, stage: Stage) -> None:
        began = time.monotonic()
        await STORIES[stage.actor.story](stage)
        if stage.actor.target is None:
            self.seconds[stage.actor.story] = time.monotonic() - began

    async def _ended(self, tasks: Sequence[asyncio.Task[None]]) -> list[str]:
        """For each story what went wrong; empty when it ended well."""
        _, late = await asyncio.wait(tasks, timeout=self.story_within)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return [_error_of(task, self.story_within if task in late else 0) for task in tasks]

    async def _kafka_away_for_a_while(self) -> None:
        async with faults.hanging(self.shop, "kafka"):
            await asyncio.sleep(_KAFKA_AWAY)

    # ---- afterwards --------------------------------------------------------------------------------------------------

    async def _at_rest(self, began: datetime, stages: Iterable[Stage] = ()) -> list[str]:
        """What does not come to rest: steps tried again and again, books that disagree, stock that is miscounted, and what
        `hanse audit` finds. Empty when all is well; what was told after an earlier round is not told again."""
        orders = [order_id for stage in stages for order_id in stage.orders]
        deadline = time.monotonic() + self.at_rest_within
        while True:
            wrong = [one for one in await self._wrong(began, orders) if one not in self._known]
            if not wrong or time.monotonic() > deadline:
                self._known.update(wrong)
                if wrong or self.shelf.unsure:
                    self.shelf.put_away()
                return wrong
            self.tell(f"waiting until nothing is pending: {wrong[0][:100]}")
            await asyncio.sleep(2)

    async def _wrong(self, began: datetime, orders: Sequence[str]) -> list[str]:
        try:
            found = await stuck_since(await self.shop.temporal(), began)
            if stuck := [one for one in found if not one.startswith(_BY_DESIGN)]:
                return stuck
            if differ := await self.shop.books_differ(orders):
                return differ
            if miscounted := await self.shelf.miscounted():
                return miscounted
            sections = await sure_audit(self.shop.settings)
        except Exception as away:  # whatever it is, it is told when it stays so
            return [f"cannot be looked at: {away!r}"]
        return [f"audit: {each.check} at {each.subject}" for part in sections for each in part.findings]


def _judged(actor: Actor, error: str, books: Sequence[str]) -> Result:
    assert actor.target is not None
    if error:
        return Result(actor.target, "broken", error[:600])
    own = [one for one in books if any(mark in one for mark in actor.marks)]
    if own:
        return Result(actor.target, "broken", "; ".join(own)[:600])
    return Result(actor.target, "survived" if actor.reached else "not reached")


def _error_of(task: asyncio.Task[None], late: float) -> str:
    if late:
        return f"had not ended {late:.0f} s after the fault was lifted"
    error = task.exception()
    if error is None:
        return ""
    return f"{type(error).__name__}: {error}"[:600]
