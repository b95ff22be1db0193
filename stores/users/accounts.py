"""Accounts: opening them, what proves their owner, what their owner and an operator may change."""

from datetime import datetime

import asyncpg

from hanse.database import Connection, Database
from models.shared.ids import SessionId, UserId
from models.shared.refusals import NotFound, StaleVersion
from models.users.errors import UserExists, VerificationCodeWrong
from models.users.types import Account, AccountStatus, CodePurpose, Contact, Credentials, EndReason, Permission
from stores.users.codes import CodeCheck, take_code
from stores.users.liveness import Liveness
from stores.users.logins import forget_failures
from stores.users.sessions import end_sessions

ACCOUNT_COLUMNS = """
    u.id, u.email, u.phone, u.display_name, u.status, u.totp_secret IS NOT NULL AS second_factor, u.created_at, u.version,
    ARRAY(SELECT role FROM user_roles WHERE user_id = u.id ORDER BY role) AS roles,
    ARRAY(SELECT DISTINCT unnest(r.permissions) FROM user_roles ur JOIN roles r ON r.name = ur.role WHERE ur.user_id = u.id) AS permissions
"""


class Accounts:
    """The accounts of buyers and operators."""

    def __init__(self, db: Database, liveness: Liveness) -> None:
        self._db = db
        self._liveness = liveness

    async def register_once(
        self,
        user_id: UserId,
        contact: Contact,
        code_hash: bytes,
        password_hash: str,
        display_name: str,
        now: datetime,
    ) -> Account:
        """Use up the code and open the account, both or neither.

        Of many calls at once for one contact exactly one opens an account (the code's row is locked, and each contact is
        unique). Refuses with `VerificationCodeWrong`, which uses up a try, or, for someone with the right code, `UserExists`.
        """
        async with self._db.transaction() as tx:
            check = await take_code(tx, contact, CodePurpose.REGISTER, code_hash, now)
            if check is not CodeCheck.WRONG and await _has_account(tx, contact):
                raise _exists(contact)
            if check is CodeCheck.TAKEN:
                await insert_account(tx, user_id, contact, password_hash, display_name, now)
                account = await fetch_account(tx, user_id)
        if check is not CodeCheck.TAKEN:
            raise _code_wrong()
        return account

    async def get(self, user_id: UserId) -> Account:
        """The account; `NotFound` if there is none."""
        async with self._db.reader() as connection:
            return await fetch_account(connection, user_id)

    async def has_account(self, contact: Contact) -> bool:
        """Whether someone registered with this contact. Only ever told to the contact itself."""
        async with self._db.reader() as connection:
            return await _has_account(connection, contact)

    async def credentials_of(self, contact: Contact) -> Credentials | None:
        """What the person with this contact has to prove; None for nobody."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow(
                f"SELECT id, password_hash, status, totp_secret FROM users WHERE {contact.kind} = $1", contact.value
            )
        return _credentials(row) if row is not None else None

    async def credentials(self, user_id: UserId) -> tuple[Credentials, Contact]:
        """What the owner of this account has to prove, and the contact their tries are counted under."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow(
                "SELECT id, password_hash, status, totp_secret, email, phone FROM users WHERE id = $1", user_id
            )
        if row is None:
            raise _no_account(user_id)
        return _credentials(row), _contacts(row)[0]

    async def rename(self, user_id: UserId, display_name: str, now: datetime) -> Account:
        """Set the name the shop calls the person by."""
        async with self._db.transaction() as tx:
            await tx.execute(
                "UPDATE users SET display_name = $2, updated_at = $3 WHERE id = $1", user_id, display_name, now
            )
            return await fetch_account(tx, user_id)

    async def set_contact(self, user_id: UserId, contact: Contact, code_hash: bytes, now: datetime) -> Account:
        """Use up the code sent to the new contact and put it in the place of the old one of its kind, both or neither.

        Refuses with `VerificationCodeWrong`, which uses up a try, or `UserExists` when another account has the contact.
        """
        async with self._db.transaction() as tx:
            check = await take_code(tx, contact, CodePurpose.CHANGE_CONTACT, code_hash, now)
            if check is CodeCheck.TAKEN:
                try:
                    await tx.execute(
                        f"UPDATE users SET {contact.kind} = $2, updated_at = $3 WHERE id = $1",
                        user_id,
                        contact.value,
                        now,
                    )
                except asyncpg.UniqueViolationError:
                    raise _exists(contact) from None
                account = await fetch_account(tx, user_id)
        if check is not CodeCheck.TAKEN:
            raise _code_wrong()
        return account

    async def change_password(self, user_id: UserId, password_hash: str, keep: SessionId, now: datetime) -> None:
        """Set the password and end every other session of the account, both or neither."""
        async with self._db.transaction() as tx:
            await tx.execute(
                "UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1", user_id, password_hash, now
            )
            ended = await end_sessions(tx, [user_id], EndReason.PASSWORD_CHANGED, now, keep=keep)
        await self._liveness.remember_ended(ended)

    async def reset_password(self, contact: Contact, code_hash: bytes, password_hash: str, now: datetime) -> None:
        """Use up the code, set the password, end every session and forget the failed tries: all or nothing.

        Refuses with `VerificationCodeWrong`, which uses up a try; a contact without an account is refused alike.
        """
        ended: list[SessionId] = []
        async with self._db.transaction() as tx:
            check = await take_code(tx, contact, CodePurpose.RESET_PASSWORD, code_hash, now)
            owner: asyncpg.Record | None = None
            if check is CodeCheck.TAKEN:
                owner = await tx.fetchrow(
                    f"""
                    UPDATE users SET password_hash = $2, updated_at = $3 WHERE {contact.kind} = $1 RETURNING id, email, phone
                    """,
                    contact.value,
                    password_hash,
                    now,
                )
            if owner is not None:
                await forget_failures(tx, *_contacts(owner))
                ended = await end_sessions(tx, [UserId(owner["id"])], EndReason.PASSWORD_CHANGED, now)
        await self._liveness.remember_ended(ended)
        if owner is None:
            raise _code_wrong()

    async def improve_hash(self, user_id: UserId, old_hash: str, new_hash: str) -> None:
        """Replace a password's hash by a stronger one of the same password, unless the password changed meanwhile."""
        async with self._db.transaction() as tx:
            await tx.execute(
                "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2", user_id, old_hash, new_hash
            )

    async def set_status(self, user_id: UserId, status: AccountStatus, version: int, now: datetime) -> Account:
        """Disable an account, which ends its sessions, or enable it. `StaleVersion` unless it is still at `version`."""
        async with self._db.transaction() as tx:
            changed = await tx.fetchval(
                """
                UPDATE users SET status = $2, version = version + 1, updated_at = $4 WHERE id = $1 AND version = $3
                RETURNING true
                """,
                user_id,
                status.value,
                version,
                now,
            )
            account = await fetch_account(tx, user_id)
            if not changed:
                raise StaleVersion("This account was changed by someone else; read it again.", version=account.version)
            ended = (
                await end_sessions(tx, [user_id], EndReason.ACCOUNT_DISABLED, now)
                if status is AccountStatus.DISABLED
                else []
            )
        await self._liveness.remember_ended(ended)
        return account

    async def page(
        self, *, contact: Contact | None, operators: bool, before: UserId | None, limit: int
    ) -> list[Account]:
        """Accounts, newest first, older than `before`; only those with this exact contact, only those with a role."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {ACCOUNT_COLUMNS} FROM users u
                WHERE ($1::text IS NULL OR u.email = $1 OR u.phone = $1) AND ($3::text IS NULL OR u.id < $3)
                    AND (NOT $2 OR EXISTS (SELECT FROM user_roles WHERE user_id = u.id))
                ORDER BY u.id DESC LIMIT $4
                """,
                contact.value if contact else None,
                operators,
                before,
                limit,
            )
        return [_account(row) for row in rows]


async def insert_account(
    tx: Connection, user_id: UserId, contact: Contact, password_hash: str, display_name: str, now: datetime
) -> None:
    """Insert an active account inside the caller's transaction; `UserExists` when the contact is taken."""
    try:
        await tx.execute(
            f"""
            INSERT INTO users (id, {contact.kind}, display_name, status, password_hash, created_at, updated_at)
            VALUES ($1, $2, $3, 'active', $4, $5, $5)
            """,
            user_id,
            contact.value,
            display_name,
            password_hash,
            now,
        )
    except asyncpg.UniqueViolationError:
        raise _exists(contact) from None


async def fetch_account(connection: Connection, user_id: UserId) -> Account:
    """The account as this connection sees it; `NotFound` if there is none."""
    row = await connection.fetchrow(f"SELECT {ACCOUNT_COLUMNS} FROM users u WHERE u.id = $1", user_id)
    if row is None:
        raise _no_account(user_id)
    return _account(row)


async def _has_account(connection: Connection, contact: Contact) -> bool:
    return bool(await connection.fetchval(f"SELECT true FROM users WHERE {contact.kind} = $1", contact.value))


def _exists(contact: Contact) -> UserExists:
    what = "e-mail address" if contact.kind == "email" else "phone number"
    return UserExists(f"There is an account with this {what} already. Log in, or reset its password.")


def _code_wrong() -> VerificationCodeWrong:
    return VerificationCodeWrong(
        "This code is wrong, used or expired. Look at the newest message, or ask for a new code."
    )


def _no_account(user_id: UserId) -> NotFound:
    return NotFound(f"There is no account {user_id}.")


def _contacts(row: asyncpg.Record) -> list[Contact]:
    email = [Contact(kind="email", value=row["email"])] if row["email"] is not None else []
    phone = [Contact(kind="phone", value=row["phone"])] if row["phone"] is not None else []
    return email + phone


def _credentials(row: asyncpg.Record) -> Credentials:
    return Credentials(
        user_id=UserId(row["id"]),
        password_hash=row["password_hash"],
        active=row["status"] == AccountStatus.ACTIVE,
        totp_secret=row["totp_secret"],
    )


def _account(row: asyncpg.Record) -> Account:
    return Account(
        id=UserId(row["id"]),
        email=row["email"],
        phone=row["phone"],
        display_name=row["display_name"],
        status=AccountStatus(row["status"]),
        roles=tuple(row["roles"]),
        permissions=frozenset(Permission(name) for name in row["permissions"]),
        second_factor=row["second_factor"],
        created_at=row["created_at"],
        version=row["version"],
    )
