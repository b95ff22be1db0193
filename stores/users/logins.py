"""How often someone may try to log in, and the history of tries."""

import hashlib
from datetime import datetime

from hanse.database import Connection, Database
from models.shared.ids import UserId
from models.users.errors import LoginBlocked
from models.users.rules import FAILURES_FORGOTTEN_AFTER, LOGIN_HISTORY, login_delay
from models.users.types import Contact, Device, LoginAttempt, LoginOutcome


class Logins:
    """Failures in a row by name, whether or not an account has that name, so that a lock-out gives no account away."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def admit_try(self, contact: Contact, now: datetime) -> None:
        """Count one more try against this name before its password is looked at; `succeeded` takes the count back.

        Atomic: of many tries at once only as many are admitted as the growing delay allows (`rules.login_delay`; serialised by
        the name's row); the others are refused with `LoginBlocked`. A name rests after 24 hours without a try.
        """
        subject = _subject(contact)
        async with self._db.transaction() as tx:
            guard = await tx.fetchrow(
                """
                INSERT INTO login_guards AS g (subject, failures, blocked_until, last_try_at) VALUES ($1, 1, $2, $2)
                ON CONFLICT (subject) DO UPDATE SET last_try_at = excluded.last_try_at,
                    failures = CASE WHEN g.last_try_at <= $3 THEN 1 ELSE g.failures + 1 END
                    WHERE g.blocked_until <= $2
                RETURNING failures
                """,
                subject,
                now,
                now - FAILURES_FORGOTTEN_AFTER,
            )
            if guard is not None:
                await tx.execute(
                    "UPDATE login_guards SET blocked_until = $2 WHERE subject = $1",
                    subject,
                    now + login_delay(guard["failures"]),
                )
                await _forget_old(tx, now)
                return
            until = await tx.fetchval("SELECT blocked_until FROM login_guards WHERE subject = $1", subject)
        seconds = max(1, int((until - now).total_seconds()) + 1) if until is not None else 1
        raise LoginBlocked(
            f"Too many failed tries for this name. Try again in {seconds} s, or reset the password.",
            retry_after=seconds,
        )

    async def succeeded(self, contact: Contact) -> None:
        """Forget the failures of this name: its owner has proved who they are."""
        async with self._db.transaction() as tx:
            await forget_failures(tx, contact)

    async def record(self, user_id: UserId | None, outcome: LoginOutcome, device: Device, now: datetime) -> None:
        """Write the try into the account's history, and drop what is older than `LOGIN_HISTORY`.

        Does the same statements for no account (None), so that an unknown name takes as long as a wrong password.
        """
        async with self._db.transaction() as tx:
            await tx.execute("DELETE FROM login_attempts WHERE user_id = $1 AND at < $2", user_id, now - LOGIN_HISTORY)
            await tx.execute(
                """
                INSERT INTO login_attempts (user_id, at, outcome, device_address, device_agent)
                SELECT $1, $2, $3, $4, $5 WHERE $1::text IS NOT NULL
                """,
                user_id,
                now,
                outcome.value,
                device.address,
                device.agent,
            )

    async def history(self, user_id: UserId, *, before: int | None, limit: int) -> list[LoginAttempt]:
        """Tries to log in to the account, newest first, older than the entry `before`."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT id, at, outcome, device_address, device_agent FROM login_attempts
                WHERE user_id = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
                """,
                user_id,
                before,
                limit,
            )
        return [
            LoginAttempt(
                id=row["id"],
                at=row["at"],
                outcome=LoginOutcome(row["outcome"]),
                device=Device(address=row["device_address"], agent=row["device_agent"]),
            )
            for row in rows
        ]


async def forget_failures(tx: Connection, *contacts: Contact) -> None:
    """Forget the failures of these names inside the caller's transaction."""
    subjects = sorted(_subject(contact) for contact in contacts)
    await tx.execute("DELETE FROM login_guards WHERE subject = ANY($1::bytea[])", subjects)


async def _forget_old(tx: Connection, now: datetime) -> None:
    """Names nobody has tried for long are dropped a few at a time, so that guessed names do not fill the table."""
    await tx.execute(
        """
        DELETE FROM login_guards WHERE subject IN
            (SELECT subject FROM login_guards WHERE last_try_at <= $1 ORDER BY last_try_at LIMIT 20 FOR UPDATE SKIP LOCKED)
        """,
        now - 2 * FAILURES_FORGOTTEN_AFTER,
    )


def _subject(contact: Contact) -> bytes:
    return hashlib.sha256(contact.value.encode()).digest()
