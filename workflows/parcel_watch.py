"""Parcels that nobody speaks of: `parcel-watch-…`, every few minutes (R10.4, R10.5)."""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.tracking import TrackingActivities
    from models.fulfillment.watching import (
        AskSilent,
        SignedOff,
        SignOffDelivered,
        SilentAsked,
        Watched,
        WatchInput,
    )
    from workflows.options import SEVERAL_TIMES, SIGN_OF_LIFE, TaskQueue
    from workflows.saga import Saga

_PAGE_CALL = timedelta(minutes=1)
_PAGES = 50
"""How many pages a run asks about; the rest is asked about by the next run, the longest silent first."""


@workflow.defn(name="ParcelWatch")
class ParcelWatch:
    """One run: ask carriers about parcels they have said nothing of for long; then sign for what was delivered so long ago that
    nobody will complain.

    A schedule does this for all parcels, so that none needs a timer of its own in its history. A carrier that is down is left
    to the next run.
    """

    @workflow.init
    def __init__(self, start: WatchInput) -> None:
        self._start = start
        self._saga = Saga(start.placement)
        self._done = Watched()

    @workflow.run
    async def run(self, start: WatchInput) -> Watched:
        """What was found and done."""
        now = workflow.now()
        try:
            await self._ask_the_silent(AskSilent(silent_since=now - start.silence))
        except ActivityError as fault:
            workflow.logger.error("carriers are asked in the next run", exc_info=fault)
            self._add(unfinished=True)
        try:
            await self._sign_off(SignOffDelivered(delivered_before=now - start.sign_off_after, at=now))
        except ActivityError as fault:
            workflow.logger.error("deliveries are signed off in the next run", exc_info=fault)
            self._add(unfinished=True)
        return self._done

    async def _ask_the_silent(self, ask: AskSilent) -> None:
        for _ in range(_PAGES):
            page: SilentAsked = await workflow.execute_activity_method(
                TrackingActivities.ask_silent,
                ask,
                task_queue=TaskQueue.CHANNELS_CARRIER,
                start_to_close_timeout=_PAGE_CALL,
                heartbeat_timeout=SIGN_OF_LIFE,
                retry_policy=SEVERAL_TIMES,
                summary="ask carriers about parcels they say nothing of",
            )
            done = self._done
            self._add(asked=done.asked + page.asked, news=done.news + page.news, silent=done.silent + page.silent)
            if not page.more:
                return
        self._add(unfinished=True)

    async def _sign_off(self, ask: SignOffDelivered) -> None:
        for _ in range(_PAGES):
            page: SignedOff = await self._saga.long_call(
                TrackingActivities.sign_off_delivered,
                ask,
                "sign for what was delivered long ago",
                TaskQueue.FULFILLMENT,
                tries=SEVERAL_TIMES,
            )
            self._add(signed_off=self._done.signed_off + page.parcels)
            if not page.more:
                return
        self._add(unfinished=True)

    def _add(self, **facts: Any) -> None:
        self._done = done = self._done.model_copy(update=facts)
        lines = (
            f"Parcels asked about {done.asked} · reports that were news {done.news} · no answer {done.silent}",
            f"Signed for by silence {done.signed_off}",
        )
        workflow.set_current_details("\n\n".join(lines))
