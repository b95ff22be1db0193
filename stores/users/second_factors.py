"""The optional second factor: a sealed secret, and the last step whose one-time password was used."""

from datetime import datetime

from hanse.database import Database
from models.shared.ids import UserId
from models.users.errors import SecondFactorOff, SecondFactorOn, SecondFactorWrong


class SecondFactors:
    """Secrets come and go sealed; this store never sees one in the clear."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def offer(self, user_id: UserId, sealed: bytes, now: datetime) -> None:
        """Keep a secret that counts only once it is confirmed; replaces an earlier offer. `SecondFactorOn` if one counts."""
        async with self._db.transaction() as tx:
            kept = await tx.fetchval(
                """
                UPDATE users SET totp_offered = $2, updated_at = $3 WHERE id = $1 AND totp_secret IS NULL RETURNING true
                """,
                user_id,
                sealed,
                now,
            )
        if not kept:
            raise SecondFactorOn("Switch the present second factor off before you set up another.")

    async def offered(self, user_id: UserId) -> bytes:
        """The secret that waits for its confirmation; `SecondFactorOff` if none does."""
        async with self._db.reader() as connection:
            sealed: bytes | None = await connection.fetchval("SELECT totp_offered FROM users WHERE id = $1", user_id)
        if sealed is None:
            raise SecondFactorOff("No second factor is being set up; start with a new secret.")
        return sealed

    async def confirm(self, user_id: UserId, sealed: bytes, step: int, now: datetime) -> None:
        """Make the offered secret count, unless the offer changed meanwhile; the password of `step` is used up."""
        async with self._db.transaction() as tx:
            on = await tx.fetchval(
                """
                UPDATE users SET totp_secret = totp_offered, totp_offered = NULL, totp_last_step = $3, updated_at = $4
                WHERE id = $1 AND totp_offered = $2 RETURNING true
                """,
                user_id,
                sealed,
                step,
                now,
            )
        if not on:
            raise SecondFactorOff("This set-up was replaced by another; start with a new secret.")

    async def use_step_once(self, user_id: UserId, step: int) -> None:
        """Use up the one-time password of a step and of all before it; of many calls at once with one step, one succeeds."""
        async with self._db.transaction() as tx:
            used = await tx.fetchval(
                """
                UPDATE users SET totp_last_step = $2
                WHERE id = $1 AND totp_secret IS NOT NULL AND coalesce(totp_last_step, 0) < $2 RETURNING true
                """,
                user_id,
                step,
            )
        if not used:
            raise SecondFactorWrong("This one-time password was used already. Wait for the next one.")

    async def switch_off(self, user_id: UserId, now: datetime) -> None:
        """Forget the secret. `SecondFactorOff` if there is none."""
        async with self._db.transaction() as tx:
            off = await tx.fetchval(
                """
                UPDATE users SET totp_secret = NULL, totp_offered = NULL, totp_last_step = NULL, updated_at = $2
                WHERE id = $1 AND totp_secret IS NOT NULL RETURNING true
                """,
                user_id,
                now,
            )
        if not off:
            raise SecondFactorOff("This account has no second factor.")
