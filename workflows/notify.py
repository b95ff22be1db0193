"""Everyone whom an event concerns is told: `notify/{domain}/{event_id}`, so once a cause."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.notifications import NotificationActivities
    from models.notifications.messages import TellPeople
    from workflows.options import TaskQueue
    from workflows.saga import Saga

_TOO_LATE = timedelta(days=1)
"""A notice older than that helps nobody."""


@workflow.defn(name="Notify")
class Notify:
    """Who is told is looked up in databases, and the channel that carries it is an outside party."""

    @workflow.run
    async def run(self, tell: TellPeople) -> int:
        """How many were told; fails when the channel could not be reached for a day."""
        return await Saga("queue").outside_call(
            NotificationActivities.tell_people, tell, tell.event.type, TaskQueue.NOTIFICATIONS, give_up_after=_TOO_LATE
        )
