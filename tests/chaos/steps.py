"""Every step of every saga, found in the code: which activities the pages of a workflow name.

Nobody lists steps by hand, so a new one is in the plan, and in the table, by itself. What each needs (`needs`) follows from
the queue it is served on, and what it may tell Kafka from the answer it gives.
"""

import ast
import dataclasses
import functools
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from temporalio.activity import _Definition as ActivityDefinition
from temporalio.workflow import _Definition as WorkflowDefinition

from workers.queues import SAGAS, Activities, activities_on
from workflows.options import TaskQueue

_ANNOUNCES = ("announce(", "tell_low_stock(")
_PUBLISH = "bus.publish_events"


@dataclass(frozen=True, order=True)
class Step:
    """One activity as one saga uses it."""

    saga: str
    name: str

    def __str__(self) -> str:
        return f"{self.saga}/{self.name}"


@functools.cache
def all_steps() -> tuple[Step, ...]:
    """Of every saga the workers serve, in the order in which sagas are registered and named."""
    return tuple(step for saga in SAGAS for step in sorted(_steps_of(saga)))


def _steps_of(saga: type) -> set[Step]:
    definition = WorkflowDefinition.from_class(saga)
    assert definition is not None
    assert definition.name is not None
    pages = [inspect.getmodule(page) for page in saga.__mro__ if page.__module__.startswith("workflows.")]
    names: set[str] = set()
    for page in pages:
        assert page is not None
        names.update(_named_on(page))
    return {Step(definition.name, name) for name in names}


def _named_on(page: ModuleType) -> Iterator[str]:
    source = inspect.getsource(page)
    if any(word in source for word in _ANNOUNCES):
        yield _PUBLISH
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id.endswith("Activities")
        ):
            yield _name_of(getattr(getattr(page, node.value.id), node.attr))


def _name_of(method: Any) -> str:
    definition = ActivityDefinition.must_from_callable(method)
    assert definition.name is not None
    return definition.name


@functools.cache
def served_on() -> dict[str, TaskQueue]:
    """For each activity the queue where it is served: an outside party's, or its domain's."""
    built = Activities(**{field.name: object.__new__(_class_of(field)) for field in dataclasses.fields(Activities)})
    queues = [queue for queue in TaskQueue if queue is not TaskQueue.CHECKOUT]
    return {_name_of(method): queue for queue in queues for method in activities_on(queue, built)}


def _class_of(field: Any) -> type:
    assert isinstance(field.type, type)
    return field.type


@functools.cache
def announcing() -> frozenset[str]:
    """The activities that tell Kafka: those whose answer can carry what is still to be told, and those of the bus."""
    built = [_class_of(field) for field in dataclasses.fields(Activities)]
    methods = [method for kind in built for _, method in inspect.getmembers(kind, inspect.isfunction)]
    found = {_PUBLISH, "products.tell_changes"}
    for method in methods:
        answer = method.__annotations__.get("return") if hasattr(method, "__temporal_activity_definition") else None
        if "unannounced" in getattr(answer, "model_fields", ()):
            found.add(_name_of(method))
    return frozenset(found)
