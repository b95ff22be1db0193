"""The steps of sagas that tell people what happened."""

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from temporalio import activity

from channels.notification.notices import notice
from models.notifications.messages import BatchTold, TellBatch, TellPeople
from models.notifications.rules import CAUSES
from models.notifications.types import Audience, Language, Notice
from models.shared import Refusal
from models.shared.ids import OrderId, UserId
from models.shared.time import Clock

if TYPE_CHECKING:
    from channels.notification.contract import Notifier
    from stores.notifications import NoticeStore
    from stores.orders import OrderStore
    from stores.users.reaching import Reaching

_log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class NotificationActivities:
    """A message is sent, then written down as sent; between the two a crash sends it once more under the same key, which a
    channel recognises."""

    def __init__(
        self,
        notices: "NoticeStore",
        people: "Reaching",
        orders: "OrderStore",
        notifier: "Notifier",
        language: Language,
        clock: Clock = _utc_now,
    ) -> None:
        self._notices = notices
        self._people = people
        self._orders = orders
        self._notifier = notifier
        self._language = language
        self._clock = clock

    @activity.defn(name="notifications.tell_people")
    async def tell_people(self, ask: TellPeople) -> int:
        """Write to everyone whom the event concerns and who was not told because of it yet, each in the language they chose.
        Answers how many are told by now. Idempotent by the event's source and id."""
        cause = CAUSES[ask.event.type]
        facts = ask.event.model_dump(mode="json")
        told = await self._notices.told(ask.cause)
        wanted = [user for user in await self._audience(cause.audience, facts) if user not in told]
        contacts = await self._people.contacts(wanted)
        languages = await self._notices.languages(wanted)
        for user_id, contact in contacts.items():
            language = languages.get(user_id, self._language)
            await self._notifier.send(notice(cause.template, language, facts, contact, f"{ask.cause}#{user_id}"))
            await self._notices.keep_once(
                Notice(
                    cause=ask.cause,
                    user_id=user_id,
                    template=cause.template,
                    language=language,
                    channel=contact.kind,
                    at=self._clock(),
                )
            )
        return len(told) + len(contacts)

    @activity.defn(name="notifications.tell_batch")
    async def tell_batch(self, batch: TellBatch) -> BatchTold:
        """Tell of each of these events in its turn, as `tell_people` does; one that fails holds up no other and is answered as
        left. Raises a fault that met all that could be told: then it is not the events'. Idempotent by each event's source and
        id."""
        told = 0
        failed: dict[int, Exception] = {}
        for place, telling in enumerate(batch.tellings):
            activity.heartbeat()
            try:
                told += await self.tell_people(telling)
            except Exception as error:
                _log.warning("nobody could be told of %s yet: %r", telling.cause, error)
                failed[place] = error
        faults = [error for error in failed.values() if not isinstance(error, Refusal)]
        if faults and len(failed) == len(batch.tellings):
            raise faults[-1]
        return BatchTold(told=told, left=tuple(failed))

    async def _audience(self, audience: Audience, facts: dict[str, Any]) -> list[UserId]:
        if audience.permission is not None:
            return await self._people.operators_with(audience.permission)
        if audience.user_field is not None:
            return [UserId(facts[audience.user_field])]
        assert audience.order_field is not None
        order = await self._orders.order(OrderId(facts[audience.order_field]))
        return [order.user_id]
