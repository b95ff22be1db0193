"""What every notification channel can do."""

from typing import Protocol

from models.shared import Frozen
from models.users.types import Contact


class Message(Frozen):
    """Something to tell a person. Personal: it goes to the channel and nowhere else, never into a log."""

    to: Contact
    subject: str
    """Shown by mail only."""
    text: str
    key: str = ""
    """Tells the channel a message that comes twice; empty: none that could."""


class Notifier(Protocol):
    """Takes messages to people."""

    async def send(self, message: Message) -> None:
        """Hand the message to the channel; returns when the channel has taken it, raises a fault when it has not."""
