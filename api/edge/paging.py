"""Lists come in pages: `?limit=` and `?cursor=`, where the cursor is the `next` of the page before."""

import base64
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from models.shared import Frozen
from models.shared.refusals import InvalidRequest

Item = TypeVar("Item")
Shown = TypeVar("Shown")
Key = TypeVar("Key")

Limit = Annotated[int, Query(ge=1, le=100, description="How many entries at most.")]
Cursor = Annotated[
    str | None, Query(max_length=200, description="The `next` of the page before; none for the first page.")
]


class Paged(Frozen):
    """`limit` and `cursor` as query parameters beside a list's own filters: `class _Looking(Paged, OrderSearch)`."""

    limit: Limit = 20
    cursor: Cursor = None


class Page(BaseModel, Generic[Shown]):
    """Some entries of a list; `next` is the cursor of the following page, null on the last."""

    items: list[Shown]
    next: str | None


def read_cursor(cursor: str | None, kind: Callable[[str], Key]) -> Key | None:
    """The key of the last entry of the page before; `InvalidRequest` for a cursor that we did not give out."""
    if cursor is None:
        return None
    try:
        return kind(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except ValueError as fault:
        raise InvalidRequest("This cursor is not one of ours; start again without one.", field="cursor") from fault


def row_number(text: str) -> int:
    """A cursor's key where rows are numbered: a positive bigint."""
    number = int(text)
    if not 0 < number < 2**63:
        raise ValueError(f"{number} is no row number")
    return number


def page(
    items: Sequence[Item], limit: int, key: Callable[[Item], object], show: Callable[[Item], Shown]
) -> Page[Shown]:
    """The page of the first `limit` items; the caller asked its store for one more, to know whether more follow."""
    shown = items[:limit]
    more = base64.urlsafe_b64encode(str(key(shown[-1])).encode()).decode().rstrip("=") if len(items) > limit else None
    return Page(items=[show(item) for item in shown], next=more)
