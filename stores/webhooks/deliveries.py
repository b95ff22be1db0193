"""The delivery log: what was sent where, every try, and what came of it."""

from collections.abc import Sequence
from datetime import timedelta

from asyncpg import Record

from hanse.database import Connection, Database
from models.shared import Instant
from models.shared.ids import WebhookDeliveryId, WebhookEndpointId
from models.shared.refusals import NotFound
from models.webhooks.messages import DeliveryInput
from models.webhooks.types import Attempt, Delivery, DeliveryState, Message

_GONE = 410


class DeliveryStore:
    """Each change is one transaction that locks the delivery first, then its endpoint. `disable_after`: how long every try to
    an endpoint may fail before it is disabled."""

    def __init__(self, db: Database, *, disable_after: timedelta = timedelta(days=5)) -> None:
        self._db = db
        self._disable_after = disable_after

    async def open_once(self, ask: DeliveryInput) -> None:
        """The delivery is in the log, waiting; one that ended and is sent again waits again."""
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO webhook_deliveries (delivery_id, endpoint_id, message_id, event_type, event_id, body,
                    occurred_at, state, attempts, created_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', 0, $8)
                ON CONFLICT (delivery_id) DO UPDATE SET state = 'pending', finished_at = NULL
                """,
                *(ask.delivery_id, ask.endpoint_id, ask.message.message_id, ask.message.event_type),
                *(ask.message.event_id, ask.message.body, ask.message.occurred_at, ask.asked_at),
            )

    async def drop(self, delivery_id: WebhookDeliveryId, at: Instant) -> None:
        """Its endpoint is disabled: nothing more is tried. Idempotent."""
        async with self._db.transaction() as tx:
            await _end(tx, delivery_id, DeliveryState.DROPPED, at)

    async def record(self, ask: DeliveryInput, attempt: Attempt, *, last: bool) -> str | None:
        """Write a try down under the next number, and what it makes of the delivery and of its endpoint.

        One that went well ends the delivery and forgets that the endpoint failed. One that failed ends the delivery if it was
        the `last`; the endpoint is disabled when it answered that it is gone, or has failed for `disable_after` without a
        break. Answers why it was disabled by this very try, `gone` or `failing`; else None.
        """
        async with self._db.transaction() as tx:
            number = await tx.fetchval(
                "UPDATE webhook_deliveries SET attempts = attempts + 1 WHERE delivery_id = $1 RETURNING attempts",
                ask.delivery_id,
            )
            await tx.execute(
                """
                INSERT INTO webhook_attempts (delivery_id, number, at, status, failure, duration_ms, excerpt)
                VALUES ($1, $2, $3, $4, $5, $6, $7)
                """,
                *(ask.delivery_id, number, attempt.at, attempt.status, attempt.failure),
                *(attempt.duration_ms, attempt.excerpt),
            )
            if attempt.failure is None:
                await _end(tx, ask.delivery_id, DeliveryState.DELIVERED, attempt.at)
                await tx.execute(
                    "UPDATE webhook_endpoints SET failing_since = NULL WHERE endpoint_id = $1 AND failing_since IS NOT NULL",
                    ask.endpoint_id,
                )
                return None
            why = await self._note_failure(tx, ask.endpoint_id, attempt)
            if last or why or attempt.status == _GONE:
                await _end(tx, ask.delivery_id, DeliveryState.FAILED, attempt.at)
            return why

    async def _note_failure(self, tx: Connection, endpoint_id: WebhookEndpointId, attempt: Attempt) -> str | None:
        row = await tx.fetchrow(
            """
            UPDATE webhook_endpoints SET failing_since = coalesce(failing_since, $2) WHERE endpoint_id = $1
            RETURNING failing_since, enabled
            """,
            *(endpoint_id, attempt.at),
        )
        assert row is not None
        gone, failing = attempt.status == _GONE, attempt.at - row["failing_since"] >= self._disable_after
        if not row["enabled"] or not (gone or failing):
            return None
        why = "gone" if gone else "failing"
        await tx.execute(
            """
            UPDATE webhook_endpoints SET enabled = false, disabled_why = $2, version = version + 1 WHERE endpoint_id = $1
            """,
            *(endpoint_id, why),
        )
        return why

    async def prune(self, before: Instant, limit: int) -> int:
        """Remove at most so many deliveries that ended, of events that happened before then, with their tries; answers how many.
        They cannot be sent again. Found by the time in their ids."""
        first_kept = WebhookDeliveryId.mint(before, bytes(10))
        async with self._db.transaction() as tx:
            done: str = await tx.execute(
                """
                WITH old AS MATERIALIZED (
                    SELECT delivery_id FROM webhook_deliveries WHERE delivery_id < $1 AND state <> 'pending'
                    ORDER BY delivery_id LIMIT $2 FOR UPDATE SKIP LOCKED
                ), tries AS (DELETE FROM webhook_attempts a USING old WHERE a.delivery_id = old.delivery_id)
                DELETE FROM webhook_deliveries d USING old WHERE d.delivery_id = old.delivery_id
                """,
                *(first_kept, limit),
            )
        return int(done.split()[-1])

    async def get(self, delivery_id: WebhookDeliveryId) -> Delivery:
        """One delivery; `NotFound`."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow("SELECT * FROM webhook_deliveries WHERE delivery_id = $1", delivery_id)
        if row is None:
            raise NotFound(f"There is no delivery {delivery_id}.")
        return _delivery(row)

    async def attempts(self, delivery_id: WebhookDeliveryId) -> list[Attempt]:
        """Every try, in order."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT * FROM webhook_attempts WHERE delivery_id = $1 ORDER BY number", delivery_id
            )
        return [
            Attempt(**{name: row[name] for name in ("number", "at", "status", "failure", "duration_ms", "excerpt")})
            for row in rows
        ]

    async def page(
        self,
        endpoint_id: WebhookEndpointId,
        *,
        limit: int,
        before: WebhookDeliveryId | None = None,
        states: Sequence[DeliveryState] = (),
    ) -> list[Delivery]:
        """What was sent to an endpoint, newest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM webhook_deliveries
                WHERE endpoint_id = $1 AND ($2::text IS NULL OR delivery_id < $2)
                  AND ($3::text[] = '{}' OR state = ANY($3)) ORDER BY delivery_id DESC LIMIT $4
                """,
                *(endpoint_id, before, [state.value for state in states], limit),
            )
        return [_delivery(row) for row in rows]

    async def ended_since(self, endpoint_id: WebhookEndpointId, since: Instant, limit: int) -> list[Delivery]:
        """What an endpoint did not get although its event happened since then, the oldest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM webhook_deliveries WHERE endpoint_id = $1 AND occurred_at >= $2 AND state IN ('failed', 'dropped')
                ORDER BY occurred_at, delivery_id LIMIT $3
                """,
                *(endpoint_id, since, limit),
            )
        return [_delivery(row) for row in rows]


async def _end(tx: Connection, delivery_id: WebhookDeliveryId, state: DeliveryState, at: Instant) -> None:
    await tx.execute(
        "UPDATE webhook_deliveries SET state = $2, finished_at = $3 WHERE delivery_id = $1 AND state = 'pending'",
        *(delivery_id, state.value, at),
    )


def _delivery(row: Record) -> Delivery:
    return Delivery(
        delivery_id=WebhookDeliveryId(row["delivery_id"]),
        endpoint_id=WebhookEndpointId(row["endpoint_id"]),
        message=Message(
            **{name: row[name] for name in ("message_id", "event_type", "event_id", "body", "occurred_at")}
        ),
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )
