"""The two keys of the shop on a Meilisearch server: one that may only search, one that may do everything with our indexes."""

from collections.abc import Mapping
from typing import Any

from meilisearch.client import Client
from meilisearch.errors import MeilisearchApiError

from search.meilisearch.engine import LIVE
from search.meilisearch.speaking import Server


async def scoped_keys(url: str, master_key: str) -> dict[str, str]:
    """Make the two keys of the shop, or find them: `search` may only search, `write` may do everything with our indexes."""
    server = Server(url, master_key)
    wanted = {
        "search": (["search"], "5f2c8b7e-0c6e-4f0b-9a51-6d1f3a1c0001"),
        "write": (
            ["search", "documents.*", "indexes.*", "settings.*", "tasks.get", "stats.get", "version"],
            "5f2c8b7e-0c6e-4f0b-9a51-6d1f3a1c0002",
        ),
    }
    found = {}
    for name, (actions, uid) in wanted.items():
        options = {
            "uid": uid,
            "name": f"hanse {name}",
            "description": f"Hanse: {name}",
            "actions": actions,
            "indexes": [f"{LIVE}*"],
            "expiresAt": None,
        }

        def make(client: Client, options: Mapping[str, Any] = options, uid: str = uid) -> str:
            try:
                return str(client.create_key(options).key)
            except MeilisearchApiError as fault:
                if fault.code != "api_key_already_exists":
                    raise
                return str(client.get_key(uid).key)

        found[name] = await server.ask(make)
    return found
