"""What channels sent, as it came: kept before it is believed, and kept when it is not."""

from collections.abc import Mapping
from datetime import datetime

from hanse.database import Database
from models.payments.types import CallbackVerdict, KeptCallback

KEPT_BODY_BYTES = 65_536
_KEPT_HEADER_BYTES = 8_192
_NEVER_KEPT = {"authorization", "cookie", "proxy-authorization"}


class Callbacks:
    """The raw reports of channels."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def keep_callback(
        self,
        addressed_to: str,
        channel: str | None,
        headers: Mapping[str, str],
        body: bytes,
        event_id: str | None,
        verdict: CallbackVerdict,
        now: datetime,
    ) -> int:
        """Append a callback, forged ones too, and answer its number. Append-only by a trigger. Body and headers are cut at
        a bound (64 and 8 KiB), so nobody fills the disk with one request; credentials among the headers are left out."""
        async with self._db.reader() as connection:
            number: int = await connection.fetchval(
                """
                INSERT INTO callbacks (addressed_to, channel, event_id, verdict, headers, body, size, received_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING number
                """,
                addressed_to[:100],
                channel,
                event_id,
                verdict,
                _bounded(headers),
                body[:KEPT_BODY_BYTES],
                len(body),
                now,
            )
        return number

    async def callbacks(self, addressed_to: str, *, limit: int) -> tuple[KeptCallback, ...]:
        """What came to one address (an attempt or payment id), newest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT * FROM callbacks WHERE addressed_to = $1 ORDER BY number DESC LIMIT $2", addressed_to, limit
            )
        return tuple(KeptCallback.model_validate(dict(row)) for row in rows)

    async def was_told(self, channel: str, event_id: str) -> bool:
        """Whether this report has reached its saga, so that a repeat needs no more than the same answer."""
        async with self._db.reader() as connection:
            found = await connection.fetchval(
                "SELECT true FROM told_events WHERE channel = $1 AND event_id = $2", channel, event_id
            )
        return bool(found)

    async def mark_told(self, channel: str, event_id: str, now: datetime) -> None:
        """The report has reached its saga. Idempotent by (channel, event id)."""
        async with self._db.reader() as connection:
            await connection.execute(
                "INSERT INTO told_events (channel, event_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                channel,
                event_id,
                now,
            )


def _bounded(headers: Mapping[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    room = _KEPT_HEADER_BYTES
    for name, value in headers.items():
        room -= len(name) + len(value)
        if room < 0:
            break
        if name.lower() not in _NEVER_KEPT:
            kept[name] = value.replace("\x00", "")
    return kept
