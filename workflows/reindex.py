"""The index is built anew beside the one that is read: `reindex`.

Searches meet the old index until the new one has everything, and the new one from then on; no search meets neither. What is
changed meanwhile is written to both by `CatalogSync` (docs/decisions/0015).
"""

from datetime import timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.search import SearchActivities
    from models.search.messages import (
        BeginBuild,
        BuildBegun,
        BuildRef,
        BuildStretch,
        ReindexInput,
        ReindexProgress,
        StretchBuilt,
        StretchCompared,
    )
    from workflows.options import LONG_CALL, SIGN_OF_LIFE, UNTIL_DONE, TaskQueue

_STRETCH = 2_500
"""Products of one activity: some seconds."""
_STRETCHES_IN_A_RUN = 200
"""Then it goes on in a new run."""
_CHECK = timedelta(hours=2)


@workflow.defn(name="Reindex")
class Reindex:
    """Begin, build, check, swap. How far the build is stands in the database, so a rebuild that was cancelled or killed goes on
    where it stopped when it is started again; one that is given up is dropped."""

    @workflow.init
    def __init__(self, start: ReindexInput) -> None:
        self._now = ReindexProgress(doing="beginning", build=start.build, done=start.done, total=start.total)

    @workflow.run
    async def run(self, start: ReindexInput) -> ReindexProgress:
        """How it ended."""
        build = start.build or await self._begun()
        if start.give_up:
            await self._step(SearchActivities.drop_build, BuildRef(build=build), "drop the build", "dropping")
        else:
            await self._built(start, build)
            await self._checked(build)
            await self._step(SearchActivities.swap_build, BuildRef(build=build), "swap the indexes", "swapping")
        self._say(doing="done")
        return self._now

    async def _begun(self) -> str:
        name = f"build_{workflow.now():%Y%m%d%H%M%S}"
        begun: BuildBegun = await self._step(
            SearchActivities.begin_build, BeginBuild(name=name), "begin the build", "beginning"
        )
        self._say(build=begun.build, done=begun.done, total=begun.total)
        return begun.build

    async def _built(self, start: ReindexInput, build: str) -> None:
        for _ in range(_STRETCHES_IN_A_RUN):
            stretch: StretchBuilt = await self._step(
                SearchActivities.build_stretch,
                BuildStretch(build=build, most=_STRETCH),
                f"build on from {self._now.done:,} products",
                "building",
            )
            self._say(done=stretch.done)
            if stretch.complete:
                return
        workflow.continue_as_new(
            start.model_copy(update={"build": build, "done": self._now.done, "total": self._now.total})
        )

    async def _checked(self, build: str) -> None:
        found: StretchCompared = await self._step(
            SearchActivities.check_build, BuildRef(build=build), "check the build", "checking", within=_CHECK
        )
        if found.drifted:
            workflow.logger.warning("%d products had to be written into %s again", len(found.drifted), build)

    async def _step(self, step: Any, message: Any, summary: str, doing: str, *, within: timedelta = LONG_CALL) -> Any:
        self._say(doing=doing)
        return await workflow.execute_activity_method(
            step,
            message,
            task_queue=TaskQueue.SEARCH,
            start_to_close_timeout=within,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=UNTIL_DONE,
            summary=summary,
        )

    def _say(self, **facts: Any) -> None:
        self._now = self._now.model_copy(update=facts)
        workflow.set_current_details(
            f"**{self._now.doing}** `{self._now.build}`: {self._now.done:,} of {self._now.total:,} products"
        )

    @workflow.query
    def progress(self) -> ReindexProgress:
        """Where it stands."""
        return self._now
