"""How the engine meets its database: a consistent look at one index, a write that is alone, and faults by the contract's name."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg

from hanse.database import Connection, Database
from search.engine import SearchUnavailable

_WHICH_IS_LIVE = 0x48534C56
"""Advisory lock key: shared by whoever looks at an index, alone for who exchanges the live one."""
_WRITER = 0x48535752
"""First half of the key for who puts into an index or removes from it; the second half is the index."""

_LOOK = """
SELECT pg_advisory_xact_lock_shared($1), set_config('plan_cache_mode', 'force_custom_plan', true),
       set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true)
"""
"""How many products a question finds decides its plan, so no plan serves two questions; and a scan that matches every row's vector
is never the best one, whatever the planner thinks of words it has no figures for. Compiling a statement, or starting a process for it,
takes longer than any of these takes."""

_FAULTS = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.UndefinedTableError,
    asyncpg.TransactionRollbackError,
)


@contextmanager
def faults_named() -> Iterator[None]:
    """Whatever keeps the database from answering is SearchUnavailable; a mistake of ours stays what it is."""
    try:
        yield
    except _FAULTS as fault:
        raise SearchUnavailable(f"the search database did not answer: {type(fault).__name__}: {fault}") from fault


@asynccontextmanager
async def looking(database: Database) -> AsyncIterator[Connection]:
    """A transaction in which the live index stays the same one."""
    with faults_named():
        async with database.transaction() as tx:
            await tx.execute(_LOOK, _WHICH_IS_LIVE)
            yield tx


@asynccontextmanager
async def writing(database: Database, ending: str) -> AsyncIterator[Connection]:
    """The same, and no other `writing` of this index meanwhile: words are counted, and two could meet on them crosswise."""
    async with looking(database) as tx:
        await tx.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _WRITER, ending)
        yield tx


@asynccontextmanager
async def exchanging(database: Database) -> AsyncIterator[Connection]:
    """A transaction in which nobody looks at any index; it waits for those who do, and new ones wait for it."""
    with faults_named():
        async with database.transaction() as tx:
            await tx.execute("SELECT pg_advisory_xact_lock($1)", _WHICH_IS_LIVE)
            yield tx
