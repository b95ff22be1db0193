"""Short words for what operators do over HTTP."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from models.shared.events import Event
from tests.integration.inventory.shop import sku
from tests.integration.users.shop import Person


@dataclass
class Listener:
    """What was published, in memory."""

    heard: list[Event] = field(default_factory=list)

    async def publish(self, events: Iterable[Event]) -> None:
        self.heard += events

    def told_of(self, key: str) -> list[str]:
        """The names of the events about this, in order."""
        return [event.type.split(".")[2] for event in self.heard if event.key == key]


async def post(who: Person, path: str, body: Any, key: str | None = None) -> Any:
    """A POST with an Idempotency-Key."""
    return await who.http.post(path, json=body, headers={"idempotency-key": key or secrets.token_hex(8)})


async def receive(who: Person, warehouse: dict[str, Any], quantity: int, name: str = "tea") -> None:
    """Goods arrive."""
    body = {"warehouse_id": warehouse["warehouse_id"], "sku_id": sku(name), "quantity": quantity}
    answer = await post(who, "/v1/inventory/receive", body)
    assert answer.status_code == 200, answer.text
