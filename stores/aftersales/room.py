"""What the parts of `AftersaleStore` stand on."""

from hanse.database import Database


class Room:
    """Holds the database for the parts of the store."""

    def __init__(self, db: Database) -> None:
        self._db = db
