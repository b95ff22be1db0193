"""Where uploaded bytes lie: an interface small enough for a local disk and for S3 alike."""

import asyncio
import os
import re
import secrets
from pathlib import Path
from typing import Protocol

_NAME = re.compile(r"^[a-z0-9]{8,128}\.[a-z0-9]{1,8}$")


class Blobs(Protocol):
    """Bytes by name. A name says its content (a hash), so bytes once put never change."""

    async def put(self, name: str, content: bytes) -> None:
        """Keep the bytes; putting a name again does nothing. They are durable when this returns."""

    async def get(self, name: str) -> bytes | None:
        """The bytes, or None if there are none by that name."""


class LocalBlobs:
    """Blobs as files below one directory, spread over 256 subdirectories."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, name: str, content: bytes) -> None:
        """See `Blobs.put`."""
        await asyncio.to_thread(self._write, self._place(name), content)

    async def get(self, name: str) -> bytes | None:
        """See `Blobs.get`. A name that could leave the directory is nothing we have."""
        if not _NAME.match(name):
            return None
        return await asyncio.to_thread(_read, self._place(name))

    def _place(self, name: str) -> Path:
        if not _NAME.match(name):
            raise ValueError(f"{name[:80]!r} is not a blob name")
        return self._root / name[:2] / name

    @staticmethod
    def _write(place: Path, content: bytes) -> None:
        if place.exists():
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_name(f".{place.name}.{secrets.token_hex(6)}")
        try:
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(place)
        finally:
            unfinished.unlink(missing_ok=True)


def _read(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None
