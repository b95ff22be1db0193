"""What every part of the store of reviews stands on."""

import asyncio

from hanse.database import Database
from stores.reviews.words import WordStore


class Room:
    """A part of the store, at work on the database `reviews`. `reports_to_hold`: how many readers take a review off the page."""

    def __init__(self, db: Database, words: WordStore, *, reports_to_hold: int = 3) -> None:
        self._db = db
        self._words = words
        self._reports_to_hold = reports_to_hold

    async def warm_up(self) -> None:
        """Load the list of words and what reads texts with it."""
        judge = await self._words.current()
        await asyncio.to_thread(judge.load)
