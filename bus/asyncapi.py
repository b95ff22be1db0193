"""The AsyncAPI document: what anyone who listens to the shop's Kafka needs to know, written from the events themselves."""

import types
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel
from pydantic.json_schema import models_json_schema

from bus.catalog import known_events
from bus.envelope import source_of
from models.shared.events import Event
from models.shared.ids import Id
from models.shared.money import Money

_MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def document() -> dict[str, Any]:
    """An AsyncAPI 3.1 document with a channel for each topic and a message for each type of event."""
    kinds = sorted(known_events().values(), key=lambda kind: kind.type)
    refs = "#/components/schemas/{model}"
    _, definitions = models_json_schema([(kind, "validation") for kind in kinds], ref_template=refs)
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Hanse events",
            "version": "1",
            "description": "CloudEvents 1.0 in Kafka's binary mode: attributes are `ce_…` headers, the value is JSON. "
            "Delivery is at least once; `(ce_source, ce_id)` tells a duplicate. Events with one key keep their order.",
        },
        "defaultContentType": "application/json",
        "channels": {kind.topic(): _channel(kind.topic(), kinds) for kind in kinds},
        "operations": {f"receive.{kind.topic()}": _operation(kind.topic()) for kind in kinds},
        "components": {
            "messages": {kind.type: _message(kind) for kind in kinds},
            "schemas": definitions["$defs"],
        },
    }


def _channel(topic: str, kinds: list[type[Event]]) -> dict[str, Any]:
    messages = {kind.type: {"$ref": f"#/components/messages/{kind.type}"} for kind in kinds if kind.topic() == topic}
    return {"address": topic, "messages": messages, "bindings": {"kafka": {"topic": topic, "bindingVersion": "0.5.0"}}}


def _operation(topic: str) -> dict[str, Any]:
    """Seen from here: the shop sends."""
    return {"action": "send", "channel": {"$ref": f"#/channels/{topic}"}}


def _message(kind: type[Event]) -> dict[str, Any]:
    event = example(kind)
    headers = {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_type": {"type": "string", "const": kind.type},
        "ce_source": {"type": "string", "const": source_of(kind)},
        "ce_id": {"type": "string", "description": f"Made of {', '.join(kind.identity)}."},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_partitionkey": {"type": "string", "description": f"The {kind.ordered_by}; also the record's key."},
        "ce_traceparent": {"type": "string", "description": "W3C trace context of the trace the event arose in."},
        "content-type": {"type": "string", "const": "application/json"},
    }
    required = ["ce_specversion", "ce_type", "ce_source", "ce_id"]
    sample = {
        "ce_specversion": "1.0",
        "ce_type": kind.type,
        "ce_source": source_of(kind),
        "ce_id": event.event_id,
        "ce_partitionkey": event.key,
        "content-type": "application/json",
    }
    return {
        "name": kind.type,
        "summary": (kind.__doc__ or "").strip(),
        "contentType": "application/json",
        "headers": {"type": "object", "properties": headers, "required": required},
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
        "examples": [{"headers": sample, "payload": event.model_dump(mode="json")}],
    }


def example(kind: type[Event]) -> Event:
    """A valid event of this type, the same every time; made from the types of its fields."""
    event = _sample(kind)
    assert isinstance(event, kind)
    return event


def _sample(annotation: Any) -> Any:
    """One value of a type. Raises TypeError for a type that no event has used before: teach it here."""
    if get_origin(annotation) in (Union, types.UnionType, Annotated):
        return _sample(get_args(annotation)[0])
    if get_origin(annotation) is Annotated:
        return _sample(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    if get_origin(annotation) is tuple:
        return (_sample(get_args(annotation)[0]),)
    simple: dict[Any, Any] = {AwareDatetime: _MOMENT, int: 2, str: "example", bool: True, Money: Money(minor=12_900)}
    if annotation in simple:
        return simple[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return next(iter(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Id):
        return annotation.derive(_MOMENT, "example", annotation.prefix)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {name: _sample(field.annotation) for name, field in annotation.model_fields.items()}
        return annotation.model_validate(fields)
    raise TypeError(f"no example for {annotation!r}; add one to bus/asyncapi.py")
