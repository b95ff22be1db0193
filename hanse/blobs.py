"""Where uploaded bytes lie: an interface small enough for a local disk and for S3 alike, chosen by `HANSE_BLOBS_URL`."""

import asyncio
import os
import re
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from hanse.settings import Settings

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_NAME = re.compile(r"^[a-z0-9]{8,128}\.[a-z0-9]{1,8}$")


class Blobs(Protocol):
    """Bytes by name. A name says its content (a hash), so bytes once put never change."""

    async def put(self, name: str, content: bytes) -> None:
        """Keep the bytes; putting a name again does nothing. They are durable when this returns."""

    async def get(self, name: str) -> bytes | None:
        """The bytes, or None if there are none by that name."""

    async def remove(self, name: str, *, untouched_since: datetime) -> bool:
        """Remove the bytes unless they were put since then, once or again. False when they stay, or are not there."""


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

    async def remove(self, name: str, *, untouched_since: datetime) -> bool:
        """See `Blobs.remove`."""
        return await asyncio.to_thread(_removed, self._place(name), untouched_since)

    def _place(self, name: str) -> Path:
        if not _NAME.match(name):
            raise ValueError(f"{name[:80]!r} is not a blob name")
        return self._root / name[:2] / name

    @staticmethod
    def _write(place: Path, content: bytes) -> None:
        with suppress(FileNotFoundError):
            os.utime(place)  # put again: who removes what is old sees that somebody wants it
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


class ObjectBlobs:
    """Blobs in an object store, S3 or what speaks like it, below `folder`."""

    def __init__(self, store: "ObjectStore", folder: str) -> None:
        self._store = store
        self._folder = folder

    async def put(self, name: str, content: bytes) -> None:
        """See `Blobs.put`. A name says its content, so writing it again changes nothing."""
        if not _NAME.match(name):
            raise ValueError(f"{name[:80]!r} is not a blob name")
        await self._store.put_async(self._path(name), content)

    async def get(self, name: str) -> bytes | None:
        """See `Blobs.get`."""
        if not _NAME.match(name):
            return None
        try:
            found = await self._store.get_async(self._path(name))
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None

    async def remove(self, name: str, *, untouched_since: datetime) -> bool:
        """See `Blobs.remove`. Between the look and the removal the same bytes might be put again: milliseconds, for bytes that
        nobody has put for weeks."""
        try:
            found = await self._store.head_async(self._path(name))
        except FileNotFoundError:
            return False
        if found["last_modified"] >= untouched_since:
            return False
        await self._store.delete_async(self._path(name))
        return True

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"


def open_blobs(settings: Settings, folder: str) -> Blobs:
    """The storage that the settings name; `folder` keeps what is uploaded for one purpose apart from the rest."""
    where = urlsplit(settings.blobs_url)
    match where.scheme:
        case "":
            return LocalBlobs(settings.data_dir / folder)
        case "file":
            return LocalBlobs(Path(where.path) / folder)
        case "s3":
            return ObjectBlobs(_s3(settings, where.netloc, where.path.strip("/")), folder)
    raise ValueError(f"HANSE_BLOBS_URL is {settings.blobs_url!r}; it takes s3://bucket/prefix or file:///path")


def _s3(settings: Settings, bucket: str, prefix: str) -> "ObjectStore":
    from obstore.store import S3Store

    given: dict[str, Any] = {
        "endpoint": settings.blobs_s3_endpoint,
        "region": settings.blobs_s3_region,
        "access_key_id": settings.blobs_s3_access_key_id,
        "secret_access_key": settings.blobs_s3_secret_access_key.get_secret_value(),
    }
    named = {name: value for name, value in given.items() if value}
    plain = settings.blobs_s3_endpoint.startswith("http://")
    return S3Store(bucket, prefix=prefix or None, client_options={"allow_http": plain, "timeout": "10s"}, **named)


def _removed(place: Path, untouched_since: datetime) -> bool:
    """Taken away first, then looked at: a put finds the file and marks it before, or does not find it and writes it anew."""
    aside = place.with_name(f".{place.name}.{secrets.token_hex(6)}")
    try:
        place.rename(aside)
    except FileNotFoundError:
        return False
    if aside.stat().st_mtime >= untouched_since.timestamp():
        aside.replace(place)
        return False
    aside.unlink()
    return True


def _read(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None
