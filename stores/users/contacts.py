"""Where a person is reached."""

from hanse.database import Database
from models.shared.ids import UserId
from models.users.types import Contact


class Contacts:
    """Reads the one thing that a process needs to write to somebody."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, user_id: UserId) -> Contact | None:
        """The mail address, else the phone number; None for nobody."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow("SELECT email, phone FROM users WHERE id = $1", user_id)
        if row is None:
            return None
        if row["email"]:
            return Contact(kind="email", value=row["email"])
        return Contact(kind="phone", value=row["phone"]) if row["phone"] else None
