"""What goes over the wire about lists, where it is not a value of the domain itself."""

from typing import Any

from pydantic import ConfigDict

from models.ops.lists import EntryTerms, NewEntry, Origin


def _like(**example: Any) -> ConfigDict:
    """The example of a request in the API description."""
    return ConfigDict(json_schema_extra={"example": example})


class NewEntryRequest(NewEntry):
    """An entry to be added; kind, subject and value never change afterwards."""

    model_config = _like(
        kind="black",
        subject="ip",
        value="203.0.113.0/24",
        reason="Card testing",
        note="A rented network; look again in spring.",
        starts_at="2026-11-20T00:00:00Z",
    )


class EntryRequest(EntryTerms):
    """What may be changed of an entry, all of it."""

    model_config = _like(
        reason="Card testing", note="", starts_at="2026-11-20T00:00:00Z", ends_at="2026-12-20T00:00:00Z"
    )


class OriginRequest(Origin):
    """Where an order would come from."""

    model_config = _like(ip="203.0.113.7", phone="+8613800138000")
