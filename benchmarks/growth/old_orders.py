"""A past for a shop: one completed and one cancelled order, taken through the real api, and copied until there are a million.

A copy is the rows of its model in every database, with ids, buyer, goods and times of its own. So the past has every row that a
real one has, whatever tables the shop grows, and the audit holds on it. What is kept for days only (remembered requests) or
elsewhere (Temporal's histories, which end with their retention) is no part of it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

from benchmarks.growth.models import Column, Model, learn, models_in
from benchmarks.growth.models import own_id as _own_id

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Tell = Callable[[str, int], None]
"""Where it is, and how many rows more are there."""

DATABASES = ("orders", "payments", "inventory", "promotions")
PEOPLE = 50_000
"""Buyers of the past, twenty orders each. Every thousandth order is the demo buyer's, who so has a long list."""
_APART = 26.0
"""Seconds between two old orders: a million go back 300 days, so that no point they earned has expired."""
_AT_ONCE = 50_000
_CANCELLED = "n % 10 = 3"
"""One in ten."""


@dataclass(frozen=True)
class Past:
    """What is copied, and over what it is spread."""

    completed: str
    """An order id, as the other."""
    cancelled: str
    buyer: str
    """The demo buyer, of whom both are."""
    sku: tuple[str, str]
    """SKU and product that both are about."""
    warehouse: tuple[str, str]
    """Where both were sent from, and where the past was."""
    goods: Sequence[tuple[str, str]]
    """SKUs and their products that the past is about."""


async def make_past(dsns: Mapping[str, str], past: Past, many: int, tell: Tell) -> None:
    """So many old orders, all databases at once. Indexes are built anew afterwards, and every table is as after a night's vacuum."""
    completed: dict[str, str] = {}
    cancelled: dict[str, str] = {}
    learn([past.completed], completed)
    learn([past.cancelled], cancelled)
    models = {}
    for name in DATABASES:
        connection = await asyncpg.connect(dsns[name])
        try:
            models[name] = [
                *((model, f"NOT {_CANCELLED}") for model in await models_in(connection, completed)),
                *((model, _CANCELLED) for model in await models_in(connection, cancelled)),
            ]
        finally:
            await connection.close()
    await asyncio.gather(*(_fill(name, dsns[name], models[name], past, many, tell) for name in DATABASES))


async def _fill(name: str, dsn: str, models: Sequence[tuple[Model, str]], past: Past, many: int, tell: Tell) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        # What triggers would check is right by construction, and the audit looks at all of it afterwards.
        await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        await connection.execute("SET maintenance_work_mem = '256MB'; SET work_mem = '64MB'")
        await _goods(connection, past)
        if name == "promotions":
            await _accounts(connection, past, many)
        if name == "inventory":
            await _receive(connection, past, many)
        tables = sorted({model.table for model, _ in models})
        indexes = await _put_indexes_away(connection, tables)
        for model, which in models:
            await _copy(connection, name, model, past, many, which, tell)
        for index in indexes:
            tell(f"{name}: {index.split(' ')[-1] if index.endswith(')') else 'an index'}", 0)
            await connection.execute(index)
        for table in tables:
            tell(f"{name}: vacuum of {table}", 0)
            await connection.execute(f"VACUUM ANALYZE {table}")
    finally:
        await connection.close()


async def _goods(connection: Connection, past: Past) -> None:
    await connection.execute("CREATE TEMP TABLE bench_goods (i bigint PRIMARY KEY, sku text, spu text)")
    await connection.copy_records_to_table(
        "bench_goods", records=[(number, sku, spu) for number, (sku, spu) in enumerate(past.goods)]
    )
    await connection.execute("ANALYZE bench_goods")


async def _put_indexes_away(connection: Connection, tables: Sequence[str]) -> list[str]:
    """Drop every index that no constraint needs; answers with what makes them again."""
    rows = await connection.fetch(
        """
        SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made FROM pg_index i
        WHERE i.indrelid::regclass::text = ANY($1)
          AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
        """,
        tables,
    )
    for row in rows:
        await connection.execute(f"DROP INDEX {row['name']}")
    return [row["made"] for row in rows]


async def _copy(
    connection: Connection, database: str, model: Model, past: Past, many: int, which: str, tell: Tell
) -> None:
    names = ", ".join(column.name for column in model.columns)
    values = ", ".join(_value(model, column, past) for column in model.columns)
    statement = f"""
        INSERT INTO {model.table} ({names})
        SELECT {values} FROM (
            SELECT n, make_interval(secs => ({many} - n + 1) * {_APART}) AS ago, g.sku, g.spu,
                   CASE WHEN n % 1000 = 0 THEN '{past.buyer}' ELSE {_own_id("usr", f"n % {PEOPLE}")} END AS buyer
            FROM generate_series($1::bigint, $2::bigint) n JOIN bench_goods g ON g.i = n % {len(past.goods)}
            WHERE {which} ORDER BY n
        ) o, (SELECT * FROM {model.table} WHERE ctid = '{model.ctid}') m
    """
    for start in range(1, many + 1, _AT_ONCE):
        done = await connection.execute(statement, start, min(start + _AT_ONCE - 1, many), timeout=600)
        tell(f"{database}: {model.table}", int(done.split()[-1]))


def _value(model: Model, column: Column, past: Past) -> str:
    """What a copy has in this column, as SQL over its model `m` and its order `o`."""
    if (model.table, column.name) == ("points_entries", "balance"):
        return (
            f"CASE WHEN o.n % 1000 = 0 THEN m.balance + m.delta * (o.n / 1000) ELSE m.delta * (o.n / {PEOPLE} + 1) END"
        )
    if column.kind == "timestamp with time zone":
        return f"m.{column.name} - o.ago"
    changed = f"m.{column.name}::text"
    replaced = {
        past.buyer: "o.buyer",
        past.sku[0]: "o.sku",
        past.sku[1]: "o.spu",
        past.warehouse[0]: f"'{past.warehouse[1]}'",
        **model.own,
    }
    mine = {token: made for token, made in replaced.items() if token in column.text}
    if not mine:
        return f"m.{column.name}"
    for token, made in mine.items():
        changed = f"replace({changed}, '{token}', {made})"
    return f"({changed})::{column.kind}"


async def _accounts(connection: Connection, past: Past, many: int) -> None:
    """What the past's buyers have is what its orders earned."""
    points = await connection.fetchval(
        "SELECT coalesce(sum(delta), 0)::bigint FROM points_entries WHERE order_id = $1", past.completed
    )
    if not points:
        return
    await connection.execute(
        f"""
        INSERT INTO points_accounts (user_id, balance)
        SELECT {_own_id("usr", f"n % {PEOPLE}")}, count(*) * $2 FROM generate_series(1, $1::bigint) n
        WHERE NOT {_CANCELLED} AND n % 1000 <> 0 GROUP BY n % {PEOPLE}
        """,
        many,
        points,
    )
    await connection.execute(
        "UPDATE points_accounts SET balance = balance + $2 * ($3::bigint / 1000) WHERE user_id = $1",
        past.buyer,
        points,
        many,
    )


async def _receive(connection: Connection, past: Past, many: int) -> None:
    """What the past sold had come in before: the journal adds up to what lies there today."""
    await connection.execute(
        f"""
        INSERT INTO journal (warehouse_id, sku_id, delta, on_hand_after, reason, reference, actor, note, at)
        SELECT $2, g.sku, count(*), count(*), 'receive', 'bench-past', 'bench', '', now() - interval '1 year'
        FROM generate_series(1, $1::bigint) n JOIN bench_goods g ON g.i = n % $3::bigint
        WHERE NOT {_CANCELLED} GROUP BY g.sku
        """,
        many,
        past.warehouse[1],
        len(past.goods),
    )
