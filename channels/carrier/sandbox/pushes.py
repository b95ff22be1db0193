"""From something that happened to the reports about it, well or badly. Pure: no clock, no database."""

import hashlib
from datetime import datetime

from channels.carrier.sandbox.faults import FaultRule
from channels.carrier.sandbox.types import Happening, Parcel
from channels.carrier.sandbox.wire import EventBody
from channels.sandbox.callbacks import NewCallback, spoiled


def body_of(parcel: Parcel, event: Happening) -> EventBody:
    """An entry of a parcel's history as it travels."""
    return EventBody(company=parcel.company, estimated_at=parcel.estimated_at, **event.model_dump())


def plan_pushes(parcel: Parcel, event: Happening, hits: list[FaultRule], now: datetime) -> list[NewCallback]:
    """The reports of one event under the faults that hit it."""
    strength: dict[str, float] = {rule.fault: rule.strength for rule in hits}
    body = body_of(parcel, event)
    plain = NewCallback(
        event_id=event.event_id,
        kind=event.code,
        subject=event.waybill,
        url=parcel.notify_url,
        body=body.model_dump_json(),
        send_at=now,
    )
    planned = spoiled(plain, strength)
    if "unknown_waybill" in strength:
        planned.append(plain.model_copy(update={"body": _of_nobody(body).model_dump_json(), "once": True}))
    if "garbled" in strength:
        planned.append(plain.model_copy(update={"body": plain.body[: len(plain.body) // 2], "once": True}))
    return planned


def _of_nobody(body: EventBody) -> EventBody:
    name = hashlib.sha256(body.event_id.encode()).hexdigest()
    return body.model_copy(update={"event_id": f"evt_{name[:26]}", "waybill": f"XXX{int(name[:16], 16) % 10**18:018d}"})
