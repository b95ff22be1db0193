"""What this request, activity or event is about, for every log line written on its way."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[dict[str, str] | None] = ContextVar("hanse_log_context", default=None)


@contextmanager
def scope(**fields: str | None) -> Iterator[None]:
    """Within the block, log lines carry these fields beside the outer ones; `None` is left out."""
    token = _current.set({**current(), **_given(fields)})
    try:
        yield
    finally:
        _current.reset(token)


def bind(**fields: str | None) -> None:
    """Add fields to the innermost scope, as soon as they are known: `bind(user_id=…)` after authentication.

    Outside any scope it lasts as long as the task that calls it.
    """
    fields_here = _current.get()
    if fields_here is None:
        _current.set(_given(fields))
    else:
        fields_here.update(_given(fields))


def current() -> Mapping[str, str]:
    """The fields bound here: `user_id`, `order_id`, `request_id`, …"""
    return _current.get() or {}


def _given(fields: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}
