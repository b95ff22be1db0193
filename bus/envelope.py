"""How an event travels: CloudEvents 1.0 in Kafka's binary mode.

Attributes are record headers (`ce_id`, `ce_source`, `ce_type`, …), the record's value is the event as JSON, its key is the
business id that keeps order (`ce_partitionkey`). `ce_traceparent` names the trace in which the event arose and stays with
it; the plain `traceparent` header names the last hop.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import ValidationError

from bus.catalog import known_events
from models.shared.events import Event

MAX_BYTES = 64 * 1024
"""What every CloudEvents intermediary must forward (CloudEvents 1.0, size limits)."""

TRACE_HEADERS = ("traceparent", "tracestate")
_JSON = JSONFormat()


class EventTooLarge(ValueError):
    """An event is larger than every intermediary must forward: a mistake in its design, so no retry helps."""


class MalformedEvent(ValueError):
    """A record is no CloudEvent of ours, or its data does not fit its type."""


class UnknownEventType(LookupError):
    """A well-formed CloudEvent of a type this process does not know, perhaps from a newer version of the shop."""


@dataclass(frozen=True)
class Record:
    """What a Kafka client sends."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


@dataclass(frozen=True)
class Envelope:
    """An event as it arrived. `(source, id)` names it; a second arrival of the same pair is a duplicate."""

    event: Event
    source: str
    id: str
    trace: Mapping[str, str]


def source_of(kind: type[Event]) -> str:
    """The CloudEvents source of a type of event: the domain that tells it."""
    return "/" + kind.topic().replace(".", "/")


def encode(event: Event, trace: Mapping[str, str]) -> Record:
    """The record for an event; `trace` holds W3C headers of the span that sends it (may be empty).

    Raises EventTooLarge above 64 KiB.
    """
    attributes = {
        "id": event.event_id,
        "source": source_of(type(event)),
        "type": event.type,
        "time": event.occurred_at,
        "datacontenttype": "application/json",
        "partitionkey": event.key,
    }
    if "traceparent" in trace:
        attributes["traceparent"] = trace["traceparent"]
    message = to_binary(CloudEvent(attributes, event.model_dump_json().encode()), _JSON)
    headers = [*message.headers.items(), *((name, trace[name].encode()) for name in TRACE_HEADERS if name in trace)]
    size = len(message.value) + sum(len(name) + len(value) for name, value in headers)
    if size > MAX_BYTES:
        raise EventTooLarge(
            f"{event.event_id} takes {size} bytes, the limit is {MAX_BYTES}; put ids into events, not whole records"
        )
    return Record(event.topic(), event.key.encode(), message.value, headers)


def decode(key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> Envelope:
    """The event in a record. Raises MalformedEvent or UnknownEventType."""
    named = dict(headers)
    cloud_event = _cloud_event(KafkaMessage(named, key, value or b""))
    kind = known_events().get(cloud_event.get_type())
    if kind is None:
        raise UnknownEventType(f"{cloud_event.get_type()!r} with id {cloud_event.get_id()!r}")
    try:
        event = kind.model_validate_json(value or b"")
    except ValidationError as error:
        # Only where and what kind: the offending input may be anything, so it stays out of the message.
        found = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors())
        raise MalformedEvent(f"{cloud_event.get_id()!r} does not fit {kind.type}: {found}") from None
    trace = {name: named[name].decode() for name in TRACE_HEADERS if name in named}
    return Envelope(event, cloud_event.get_source(), cloud_event.get_id(), trace)


def _cloud_event(message: KafkaMessage) -> BaseCloudEvent:
    try:
        return from_binary(message, _JSON, CloudEvent)
    except CloudEventValidationError as error:
        raise MalformedEvent(f"no CloudEvent 1.0 in binary mode: {error}") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise MalformedEvent(f"headers that cannot be read: {type(error).__name__}") from error
