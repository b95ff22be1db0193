"""From something that happened to the reports about it, well or badly. Pure: no clock, no database."""

import hashlib
from datetime import datetime, timedelta

from channels.carrier.sandbox.faults import FaultRule
from channels.carrier.sandbox.types import Happening, NewPush, Parcel
from channels.carrier.sandbox.wire import EventBody

_MOST_COPIES = 100


def body_of(parcel: Parcel, event: Happening) -> EventBody:
    """An entry of a parcel's history as it travels."""
    return EventBody(company=parcel.company, estimated_at=parcel.estimated_at, **event.model_dump())


def plan_pushes(parcel: Parcel, event: Happening, hits: list[FaultRule], now: datetime) -> list[NewPush]:
    """The reports of one event under the faults that hit it.

    A forged or stale report is followed by a genuine try if the receiver refuses it, unless the report is also lost.
    """
    strength = {rule.fault: rule.strength for rule in hits}
    body = body_of(parcel, event)
    disguised = "forged" in strength or "stale" in strength
    lost = "lost" in strength
    first = NewPush(
        event_id=event.event_id,
        waybill=parcel.waybill,
        code=event.code,
        url=parcel.notify_url,
        body=body.model_dump_json(),
        send_at=now + timedelta(seconds=strength.get("late", 0) + strength.get("reordered", 0)),
        state="lost" if lost and not disguised else "waiting",
        disguise="forged" if "forged" in strength else "stale" if "stale" in strength else "genuine",
        stale_seconds=strength.get("stale", 0),
        once=lost,
        after_next="reordered" in strength,
    )
    planned = [first] * min(max(1, int(strength.get("doubled", 1))), _MOST_COPIES)
    if "unknown_waybill" in strength:
        planned.append(_once(first, now, _of_nobody(body).model_dump_json()))
    if "garbled" in strength:
        planned.append(_once(first, now, first.body[: len(first.body) // 2]))
    return planned


def _once(push: NewPush, now: datetime, body: str) -> NewPush:
    """One more push that is not repeated when it is refused."""
    return NewPush(
        event_id=push.event_id, waybill=push.waybill, code=push.code, url=push.url, body=body, send_at=now, once=True
    )


def _of_nobody(body: EventBody) -> EventBody:
    name = hashlib.sha256(body.event_id.encode()).hexdigest()
    return body.model_copy(update={"event_id": f"evt_{name[:26]}", "waybill": f"XXX{int(name[:16], 16) % 10**18:018d}"})
