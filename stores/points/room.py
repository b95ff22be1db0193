"""What every part of the store of points stands on."""

from hanse.database import Database


class Room:
    """A part of the store, at work on the database `promotions`."""

    def __init__(self, db: Database) -> None:
        self._db = db
