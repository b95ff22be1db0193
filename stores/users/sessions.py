"""Sessions and their refresh tokens."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

from hanse.database import Connection, Database
from models.shared.ids import SessionId, UserId
from models.shared.refusals import NotFound
from models.users.errors import NotAuthenticated, RefreshTokenReused, RefreshTokenWrong
from models.users.rules import LONGEST_SESSION
from models.users.types import Device, EndReason, Identity, Permission, Session
from stores.users.liveness import Liveness


class Sessions:
    """Who is logged in where. Every method that ends sessions also stops their access tokens before it returns."""

    def __init__(self, db: Database, liveness: Liveness, lifetime: timedelta) -> None:
        self._db = db
        self._liveness = liveness
        self._lifetime = lifetime

    async def open(
        self, session_id: SessionId, user_id: UserId, device: Device, refresh_hash: bytes, now: datetime
    ) -> Identity:
        """A new session of an active account, with its first refresh token; returns what it may do.

        Locks the account's row and its roles' rows, so what is disabled or taken away at the same moment either ends this
        session or is never in it. Refuses with `NotAuthenticated` when the account is not active. Drops dead refresh tokens.
        """
        async with self._db.transaction() as tx:
            active = await tx.fetchval("SELECT status = 'active' FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)
            if not active:
                raise NotAuthenticated("This account cannot log in; ask customer service.")
            await tx.execute(
                "SELECT FROM roles WHERE name IN (SELECT role FROM user_roles WHERE user_id = $1) ORDER BY name FOR SHARE",
                user_id,
            )
            await tx.execute(
                """
                DELETE FROM refresh_tokens USING sessions s WHERE refresh_tokens.session_id = s.id AND s.user_id = $1
                    AND (s.ended_at IS NOT NULL OR s.expires_at <= $2)
                """,
                user_id,
                now,
            )
            await tx.execute(
                """
                INSERT INTO sessions (id, user_id, device_address, device_agent, created_at, last_used_at, expires_at)
                VALUES ($1, $2, $3, $4, $5, $5, $6)
                """,
                session_id,
                user_id,
                device.address,
                device.agent,
                now,
                now + self._lifetime,
            )
            await _insert_token(tx, session_id, refresh_hash, now)
            return await _identity(tx, user_id, session_id)

    async def rotate(self, refresh_hash: bytes, next_hash: bytes, now: datetime) -> Identity:
        """Trade a refresh token for the next one; each is good once.

        A token that was used before ends its session and is refused with `RefreshTokenReused`: of many calls at once with one
        token, one gets the next token and the others end the session (serialised by the session's row). Unknown tokens and
        tokens of ended or expired sessions are refused with `RefreshTokenWrong`.
        """
        async with self._db.transaction() as tx:
            session = await _lock_session_of(tx, refresh_hash, now)
            reused = not await tx.fetchval(
                "UPDATE refresh_tokens SET used_at = $2 WHERE hash = $1 AND used_at IS NULL RETURNING true",
                refresh_hash,
                now,
            )
            if reused:
                await tx.execute(
                    "UPDATE sessions SET ended_at = $2, end_reason = 'token_reused' WHERE id = $1", session["id"], now
                )
            else:
                await _insert_token(tx, session["id"], next_hash, now)
                expires_at = min(now + self._lifetime, session["created_at"] + LONGEST_SESSION)
                await tx.execute(
                    "UPDATE sessions SET last_used_at = $2, expires_at = $3 WHERE id = $1",
                    session["id"],
                    now,
                    expires_at,
                )
                identity = await _identity(tx, session["user_id"], session["id"])
        if reused:
            await self._liveness.remember_ended([SessionId(session["id"])])
            raise RefreshTokenReused("This refresh token was used before, so its session has been ended. Log in again.")
        return identity

    async def is_live(self, session_id: SessionId, now: datetime) -> bool:
        """Whether the session goes on. Asks Redis; PostgreSQL only when Redis does not know, once in 30 s a session."""
        mark = await self._liveness.mark_of(session_id, now)
        if mark is not None:
            return mark == "live"
        async with self._db.reader() as connection:
            live: bool | None = await connection.fetchval(
                "SELECT ended_at IS NULL AND expires_at > $2 FROM sessions WHERE id = $1", session_id, now
            )
        if live:
            await self._liveness.remember_live(session_id)
        return bool(live)

    async def of_user(self, user_id: UserId, now: datetime) -> list[Session]:
        """The account's live sessions, newest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT id, user_id, device_address, device_agent, created_at, last_used_at, expires_at FROM sessions
                WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY id DESC
                """,
                user_id,
                now,
            )
        return [_session(row) for row in rows]

    async def end(self, user_id: UserId, session_id: SessionId, reason: EndReason, now: datetime) -> None:
        """End one session of this account; ending it again changes nothing. Another's session is `NotFound`."""
        async with self._db.transaction() as tx:
            found = await tx.fetchval(
                """
                UPDATE sessions SET ended_at = coalesce(ended_at, $3), end_reason = coalesce(end_reason, $4)
                WHERE id = $1 AND user_id = $2 RETURNING true
                """,
                session_id,
                user_id,
                now,
                reason.value,
            )
        if not found:
            raise NotFound("There is no session by this id in your account; list your sessions to see them.")
        await self._liveness.remember_ended([session_id])

    async def end_all(self, user_id: UserId, reason: EndReason, now: datetime) -> int:
        """End every session of the account; returns how many were live."""
        async with self._db.transaction() as tx:
            ended = await end_sessions(tx, [user_id], reason, now)
        await self._liveness.remember_ended(ended)
        return len(ended)


async def end_sessions(
    tx: Connection, user_ids: Sequence[UserId], reason: EndReason, now: datetime, *, keep: SessionId | None = None
) -> list[SessionId]:
    """End the sessions of these accounts, all but `keep`, inside the caller's transaction; locks them in the order of ids.

    The caller tells `Liveness.remember_ended` about the returned sessions once it has committed.
    """
    rows = await tx.fetch(
        """
        UPDATE sessions SET ended_at = $2, end_reason = $3 WHERE id IN (
            SELECT id FROM sessions
            WHERE user_id = ANY($1::text[]) AND ended_at IS NULL AND id IS DISTINCT FROM $4::text ORDER BY id FOR UPDATE
        ) RETURNING id
        """,
        list(user_ids),
        now,
        reason.value,
        keep,
    )
    return [SessionId(row["id"]) for row in rows]


async def _lock_session_of(tx: Connection, refresh_hash: bytes, now: datetime) -> asyncpg.Record:
    session: asyncpg.Record | None = await tx.fetchrow(
        """
        SELECT s.id, s.user_id, s.created_at, s.ended_at, s.expires_at
        FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.hash = $1 FOR UPDATE OF s
        """,
        refresh_hash,
    )
    if session is None or session["ended_at"] is not None or session["expires_at"] <= now:
        raise RefreshTokenWrong("This refresh token is not good any more. Log in again.")
    return session


async def _insert_token(tx: Connection, session_id: str, refresh_hash: bytes, now: datetime) -> None:
    await tx.execute(
        "INSERT INTO refresh_tokens (hash, session_id, issued_at) VALUES ($1, $2, $3)", refresh_hash, session_id, now
    )


async def _identity(tx: Connection, user_id: str, session_id: str) -> Identity:
    roles = await tx.fetch(
        "SELECT r.name, r.permissions FROM user_roles u JOIN roles r ON r.name = u.role WHERE u.user_id = $1 ORDER BY r.name",
        user_id,
    )
    return Identity(
        user_id=UserId(user_id),
        session_id=SessionId(session_id),
        roles=tuple(row["name"] for row in roles),
        permissions=frozenset(Permission(name) for row in roles for name in row["permissions"]),
    )


def _session(row: asyncpg.Record) -> Session:
    return Session(
        id=SessionId(row["id"]),
        user_id=UserId(row["user_id"]),
        device=Device(address=row["device_address"], agent=row["device_agent"]),
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        expires_at=row["expires_at"],
    )
