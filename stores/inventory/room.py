"""What every part of the inventory store stands on."""

from hanse.database import Database


class Room:
    """A part of the store, at work on the one database `inventory`."""

    def __init__(self, db: Database) -> None:
        self._db = db
