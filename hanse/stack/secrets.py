"""Secrets the embedded stack makes up once: `secrets.env` in the data folder, readable by its owner only."""

import base64
import os
import secrets
from pathlib import Path

from dotenv import dotenv_values

SECRETS_FILE = "secrets.env"
_POSTGRES_PASSWORD = "EMBEDDED_POSTGRES_PASSWORD"
_LATER = ("HANSE_SANDBOX_CARRIER_SECRET",)
"""Random ones that data folders of earlier versions lack."""


def ensure_secrets(data_dir: Path) -> Path:
    """Create the file on first start and leave an existing one alone, but for a secret that came with a later version: payloads
    written with its keys must stay readable."""
    file = data_dir / SECRETS_FILE
    if file.exists():
        _add_later_ones(file)
        return file
    payload_key = base64.b64encode(secrets.token_bytes(32)).decode()
    lines = [
        "# Made by the embedded stack on first start. Losing payload_keys makes old workflow payloads unreadable.",
        f"{_POSTGRES_PASSWORD}={secrets.token_urlsafe(32)}",
        f"HANSE_PAYLOAD_KEYS=k1:{payload_key}",
        f"HANSE_TOKEN_KEY={secrets.token_urlsafe(48)}",
        f"HANSE_SANDBOX_PAYMENT_SECRET={secrets.token_urlsafe(48)}",
        *(f"{name}={secrets.token_urlsafe(48)}" for name in _LATER),
    ]
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as output:
        output.write("\n".join(lines) + "\n")
    fresh.replace(file)
    return file


def _add_later_ones(file: Path) -> None:
    known = dotenv_values(file)
    missing = [f"{name}={secrets.token_urlsafe(48)}\n" for name in _LATER if not known.get(name)]
    if missing:
        with file.open("a") as output:
            output.writelines(missing)


def postgres_password(data_dir: Path) -> str:
    """The embedded PostgreSQL's password. It reaches other processes inside the address of the server."""
    return dotenv_values(data_dir / SECRETS_FILE).get(_POSTGRES_PASSWORD) or ""
