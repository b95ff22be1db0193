"""Where people are reached, for messages to them."""

from collections.abc import Sequence

from hanse.database import Database
from models.shared.ids import UserId
from models.users.types import Contact, Permission


class Reaching:
    """Reads of accounts that are active; a disabled one is told nothing."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def contacts(self, users: Sequence[UserId]) -> dict[UserId, Contact]:
        """E-mail if there is one, else the phone."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT id, email, phone FROM users WHERE id = ANY($1::text[]) AND status = 'active'", list(users)
            )
        found = {}
        for row in rows:
            if row["email"]:
                found[UserId(row["id"])] = Contact(kind="email", value=row["email"])
            elif row["phone"]:
                found[UserId(row["id"])] = Contact(kind="phone", value=row["phone"])
        return found

    async def operators_with(self, permission: Permission) -> list[UserId]:
        """Every active operator who has this permission."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT DISTINCT u.id FROM users u JOIN user_roles ur ON ur.user_id = u.id JOIN roles r ON r.name = ur.role
                WHERE u.status = 'active' AND $1 = ANY(r.permissions) ORDER BY u.id
                """,
                permission.value,
            )
        return [UserId(row["id"]) for row in rows]
