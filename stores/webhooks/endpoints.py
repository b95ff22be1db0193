"""Who is told of events, and what signs what they are told."""

from datetime import timedelta

from asyncpg import Record

from hanse.database import Connection, Database
from hanse.sealing import Seal
from models.shared import Instant
from models.shared.ids import UserId, WebhookEndpointId
from models.shared.refusals import NotFound, StaleVersion
from models.webhooks.rules import wants
from models.webhooks.types import Endpoint, EndpointTerms, Target

_COLUMNS = """
    e.*, (SELECT count(*) FROM webhook_secrets s WHERE s.endpoint_id = e.endpoint_id
          AND (s.expires_at IS NULL OR s.expires_at > {now})) AS secrets
"""
_BY_OPERATOR = "operator"


class EndpointStore:
    """Each is one transaction that locks the endpoint. Secrets are kept sealed and given to who sends, and to nobody else."""

    def __init__(self, db: Database, seal: Seal) -> None:
        self._db = db
        self._seal = seal

    async def register(
        self, endpoint_id: WebhookEndpointId, terms: EndpointTerms, secret: bytes, by: UserId, now: Instant
    ) -> Endpoint:
        """A new endpoint with its first secret."""
        async with self._db.transaction() as tx:
            await tx.execute(
                """
                INSERT INTO webhook_endpoints
                    (endpoint_id, url, description, event_types, enabled, disabled_why, created_by, created_at, version)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)
                """,
                *(endpoint_id, terms.url, terms.description, list(terms.event_types), terms.enabled),
                *(None if terms.enabled else _BY_OPERATOR, by, now),
            )
            await self._keep_secret(tx, endpoint_id, 1, secret, now)
            return await _endpoint(tx, endpoint_id, now)

    async def revise(
        self, endpoint_id: WebhookEndpointId, version: int, terms: EndpointTerms, now: Instant
    ) -> Endpoint:
        """What an operator says of it now; enabling one forgets that it failed. `NotFound`, `StaleVersion`."""
        async with self._db.transaction() as tx:
            await _lock(tx, endpoint_id, version)
            await tx.execute(
                """
                UPDATE webhook_endpoints SET url = $2, description = $3, event_types = $4, enabled = $5,
                    disabled_why = CASE WHEN $5 THEN NULL ELSE coalesce(disabled_why, $6) END,
                    failing_since = CASE WHEN $5 AND NOT enabled THEN NULL ELSE failing_since END, version = version + 1
                WHERE endpoint_id = $1
                """,
                *(endpoint_id, terms.url, terms.description, list(terms.event_types), terms.enabled, _BY_OPERATOR),
            )
            return await _endpoint(tx, endpoint_id, now)

    async def rotate(
        self, endpoint_id: WebhookEndpointId, version: int, secret: bytes, overlap: timedelta, now: Instant
    ) -> Endpoint:
        """Another secret from now on; those before it sign beside it for `overlap`. `NotFound`, `StaleVersion`."""
        async with self._db.transaction() as tx:
            await _lock(tx, endpoint_id, version)
            await tx.execute(
                "UPDATE webhook_secrets SET expires_at = least(expires_at, $2) WHERE endpoint_id = $1",
                *(endpoint_id, now + overlap),
            )
            number = await tx.fetchval(
                "SELECT max(number) + 1 FROM webhook_secrets WHERE endpoint_id = $1", endpoint_id
            )
            await self._keep_secret(tx, endpoint_id, number, secret, now)
            await tx.execute("UPDATE webhook_endpoints SET version = version + 1 WHERE endpoint_id = $1", endpoint_id)
            return await _endpoint(tx, endpoint_id, now)

    async def get(self, endpoint_id: WebhookEndpointId, now: Instant) -> Endpoint:
        """One endpoint; `NotFound`."""
        async with self._db.reader() as connection:
            return await _endpoint(connection, endpoint_id, now)

    async def page(self, now: Instant, *, limit: int, before: WebhookEndpointId | None = None) -> list[Endpoint]:
        """Every endpoint, newest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {_COLUMNS.format(now="$1")} FROM webhook_endpoints e
                WHERE $2::text IS NULL OR endpoint_id < $2 ORDER BY endpoint_id DESC LIMIT $3
                """,
                *(now, before, limit),
            )
        return [_to_endpoint(row) for row in rows]

    async def wanting(self, event_type: str) -> list[WebhookEndpointId]:
        """Which enabled endpoints are told of this type of event."""
        async with self._db.reader() as connection:
            rows = await connection.fetch("SELECT endpoint_id, event_types FROM webhook_endpoints WHERE enabled")
        return [WebhookEndpointId(row["endpoint_id"]) for row in rows if wants(row["event_types"], event_type)]

    async def target(self, endpoint_id: WebhookEndpointId, now: Instant) -> Target | None:
        """Where a message goes and what signs it, the newest secret first; None when it is disabled."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT url, sealed FROM webhook_endpoints JOIN webhook_secrets USING (endpoint_id)
                WHERE endpoint_id = $1 AND enabled AND (expires_at IS NULL OR expires_at > $2) ORDER BY number DESC
                """,
                *(endpoint_id, now),
            )
        if not rows:
            return None
        secrets = tuple(self._seal.unseal(endpoint_id, row["sealed"]) for row in rows)
        return Target(url=rows[0]["url"], secrets=secrets)

    async def _keep_secret(
        self, tx: Connection, endpoint_id: WebhookEndpointId, number: int, secret: bytes, now: Instant
    ) -> None:
        await tx.execute(
            "INSERT INTO webhook_secrets (endpoint_id, number, sealed, created_at) VALUES ($1, $2, $3, $4)",
            *(endpoint_id, number, self._seal.seal(endpoint_id, secret), now),
        )


async def _lock(tx: Connection, endpoint_id: WebhookEndpointId, version: int) -> None:
    known = await tx.fetchval(
        "SELECT version FROM webhook_endpoints WHERE endpoint_id = $1 FOR NO KEY UPDATE", endpoint_id
    )
    if known is None:
        raise _unknown(endpoint_id)
    if known != version:
        raise StaleVersion(
            f"The endpoint is at version {known} now, not {version}; read it again and decide anew.",
            current_version=known,
        )


async def _endpoint(connection: Connection, endpoint_id: WebhookEndpointId, now: Instant) -> Endpoint:
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS.format(now='$2')} FROM webhook_endpoints e WHERE endpoint_id = $1", endpoint_id, now
    )
    if row is None:
        raise _unknown(endpoint_id)
    return _to_endpoint(row)


def _unknown(endpoint_id: WebhookEndpointId) -> NotFound:
    return NotFound(f"There is no webhook endpoint {endpoint_id}.")


def _to_endpoint(row: Record) -> Endpoint:
    return Endpoint(
        endpoint_id=WebhookEndpointId(row["endpoint_id"]),
        terms=EndpointTerms(
            url=row["url"],
            description=row["description"],
            event_types=tuple(row["event_types"]),
            enabled=row["enabled"],
        ),
        disabled_why=row["disabled_why"],
        failing_since=row["failing_since"],
        secrets=row["secrets"],
        created_by=UserId(row["created_by"]),
        created_at=row["created_at"],
        version=row["version"],
    )
