"""Remembered requests (database `ops`): what was asked with an Idempotency-Key and what was answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hanse.database import Database

RETENTION = timedelta(hours=72)
"""How long an answer is kept; published in the API description (draft-ietf-httpapi-idempotency-key-header)."""


@dataclass(frozen=True)
class TakenOn:
    """This request is the one that does the work."""

    first_seen_at: datetime
    again: bool
    """It was taken on before and not answered: it may have had its effect."""


@dataclass(frozen=True)
class InFlight:
    """Another request with this key is doing the work right now."""


@dataclass(frozen=True)
class Reused:
    """The key came before with another request."""


@dataclass(frozen=True)
class Answered:
    """The work is done; this was the answer."""

    status: int
    media_type: str
    body: bytes


class IdempotencyStore:
    """Errands and their answers by (caller, method, path, key)."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def take_on(
        self, scope: bytes, fingerprint: bytes, now: datetime, lease: timedelta
    ) -> TakenOn | InFlight | Reused | Answered:
        """Atomic: of many requests with one scope exactly one is `TakenOn` until it answers or its lease runs out.

        An errand whose process died can be taken over after the lease by the same request; it keeps its first time, so ids
        derived from it stay the same.
        """
        async with self._db.reader() as connection:
            taken = await connection.fetchrow(
                """
                INSERT INTO idempotency_keys AS k (scope, fingerprint, first_seen_at, lease_until)
                VALUES ($1, $2, $3, $4)
                ON CONFLICT (scope) DO UPDATE SET lease_until = excluded.lease_until
                    WHERE k.status IS NULL AND k.lease_until < $3 AND k.fingerprint = excluded.fingerprint
                RETURNING first_seen_at, xmax <> 0 AS again  -- only a row that was there before is locked to be updated
                """,
                scope,
                fingerprint,
                now,
                now + lease,
            )
            if taken is not None:
                return TakenOn(first_seen_at=taken["first_seen_at"], again=taken["again"])
            kept = await connection.fetchrow(
                "SELECT fingerprint, status, media_type, body FROM idempotency_keys WHERE scope = $1", scope
            )
        if kept is None:
            return InFlight()  # forgotten between the two statements; the caller asks again
        if kept["fingerprint"] != fingerprint:
            return Reused()
        if kept["status"] is None:
            return InFlight()
        return Answered(status=kept["status"], media_type=kept["media_type"], body=kept["body"])

    async def answer(self, scope: bytes, status: int, media_type: str, body: bytes) -> None:
        """Keep the answer for every later request with this scope. The first answer stays."""
        async with self._db.reader() as connection:
            await connection.execute(
                "UPDATE idempotency_keys SET status = $2, media_type = $3, body = $4 WHERE scope = $1 AND status IS NULL",
                scope,
                status,
                media_type,
                body,
            )

    async def give_up(self, scope: bytes, now: datetime) -> None:
        """The work did not come to an answer: let the next request with this scope do it, with the same first time."""
        async with self._db.reader() as connection:
            await connection.execute(
                "UPDATE idempotency_keys SET lease_until = $2::timestamptz - interval '1 microsecond' WHERE scope = $1 AND status IS NULL",
                scope,
                now,
            )

    async def forget(self, scope: bytes) -> None:
        """The request was not valid at all: the key may be used for a corrected one."""
        async with self._db.reader() as connection:
            await connection.execute("DELETE FROM idempotency_keys WHERE scope = $1 AND status IS NULL", scope)

    async def ping(self) -> None:
        """Whether the database answers; raises what asyncpg raises."""
        async with self._db.reader() as connection:
            await connection.execute("SELECT 1")

    async def prune(self, now: datetime, limit: int) -> int:
        """Forget at most so many requests that are older than the published retention; answers how many."""
        async with self._db.transaction() as tx:
            done: str = await tx.execute(
                """
                DELETE FROM idempotency_keys WHERE scope IN (
                    SELECT scope FROM idempotency_keys WHERE first_seen_at < $1 ORDER BY first_seen_at LIMIT $2
                    FOR UPDATE SKIP LOCKED
                )
                """,
                *(now - RETENTION, limit),
            )
        return int(done.split()[-1])
