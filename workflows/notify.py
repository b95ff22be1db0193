"""Everyone whom some events concern is told, once a cause: `notify/{the events, as a digest}`."""

import asyncio
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.notifications import NotificationActivities
    from models.notifications.messages import TellBatch, TellPeople
    from workflows.options import LONG_CALL, UNTIL_DONE, TaskQueue
    from workflows.saga import Saga

_TOO_LATE = timedelta(days=1)
"""A notice older than that helps nobody."""

_ONE_EVENT = timedelta(seconds=30)
"""In which one event of a batch is told, or the worker has died."""


@workflow.defn(name="Notify")
class Notify:
    """Who is told is looked up in databases, and the channel that carries it is an outside party.

    The events of a batch have nothing to do with each other: what one of them cannot be told of is tried on by itself.
    """

    @workflow.run
    async def run(self, batch: TellBatch) -> int:
        """How many were told; fails when of some event nobody could be told for a day."""
        done = await workflow.execute_activity_method(
            NotificationActivities.tell_batch,
            batch,
            task_queue=TaskQueue.NOTIFICATIONS,
            start_to_close_timeout=LONG_CALL,
            schedule_to_close_timeout=_TOO_LATE,
            heartbeat_timeout=_ONE_EVENT,
            retry_policy=UNTIL_DONE,
            summary=batch.in_short,
        )
        told = done.told
        ways = (self._alone(batch.tellings[place]) for place in done.left)
        for outcome in await asyncio.gather(*ways, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
            told += outcome
        return told

    async def _alone(self, tell: TellPeople) -> int:
        return await Saga("queue").outside_call(
            NotificationActivities.tell_people, tell, tell.event.type, TaskQueue.NOTIFICATIONS, give_up_after=_TOO_LATE
        )
