"""The rows that one order left in a database, and what in them is its own."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_SHARED = ("usr", "ses", "adr", "mer", "cat", "brd", "spu", "sku", "med", "wh", "prm")
"""Prefixes of ids that many orders share."""
_ID = re.compile(r"\b([a-z]{2,3})_[0-9a-hjkmnp-tv-z]{26}\b")
_ALSO_OWN = {
    ("attempts", "channel_transaction"),
    ("attempts", "channel_reference"),
    ("shipments", "waybill"),
    ("shipment_waybills", "waybill"),
    ("tracking", "event_id"),
    ("callbacks", "event_id"),
    ("told_events", "event_id"),
}
"""What no two orders have alike, though it is no id of ours."""
_SLOTS = 64
"""How many ids of its own an order may have."""


@dataclass(frozen=True)
class Column:
    """A column that a copy writes; `text` is what the model has there."""

    name: str
    kind: str
    text: str


@dataclass(frozen=True)
class Model:
    """One row. `own` is what must differ from copy to copy, with the SQL over `o.n` that makes another one."""

    table: str
    ctid: str
    columns: tuple[Column, ...]
    own: dict[str, str]


def own_id(prefix: str, number: str) -> str:
    """SQL for an id of this kind that sorts before every real one and by `number` (SQL, too): hexadecimal digits are among an id's
    letters."""
    return f"('{prefix}_00' || lpad(to_hex(({number})::bigint), 24, '0'))"


async def models_in(connection: Connection, own: dict[str, str]) -> list[Model]:
    """Every row that names what `own` has, or something that such a row names, as long as it is the order's own: that is added to
    `own`, for the next database too."""
    columns = await _columns(connection)
    rows: dict[tuple[str, str], asyncpg.Record] = {}
    before = -1
    while len(own) != before:
        before = len(own)
        for table in columns:
            for row in await connection.fetch(
                f"SELECT t.ctid::text AS ctid, t::text AS whole, t.* FROM {table} t "
                "WHERE EXISTS (SELECT FROM unnest($1::text[]) o WHERE strpos(t::text, o) > 0)",
                list(own),
            ):
                rows[table, row["ctid"]] = row
                learn(_names(table, row), own)
    return [
        Model(table, ctid, tuple(Column(name, kind, _text(row[name])) for name, kind in columns[table].items()), own)
        for (table, ctid), row in rows.items()
    ]


async def _columns(connection: Connection) -> dict[str, dict[str, str]]:
    """Of every table, its columns that are written, with their types."""
    found: dict[str, dict[str, str]] = {}
    for row in await connection.fetch(
        """
        SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS kind
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
          AND a.attidentity = '' AND a.attgenerated = '' ORDER BY c.relname, a.attnum
        """
    ):
        found.setdefault(row["table"], {})[row["name"]] = row["kind"]
    return found


def _names(table: str, row: asyncpg.Record) -> Iterator[str]:
    for found in _ID.finditer(row["whole"]):
        if found[1] not in _SHARED:
            yield found[0]
    for of, column in _ALSO_OWN:
        if of == table and row[column]:
            yield row[column]


def learn(names: Iterable[str], own: dict[str, str]) -> None:
    """Add what is not there yet, each with the SQL over `o.n` that makes another one."""
    for name in names:
        if name in own:
            continue
        number = f"o.n * {_SLOTS} + {len(own)}"
        found = _ID.fullmatch(name)
        own[name] = own_id(found[1], number) if found else f"('past-' || ({number}))"
        if len(own) > _SLOTS:
            raise RuntimeError(f"an order names more than {_SLOTS} things of its own; the last is {name}")


def _text(value: object) -> str:
    return "" if isinstance(value, bytes) else str(value)
