"""Events: what happened, told to whoever listens.

An event is a small frozen value without personal data: ids, amounts, states. It says nothing about how it travels (topic
partitions, headers, trace context); `bus/` adds that at the edge. Its `event_id` is made of what happened, never drawn by
chance, so the same fact told twice is recognisably the same fact and a listener that has seen it ignores the second.
"""

import re
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, PlainSerializer

from models.shared.frozen import Frozen
from models.shared.time import Instant

_TYPE = re.compile(r"hanse\.(?P<domain>[a-z_]+)\.(?P<name>[a-z_]+)\.v[1-9][0-9]*")


class Event(Frozen):
    """Something that happened. A subclass per kind of fact, in the past tense, in `models/<domain>/events.py`.

    It names its versioned CloudEvents `type` (`hanse.orders.order_created.v1`), the fields that tell this fact from every
    other of its type (`identity`), and the field whose value keeps related events in order (`ordered_by`). A field may be
    added to a version; anything else is a new version. That is why an unknown field is ignored here and nowhere else.
    """

    model_config = ConfigDict(extra="ignore")

    type: ClassVar[str] = ""
    identity: ClassVar[tuple[str, ...]] = ()
    ordered_by: ClassVar[str] = ""

    occurred_at: Instant

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if not _TYPE.fullmatch(cls.type):
            raise TypeError(f"{cls.__name__}.type is {cls.type!r}; expected hanse.<domain>.<what_happened>.v<number>")
        missing = {cls.ordered_by, *cls.identity} - set(cls.model_fields)
        if missing or not cls.identity:
            raise TypeError(
                f"{cls.__name__} names {sorted(missing)} in `identity` or `ordered_by`, which it does not have"
            )

    @classmethod
    def topic(cls) -> str:
        """Where events of this domain go: `hanse.<domain>`."""
        return cls.type.rsplit(".", 2)[0]

    @property
    def key(self) -> str:
        """The business id whose events keep their order; for most, the order id."""
        return str(getattr(self, self.ordered_by))

    @property
    def event_id(self) -> str:
        """`<what_happened>/<identity>`: the same fact always has the same id; unique within its topic and version."""
        name, version = self.type.split(".")[2:]
        head = name if version == "v1" else f"{name}.{version}"
        return "/".join([head, *(_plain(getattr(self, field)) for field in self.identity)])


def all_event_types() -> dict[str, type[Event]]:
    """Every event that is loaded, by type; two different ones with one type are a mistake in code."""
    found: dict[str, type[Event]] = {}
    waiting = list(Event.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        twin = found.setdefault(kind.type, kind)
        # The workflow sandbox may load a module twice; the same class from the same place is no conflict.
        if (twin.__module__, twin.__qualname__) != (kind.__module__, kind.__qualname__):
            raise TypeError(f"{kind.__qualname__} and {twin.__qualname__} share the type {kind.type}")
    return found


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _tagged(event: Event) -> dict[str, Any]:
    return {"type": event.type, **event.model_dump(mode="json")}


def _by_type(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    fields = dict(value)
    tag = fields.pop("type", None)
    kind = all_event_types().get(str(tag))
    if kind is None:
        raise ValueError(f"{tag!r} is no event this process knows; is models/<domain>/events.py of that domain loaded?")
    return kind.model_validate(fields)


AnyEvent = Annotated[Event, BeforeValidator(_by_type), PlainSerializer(_tagged)]
"""An event of any type inside another message; it keeps its type on the way through JSON."""


class EventBatch(Frozen):
    """Events to publish together, in this order. What a workflow gives to the activity `bus.publish_events`."""

    events: tuple[AnyEvent, ...]
