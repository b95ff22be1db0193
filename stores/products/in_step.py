"""What index and listeners were last given of each product, and the indexes that are being built."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from hanse.database import Connection, Database
from models.products.telling import ListedProduct, Told, news, to_be_told
from models.search.messages import BuildBegun
from models.shared import Frozen
from models.shared.events import Event, EventBatch
from models.shared.ids import SkuId, SpuId


class Telling(Frozen):
    """What is to be told now, and of which reading it is."""

    batch: EventBatch
    revisions: dict[SpuId, int]
    """For `told`: of each product about which something is told."""
    left_over: bool
    """Whether some of it was decided earlier, so that there may be more to tell after it."""


class Given(Frozen):
    """What the index was last given of a product; no digest for one that is not to be found."""

    revision: int
    whole: int
    """The revision of the last document that was given whole; patches of offers came after it."""
    digest: str | None


class InStepStore:
    """Keeps what was told, what was indexed, and which builds there are."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # ---- telling listeners -------------------------------------------------------------------------------------------

    async def tell(
        self, products: Mapping[SpuId, ListedProduct], revision: int, available: frozenset[SkuId], now: datetime
    ) -> Telling:
        """Decide what is to be told of these products, and keep it until `told`: one transaction, rows locked by product id.

        What an earlier call decided and nobody reported as told comes first, as it was decided; for such a product nothing
        new is decided. A reading that is not newer than the one that was told last decides nothing.
        """
        wanted = sorted(products)
        async with self._db.transaction() as tx:
            await tx.execute("INSERT INTO told (spu_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING", wanted)
            rows = await tx.fetch("SELECT * FROM told WHERE spu_id = ANY($1) ORDER BY spu_id FOR UPDATE", wanted)
            left = [row for row in rows if row["telling"] is not None]
            decided = [
                one
                for row in rows
                if row["telling"] is None and row["revision"] < revision
                and (one := _decided(row, products[SpuId(row["spu_id"])], available, now)) is not None
            ]  # fmt: skip
            await self._keep(tx, decided, revision)
        events = [event for row in left for event in EventBatch.model_validate({"events": row["telling"]}).events]
        return Telling(
            batch=EventBatch(events=(*events, *(event for one in decided for event in one.news))),
            revisions={SpuId(row["spu_id"]): row["revision"] for row in left}
            | {one.spu_id: revision for one in decided if one.news},
            left_over=bool(left),
        )

    async def _keep(self, tx: Connection, decided: Sequence["_Decided"], revision: int) -> None:
        if decided:
            await tx.execute(
                """
                UPDATE told SET revision = $2, state = r.state, telling = r.telling
                FROM jsonb_to_recordset($1) AS r (spu_id text, state jsonb, telling jsonb) WHERE told.spu_id = r.spu_id
                """,
                [one.record() for one in decided],
                revision,
            )

    async def told(self, revisions: Mapping[SpuId, int]) -> None:
        """Kafka has what `tell` decided at these revisions. One statement; repeating it does nothing."""
        await self._execute(
            """
            UPDATE told SET telling = NULL FROM unnest($1::text[], $2::bigint[]) AS r (spu_id, revision)
            WHERE told.spu_id = r.spu_id AND told.revision = r.revision AND telling IS NOT NULL
            """,
            list(revisions),
            list(revisions.values()),
        )

    # ---- what the index was given ------------------------------------------------------------------------------------

    async def note_given(
        self, digests: Mapping[SpuId, str | None], revision: int, *, build: str = "", offers_only: bool = False
    ) -> None:
        """The index, or this build, has these documents of that revision (no digest: it has none), or their offers. One
        statement; a later one stays."""
        await self._execute(
            """
            INSERT INTO indexed (build, spu_id, revision, whole, digest)
            SELECT $4, r.spu_id, $3::bigint, CASE WHEN $5 THEN 0 ELSE $3::bigint END, r.digest
            FROM unnest($1::text[], $2::text[]) AS r (spu_id, digest) ORDER BY r.spu_id
            ON CONFLICT (build, spu_id) DO UPDATE SET
                revision = excluded.revision, digest = excluded.digest, whole = greatest(indexed.whole, excluded.whole)
            WHERE indexed.revision < excluded.revision
            """,
            list(digests),
            list(digests.values()),
            revision,
            build,
            offers_only,
        )

    async def given(self, spu_ids: Sequence[SpuId]) -> dict[SpuId, Given]:
        """What the index that is read was last given of these products; one it was never given is absent."""
        async with self._db.reader() as connection:
            rows = await connection.fetch("SELECT * FROM indexed WHERE build = '' AND spu_id = ANY($1)", list(spu_ids))
        return {
            SpuId(row["spu_id"]): Given(revision=row["revision"], whole=row["whole"], digest=row["digest"])
            for row in rows
        }

    # ---- builds ------------------------------------------------------------------------------------------------------

    async def begin_build(self, name: str, now: datetime) -> BuildBegun:
        """Remember that an index of this name is built; if another was begun before, that one goes on. One transaction.

        From its commit on whoever writes to the index writes to the build as well.
        """
        async with self._db.transaction() as tx:
            await tx.execute("LOCK TABLE search_builds IN SHARE ROW EXCLUSIVE MODE")
            row = await tx.fetchrow("SELECT name, done FROM search_builds ORDER BY begun_at, name LIMIT 1")
            if row is None:
                await tx.execute("INSERT INTO search_builds (name, begun_at) VALUES ($1, $2)", name, now)
            total = await tx.fetchval("SELECT count(*) FROM spus")
        return BuildBegun(build=row["name"] if row else name, done=row["done"] if row else 0, total=total)

    async def builds(self) -> list[str]:
        """The indexes that are being built."""
        async with self._db.reader() as connection:
            return [row["name"] for row in await connection.fetch("SELECT name FROM search_builds")]

    async def build_reached(self, name: str) -> tuple[str, int]:
        """The last product that was put into the build and how many there are in it; nothing for one that is unknown."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow("SELECT after, done FROM search_builds WHERE name = $1", name)
        return (row["after"], row["done"]) if row else ("", 0)

    async def note_built(self, name: str, after: SpuId, done: int) -> None:
        """All products up to this one are in the build. One statement; it never goes back."""
        await self._execute(
            "UPDATE search_builds SET after = $2, done = $3 WHERE name = $1 AND after < $2", name, after, done
        )

    async def build_is_index(self, name: str) -> None:
        """Searches meet the build now: what it was given is what the index was given. One transaction; repeating it does nothing."""
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO indexed (build, spu_id, revision, whole, digest)
                SELECT '', spu_id, revision, whole, digest FROM indexed WHERE build = $1 ORDER BY spu_id
                ON CONFLICT (build, spu_id) DO UPDATE SET
                    revision = excluded.revision, digest = excluded.digest, whole = greatest(indexed.whole, excluded.whole)
                WHERE indexed.revision < excluded.revision
                """,
                name,
            )
            await _forget_build(tx, name)

    async def end_build(self, name: str) -> None:
        """The build was given up. One transaction; repeating it does nothing."""
        async with self._db.transaction() as tx:
            await _forget_build(tx, name)

    async def _execute(self, statement: str, *values: object) -> None:
        async with self._db.reader() as connection:
            await connection.execute(statement, *values)


async def _forget_build(tx: Connection, name: str) -> None:
    await tx.execute("DELETE FROM search_builds WHERE name = $1", name)
    await tx.execute("DELETE FROM indexed WHERE build = $1", name)


@dataclass(frozen=True)
class _Decided:
    """What is told of one product, and what others know then."""

    spu_id: SpuId
    after: Told
    news: tuple[Event, ...]

    def record(self) -> dict[str, Any]:
        telling = EventBatch(events=self.news).model_dump(mode="json")["events"] or None
        return {"spu_id": self.spu_id, "state": self.after.model_dump(mode="json"), "telling": telling}


def _decided(
    row: asyncpg.Record, product: ListedProduct, available: frozenset[SkuId], now: datetime
) -> _Decided | None:
    """None if there is nothing to tell, to somebody who was told before."""
    before = Told() if row["state"] is None else Told.model_validate(row["state"])
    after = to_be_told(product, available)
    fresh = news(product, before, after, now)
    return _Decided(product.spu_id, after, fresh) if fresh or row["state"] is None else None
