"""The search index and the listeners follow what the demo brought in."""

from datetime import datetime

from activities.following import Following
from hanse.database import Database
from hanse.settings import Settings
from hanse.temporal import connect
from models.search.messages import Scope
from stores.products import ListingStore


async def follow_since(settings: Settings, began: datetime) -> None:
    """Have everything followed that was touched since; it happens while others go on."""
    client = await connect(settings)
    database = await Database(settings.dsn("products"), max_size=1).open()
    try:
        await Following(client, ListingStore(database)).follow(Scope(touched_since=began))
    finally:
        await database.close()
