"""Verification codes: sent to a contact, good once, for one purpose, for a few minutes and a few tries."""

import hmac
from datetime import datetime, timedelta
from enum import Enum, auto

from hanse.database import Connection, Database
from models.users.errors import CodeSentRecently
from models.users.rules import CODE_LIFETIME, CODE_PAUSE, CODE_TRIES, CODES_A_DAY
from models.users.types import CodePurpose, Contact

_DAY = timedelta(hours=24)


class CodeCheck(Enum):
    """What became of a code someone typed."""

    TAKEN = auto()
    """Right, and used up by this call."""
    USED_BEFORE = auto()
    """Right, but an earlier call used it."""
    WRONG = auto()
    """Wrong, expired or tried too often; a try is used up."""


class VerificationCodes:
    """The codes that were sent."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def issue(self, contact: Contact, purpose: CodePurpose, code_hash: bytes, now: datetime) -> datetime:
        """Make this the only good code of the contact and purpose; returns until when it is good.

        Of many calls at once for one contact at most one goes through in `CODE_PAUSE`, and `CODES_A_DAY` in 24 hours, over all
        purposes; the others are refused with `CodeSentRecently` (serialised by an advisory lock on the contact).
        """
        async with self._db.transaction() as tx:
            await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", contact.value)
            await tx.execute(
                """
                DELETE FROM verification_codes WHERE id IN
                    (SELECT id FROM verification_codes WHERE created_at <= $1 ORDER BY created_at LIMIT 20 FOR UPDATE SKIP LOCKED)
                """,
                now - _DAY,
            )
            sent = await tx.fetch(
                "SELECT created_at FROM verification_codes WHERE contact = $1 AND created_at > $2 ORDER BY id DESC",
                contact.value,
                now - _DAY,
            )
            _refuse_too_many([row["created_at"] for row in sent], now)
            await tx.execute(
                """
                INSERT INTO verification_codes (contact, purpose, code_hash, created_at, expires_at, tries_left)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                contact.value,
                purpose.value,
                code_hash,
                now,
                now + CODE_LIFETIME,
                CODE_TRIES,
            )
        return now + CODE_LIFETIME


def _refuse_too_many(sent: list[datetime], now: datetime) -> None:
    """`sent`: when codes were sent in the last 24 hours, newest first."""
    wait = timedelta()
    if len(sent) >= CODES_A_DAY:
        wait = sent[CODES_A_DAY - 1] + _DAY - now
    elif sent and sent[0] + CODE_PAUSE > now:
        wait = sent[0] + CODE_PAUSE - now
    if wait > timedelta():
        seconds = int(wait.total_seconds()) + 1
        raise CodeSentRecently(f"Look for the code that was sent, or ask again in {seconds} s.", retry_after=seconds)


async def take_code(
    tx: Connection, contact: Contact, purpose: CodePurpose, code_hash: bytes, now: datetime
) -> CodeCheck:
    """Use up the newest code of the contact and purpose, or one of its tries, inside the caller's transaction.

    Locks the code's row, so of many calls at once with the right code one gets `TAKEN`. The caller must commit when this
    says `WRONG`, or the try is not counted.
    """
    code = await tx.fetchrow(
        """
        SELECT id, code_hash, expires_at, tries_left, used_at FROM verification_codes
        WHERE contact = $1 AND purpose = $2 ORDER BY id DESC LIMIT 1 FOR UPDATE
        """,
        contact.value,
        purpose.value,
    )
    if code is None or code["expires_at"] <= now or code["tries_left"] == 0:
        return CodeCheck.WRONG
    if not hmac.compare_digest(code["code_hash"], code_hash):
        await tx.execute("UPDATE verification_codes SET tries_left = tries_left - 1 WHERE id = $1", code["id"])
        return CodeCheck.WRONG
    if code["used_at"] is not None:
        return CodeCheck.USED_BEFORE
    await tx.execute("UPDATE verification_codes SET used_at = $2 WHERE id = $1", code["id"], now)
    return CodeCheck.TAKEN
