"""The sandbox channel: messages go into a file on this machine, for developers and tests to read."""

import asyncio
import os
from collections import deque
from pathlib import Path

from channels.notification.contract import Message

_LARGEST = 4 * 1024 * 1024
"""In bytes; a full outbox becomes `outbox.jsonl.old` and a new one starts."""

_REMEMBERED = 200
"""Messages to one contact in which a key is recognised, as providers do for a while."""


class SandboxNotifier:
    """Appends each message as one line of JSON to `<folder>/outbox.jsonl`, readable by this user only."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "outbox.jsonl"

    async def send(self, message: Message) -> None:
        """Append the message; several processes may do so at once."""
        await asyncio.to_thread(self._append, message)

    async def latest(self, to: str | None, limit: int) -> list[Message]:
        """The newest messages, newest first; only those to this canonical contact."""
        return await asyncio.to_thread(self._read, to, limit)

    def _append(self, message: Message) -> None:
        if message.key and any(known.key == message.key for known in self._read(message.to.value, _REMEMBERED)):
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        if self._file.exists() and self._file.stat().st_size > _LARGEST:
            self._file.replace(self._file.with_suffix(".jsonl.old"))
        # One write to a file opened for appending lands whole, whoever else appends.
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, message.model_dump_json().encode() + b"\n")
        finally:
            os.close(descriptor)

    def _read(self, to: str | None, limit: int) -> list[Message]:
        if not self._file.exists():
            return []
        newest: deque[Message] = deque(maxlen=limit)
        with self._file.open(encoding="utf-8") as lines:
            for line in lines:
                message = Message.model_validate_json(line)
                if to is None or message.to.value == to:
                    newest.append(message)
        return list(reversed(newest))
