"""Indexes beside the live one: made, swapped in, dropped."""

from hanse.database import Connection, Database
from search.embedded.connecting import exchanging, looking
from search.embedded.tables import LIVE, PARTS, Tables, ending_of
from search.engine import NoSuchBuild

_BEGIN = """
INSERT INTO builds (name, ending, state) VALUES ($1, $2, 'building') ON CONFLICT (name) DO NOTHING
"""

_OPTIONS = """
SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE oid = $1::text::regclass
"""
"""What LIKE does not copy."""


class Builder:
    """The builds of the engine. `builds` remembers every name that was ever swapped in, so that a repetition is known as one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tables(self, index: str | None) -> Tables:
        """Where a write to this index goes. A build that was swapped in is the live one. Errors: NoSuchBuild."""
        if index is None:
            return LIVE
        async with looking(self._database) as tx:
            state = await _state(tx, index)
        if state == "live":
            return LIVE
        if state != "building":
            raise NoSuchBuild(index)
        return Tables(ending_of(index))

    async def begin(self, build: str) -> None:
        """Make the build's tables like the live ones, unless they are there or the build was swapped in."""
        ending = ending_of(build)
        async with exchanging(self._database) as tx:
            if await tx.execute(_BEGIN, build, ending) == "INSERT 0 0":
                return
            for part in PARTS:
                await tx.execute(f"CREATE TABLE {part}{ending} (LIKE {part} INCLUDING ALL)")
                options = await tx.fetchval(_OPTIONS, part)
                if options:
                    await tx.execute(f"ALTER TABLE {part}{ending} SET ({options})")

    async def swap_in(self, build: str) -> None:
        """Make the build the live index and drop the one before, in one transaction. Errors: NoSuchBuild."""
        ending = ending_of(build)
        async with exchanging(self._database) as tx:
            state = await _state(tx, build)
            if state is None:
                raise NoSuchBuild(build)
            if state != "building":
                return
            for part in PARTS:
                await tx.execute(f"DROP TABLE {part}")
                await tx.execute(f"ALTER TABLE {part}{ending} RENAME TO {part}")
            await tx.execute("UPDATE builds SET state = 'replaced' WHERE state = 'live'")
            await tx.execute("UPDATE builds SET state = 'live' WHERE name = $1", build)

    async def drop(self, build: str) -> None:
        """Remove a build that nobody reads, with its tables."""
        async with exchanging(self._database) as tx:
            if await tx.fetchval("DELETE FROM builds WHERE name = $1 AND state = 'building' RETURNING true", build):
                for part in PARTS:
                    await tx.execute(f"DROP TABLE {part}{ending_of(build)}")

    async def analyse(self, build: str) -> None:
        """Let the planner know what a build holds, before searches meet it."""
        async with looking(self._database) as tx:
            for part in PARTS:
                await tx.execute(f"ANALYZE {part}{ending_of(build)}")


async def _state(tx: Connection, build: str) -> str | None:
    state: str | None = await tx.fetchval("SELECT state FROM builds WHERE name = $1", build)
    return state
