"""The files that pages are made of, read once, served under an address that names their content.

`/assets/<digest of all files>/…` never changes what it shows, so a browser keeps it for a year; a page itself is asked for
each time and names the present digest. Modules import each other by relative paths, which keeps them on one digest.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
_WORTH_PACKING = 1024
"""Bytes; below this, gzip saves nothing that counts."""


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    media_type: str
    plain: bytes
    packed: bytes | None
    """Gzipped, where that is worth it."""


@dataclass(frozen=True)
class Assets:
    """Every file by its path (`shop/main.js`), and the digest that names them all."""

    digest: str
    files: Mapping[str, Asset]


def read_assets(folder: Path) -> Assets:
    """All files of a kind that browsers load; pages (`.html`) are not among them."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in _MEDIA_TYPES)
    content = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    digest = hashlib.sha256()
    for name, body in content.items():
        digest.update(f"{name} {len(body)}\n".encode() + body)
    return Assets(digest.hexdigest()[:16], {name: _asset(name, body) for name, body in content.items()})


def _asset(name: str, body: bytes) -> Asset:
    packed = gzip.compress(body, mtime=0) if len(body) >= _WORTH_PACKING else None
    return Asset(_MEDIA_TYPES[Path(name).suffix], body, packed)
