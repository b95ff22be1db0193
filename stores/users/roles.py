"""Roles, and who has them."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from hanse.database import Connection, Database
from models.shared.ids import SessionId, UserId
from models.shared.refusals import NotFound, StaleVersion
from models.users.errors import RoleUnknown
from models.users.types import Account, Contact, EndReason, Permission, Role, RoleName
from stores.users.accounts import fetch_account, insert_account
from stores.users.liveness import Liveness
from stores.users.sessions import end_sessions


class Roles:
    """What operators may do. A change ends the sessions of everyone it touches, so nobody goes on with old permissions."""

    def __init__(self, db: Database, liveness: Liveness) -> None:
        self._db = db
        self._liveness = liveness

    async def all(self) -> list[Role]:
        """Every role, by name."""
        async with self._db.reader() as connection:
            rows = await connection.fetch("SELECT name, title, permissions, version FROM roles ORDER BY name")
        return [_role(row) for row in rows]

    async def get(self, name: RoleName) -> Role:
        """One role. Refuses `NotFound`."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow("SELECT name, title, permissions, version FROM roles WHERE name = $1", name)
        if row is None:
            raise NotFound(f"There is no role {name}. List the roles to see what there is.")
        return _role(row)

    async def save(self, role: Role, now: datetime) -> Role:
        """Create a role (`role.version` 0) or edit the one at `role.version`; everyone who has it is logged out.

        Locks the role's row before the sessions. Refuses with `StaleVersion` when the role is at another version.
        """
        permissions = sorted(permission.value for permission in role.permissions)
        async with self._db.transaction() as tx:
            row = await tx.fetchrow(
                """
                INSERT INTO roles AS r (name, title, permissions, version)
                SELECT $1, $2, $3, 1 WHERE $4 = 0 OR EXISTS (SELECT FROM roles WHERE name = $1)
                ON CONFLICT (name) DO UPDATE
                    SET title = excluded.title, permissions = excluded.permissions, version = r.version + 1 WHERE r.version = $4
                RETURNING name, title, permissions, version
                """,
                role.name,
                role.title,
                permissions,
                role.version,
            )
            if row is None:
                raise StaleVersion(f"The role {role.name} was changed by someone else; read it again.")
            holders = await tx.fetch("SELECT user_id FROM user_roles WHERE role = $1", role.name)
            ended = await end_sessions(tx, [UserId(row["user_id"]) for row in holders], EndReason.ROLES_CHANGED, now)
        await self._liveness.remember_ended(ended)
        return _role(row)

    async def assign(self, user_id: UserId, roles: Sequence[RoleName], version: int, now: datetime) -> Account:
        """Give the account exactly these roles and log it out. `StaleVersion` unless it is still at `version`."""
        async with self._db.transaction() as tx:
            changed = await tx.fetchval(
                "UPDATE users SET version = version + 1, updated_at = $3 WHERE id = $1 AND version = $2 RETURNING true",
                user_id,
                version,
                now,
            )
            before = await fetch_account(tx, user_id)
            if not changed:
                raise StaleVersion("This account was changed by someone else; read it again.", version=before.version)
            ended = await _set_roles(tx, user_id, roles, now)
            account = await fetch_account(tx, user_id)
        await self._liveness.remember_ended(ended)
        return account

    async def ensure_operator(
        self,
        user_id: UserId,
        contact: Contact,
        password_hash: str,
        display_name: str,
        roles: Sequence[RoleName],
        now: datetime,
    ) -> Account:
        """An account with this contact and at least these roles exists afterwards; repeating it changes nothing.

        For the first operator of a shop and for demo data, where no one could receive a code. A new account gets `user_id`
        and the password; an existing one keeps its own.
        """
        async with self._db.transaction() as tx:
            await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", contact.value)
            found = await tx.fetchval(f"SELECT id FROM users WHERE {contact.kind} = $1", contact.value)
            if found is None:
                await insert_account(tx, user_id, contact, password_hash, display_name, now)
            owner = UserId(found or user_id)
            has = (await fetch_account(tx, owner)).roles
            missing = set(roles) - set(has)
            ended = await _set_roles(tx, owner, [*has, *missing], now) if missing else []
            account = await fetch_account(tx, owner)
        await self._liveness.remember_ended(ended)
        return account


async def _set_roles(tx: Connection, user_id: UserId, roles: Sequence[RoleName], now: datetime) -> list[SessionId]:
    await tx.execute("DELETE FROM user_roles WHERE user_id = $1 AND role <> ALL($2::text[])", user_id, list(roles))
    try:
        await tx.execute(
            "INSERT INTO user_roles (user_id, role) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING",
            user_id,
            sorted(set(roles)),
        )
    except asyncpg.ForeignKeyViolationError:
        raise _unknown(", ".join(roles)) from None
    return await end_sessions(tx, [user_id], EndReason.ROLES_CHANGED, now)


def _unknown(name: str) -> RoleUnknown:
    return RoleUnknown(f"There is no such role among: {name}. List the roles to see what there is.")


def _role(row: asyncpg.Record) -> Role:
    return Role(
        name=row["name"],
        title=row["title"],
        permissions=frozenset(Permission(name) for name in row["permissions"]),
        version=row["version"],
    )
