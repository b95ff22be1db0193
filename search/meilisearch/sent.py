"""What was sent to Meilisearch, remembered in PostgreSQL: its writes know no condition.

A write locks the rows of its products, sends what is newer than what was sent before, and commits when the server has taken
the task. Meilisearch does its tasks in the order in which it took them, so what was sent last is what stays.

The exact guarantee: a document never overwrites one of a higher revision, whatever processes write at once. A process that
dies between the server's taking a task and the commit leaves a row that is too old; the write is repeated then by whoever
asked for it (activities are), from a reading that is newer still, and until that is done one other write of a revision between
the two may stand there for a moment.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hanse.database import Connection, Database
from models.shared.ids import SpuId

_SWAPPING = 0x484D5357
"""Advisory lock key: shared by whoever writes, alone for who swaps."""


@dataclass(frozen=True)
class SentBefore:
    """What was sent of a product; `gone` if it was removed or never sent."""

    revision: int = -1
    offers_revision: int = -1
    gone: bool = True


class Sent:
    """The table `search_sent`, by index: empty for the live one."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """A transaction in which no index is swapped."""
        async with self._db.transaction() as tx:
            await tx.execute("SELECT pg_advisory_xact_lock_shared($1)", _SWAPPING)
            yield tx

    @asynccontextmanager
    async def swapping(self) -> AsyncIterator[Connection]:
        """A transaction in which nobody writes."""
        async with self._db.transaction() as tx:
            await tx.execute("SELECT pg_advisory_xact_lock($1)", _SWAPPING)
            yield tx

    async def locked(self, tx: Connection, index: str, spu_ids: Sequence[SpuId]) -> dict[SpuId, SentBefore]:
        """What was sent of these products, nobody else sending any of them until the transaction ends; locked by product id."""
        await tx.execute(
            """
            INSERT INTO search_sent (index, spu_id, revision, offers_revision, gone)
            SELECT $1, spu_id, -1, -1, true FROM unnest($2::text[]) AS wanted (spu_id) ORDER BY spu_id ON CONFLICT DO NOTHING
            """,
            index,
            sorted(spu_ids),
        )
        rows = await tx.fetch(
            "SELECT * FROM search_sent WHERE index = $1 AND spu_id = ANY($2) ORDER BY spu_id FOR UPDATE",
            index,
            list(spu_ids),
        )
        return {SpuId(row["spu_id"]): SentBefore(row["revision"], row["offers_revision"], row["gone"]) for row in rows}

    async def note(self, tx: Connection, index: str, sent: Mapping[SpuId, SentBefore]) -> None:
        """The server has taken this."""
        await tx.execute(
            """
            UPDATE search_sent s SET revision = r.revision, offers_revision = r.offers_revision, gone = r.gone
            FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::boolean[]) AS r (spu_id, revision, offers_revision, gone)
            WHERE s.index = $1 AND s.spu_id = r.spu_id
            """,
            index,
            list(sent),
            [one.revision for one in sent.values()],
            [one.offers_revision for one in sent.values()],
            [one.gone for one in sent.values()],
        )

    async def take_back(self, index: str, sent: Mapping[SpuId, SentBefore]) -> None:
        """The server took it and could not do it: as if it had never been sent, so that it can be sent again."""
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                UPDATE search_sent s SET revision = -1, offers_revision = -1
                FROM unnest($2::text[], $3::bigint[]) AS r (spu_id, revision)
                WHERE s.index = $1 AND s.spu_id = r.spu_id AND s.revision = r.revision
                """,
                index,
                list(sent),
                [one.revision for one in sent.values()],
            )

    async def page(self, index: str, after: str, limit: int) -> list[SpuId]:
        """The products that were sent and not removed, by id, those behind `after`."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT spu_id FROM search_sent WHERE index = $1 AND NOT gone AND spu_id > $2 ORDER BY spu_id LIMIT $3",
                index,
                after,
                limit,
            )
        return [SpuId(row["spu_id"]) for row in rows]

    # ---- builds ------------------------------------------------------------------------------------------------------

    async def state(self, tx: Connection, build: str) -> str | None:
        """`building`, `live` or `replaced`; None for one that was never begun or that was dropped."""
        found: str | None = await tx.fetchval("SELECT state FROM meilisearch_builds WHERE name = $1", build)
        return found

    async def begun(self, tx: Connection, build: str) -> None:
        """The build is there."""
        await tx.execute(
            "INSERT INTO meilisearch_builds (name, state) VALUES ($1, 'building') ON CONFLICT DO NOTHING", build
        )

    async def swapped(self, tx: Connection, build: str) -> None:
        """What was sent to the build is what was sent to the live index."""
        await tx.execute("UPDATE meilisearch_builds SET state = 'replaced' WHERE state = 'live'")
        await tx.execute("UPDATE meilisearch_builds SET state = 'live' WHERE name = $1", build)
        await tx.execute("DELETE FROM search_sent WHERE index = ''")
        await tx.execute("UPDATE search_sent SET index = '' WHERE index = $1", build)

    async def dropped(self, tx: Connection, build: str) -> bool:
        """Forget the build if nobody reads it; whether it was there."""
        gone = await tx.execute("DELETE FROM meilisearch_builds WHERE name = $1 AND state = 'building'", build)
        if gone == "DELETE 1":
            await tx.execute("DELETE FROM search_sent WHERE index = $1", build)
        return bool(gone == "DELETE 1")
