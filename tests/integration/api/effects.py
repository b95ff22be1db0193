"""What a request did: rows of every table, in each of their states, sums of what they count, and processes that were started."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Self

from temporalio.client import Client

from hanse.database import Database
from stores.migrations import DATABASES
from tests.e2e.running import RunningShop

_ELSEWHERE = {"search"}
"""Made of the others, later."""
_STARTED = "TemporalScheduledById IS NULL AND WorkflowType != 'CatalogSync'"
_COLUMNS = """
    SELECT t.table_name,
           array_agg(c.column_name::text) FILTER (
               WHERE c.data_type IN ('smallint', 'integer', 'bigint', 'numeric')
               AND c.column_name ~ '(on_hand|reserved|claimed|minor|^delta$|units|quantity|^points$|balance|^used|^reports$)'
           ) AS counted,
           array_agg(c.column_name::text) FILTER (
               WHERE c.data_type = 'text' AND c.column_name IN ('state', 'status')
           ) AS states
    FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name)
    WHERE t.table_schema = 'public' AND t.table_type = 'BASE TABLE'
    GROUP BY t.table_name
"""
"""Tables with the columns that hold stock, money, coupons, points or complaints, and those that say where a thing stands."""
_PAUSE = 0.6
"""Seconds; longer than what is shown lags behind what is."""
_QUIET = 2
"""So many looks in a row that find nothing new: processes go on after their answer."""

Counts = dict[str, int]


class Effects:
    """Counts everything in a shop."""

    def __init__(self, databases: dict[str, Database], temporal: Client) -> None:
        self._databases = databases
        self._temporal = temporal
        self._questions: dict[str, str] = {}

    @classmethod
    async def of(cls, shop: RunningShop, opened: AsyncExitStack) -> Self:
        """Counts in the databases of this shop, which are closed with `opened`."""
        databases = {}
        for name in set(DATABASES) - _ELSEWHERE:
            databases[name] = await Database(shop.settings.dsn(name)).open()
            opened.push_async_callback(databases[name].close)
        return cls(databases, await shop.temporal())

    async def settled(self) -> Counts:
        """Everything, once nothing changes any more."""
        last, quiet = await self._counts(), 0
        for _ in range(60):
            await asyncio.sleep(_PAUSE)
            now = await self._counts()
            quiet = quiet + 1 if now == last else 0
            if quiet == _QUIET:
                return now
            last = now
        raise AssertionError("the shop does not come to rest")

    async def _counts(self) -> Counts:
        parts = await asyncio.gather(*(self._rows(name) for name in self._databases))
        started = await self._temporal.count_workflows(_STARTED)
        return {key: count for part in parts for key, count in part.items()} | {"processes": started.count}

    async def _rows(self, name: str) -> Counts:
        async with self._databases[name].reader() as connection:
            if name not in self._questions:
                self._questions[name] = _question(await connection.fetch(_COLUMNS))
            rows = await connection.fetch(self._questions[name])
        return {f"{name}.{row['what']}": int(row["much"]) for row in rows}


def _question(tables: Iterable[tuple[str, list[str] | None, list[str] | None]]) -> str:
    parts = []
    for table, counted, states in tables:
        parts.append(f"SELECT '{table}' AS what, count(*)::numeric AS much FROM \"{table}\"")
        parts += [f'SELECT \'{table}.{each}\', coalesce(sum("{each}"), 0) FROM "{table}"' for each in counted or ()]
        parts += [
            f'SELECT \'{table} \' || "{each}", count(*) FROM "{table}" GROUP BY "{each}"' for each in states or ()
        ]
    return " UNION ALL ".join(parts)


def difference(before: Counts, after: Counts) -> Counts:
    """What there is more of, and less."""
    more = {what: after.get(what, 0) - before.get(what, 0) for what in before.keys() | after.keys()}
    return {what: much for what, much in more.items() if much}
