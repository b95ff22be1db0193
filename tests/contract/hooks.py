"""What Schemathesis loads (SCHEMATHESIS_HOOKS): made-up ids become ids that exist, and every answer is counted.

It runs in Schemathesis' own environment, where nothing of the shop is installed.
"""

import atexit
import hashlib
import json
import os
import random
import re
import threading
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import schemathesis

IDS: dict[str, list[str]] = json.loads(Path(os.environ["HANSE_CONTRACT_IDS"]).read_text())
REAL = 0.8
"""How often a made-up id becomes one that exists."""
_ID = re.compile(r"([a-z]{2,4})_[0-9abcdefghjkmnpqrstvwxyz]{26}")
_seen: defaultdict[str, Counter[int]] = defaultdict(Counter)
_turn = threading.Lock()
_asked = 0


def _chance(case: Any) -> random.Random:
    """The same for the same request of the same run."""
    global _asked  # one number a process
    with _turn:
        _asked += 1
        number = _asked
    told = f"{number} {case.method} {case.path} {case.path_parameters!r} {case.query!r}"
    return random.Random(hashlib.sha256(told.encode("utf-8", "replace")).digest())


def _real(value: Any, chance: random.Random) -> Any:
    """The value with its made-up ids replaced, however deep."""
    if isinstance(value, str) and (match := _ID.fullmatch(value)) and IDS.get(match[1]) and chance.random() < REAL:
        return chance.choice(IDS[match[1]])
    if isinstance(value, dict):
        return {name: _real(part, chance) for name, part in value.items()}
    return [_real(part, chance) for part in value] if isinstance(value, list) else value


def _named(case: Any, chance: random.Random) -> None:
    """Names and numbers in paths, which do not show what they are of; ids of which only some may be used, always."""
    for start, known in IDS.items():
        if start.startswith("/") and known and case.path.startswith(start):
            name = start.rsplit("{", 1)[1].rstrip("}")
            if chance.random() < REAL or _ID.fullmatch(str(case.path_parameters.get(name))):
                case.path_parameters[name] = chance.choice(known)


def _version(case: Any, kwargs: dict[str, Any]) -> str | None:
    """The ETag of what is edited, read as a person would."""
    path = case.formatted_path
    for tried in (path, path.rsplit("/", 1)[0]):
        request = urllib.request.Request(case.operation.base_url + tried, headers=_login(kwargs))
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                if answer.headers.get("ETag"):
                    return str(answer.headers["ETag"])
        except (urllib.error.URLError, ValueError, UnicodeError):
            continue
    return None


def _login(kwargs: dict[str, Any]) -> dict[str, str]:
    sent = {name.lower(): value for name, value in (kwargs.get("headers") or {}).items()}
    return {"Authorization": sent["authorization"]} if "authorization" in sent else {}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Ids that exist; a key that nobody used; the version that is current."""
    chance = _chance(case)
    if case.path_parameters:
        case.path_parameters = _real(dict(case.path_parameters), chance)
        _named(case, chance)
    if isinstance(case.query, dict):
        case.query = _real(dict(case.query), chance)
    if isinstance(case.body, dict | list):
        case.body = _real(case.body, chance)
    for name in list(case.headers or ()):
        if name.lower() == "idempotency-key" and chance.random() < REAL:
            case.headers[name] = f"{chance.getrandbits(96):x}"
        elif name.lower() == "x-cart-id":
            case.headers[name] = _real(case.headers[name], chance)
        elif name.lower() == "if-match" and chance.random() < REAL and (version := _version(case, kwargs)):
            case.headers[name] = version


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Count it."""
    with _turn:
        _seen[f"{case.method.upper()} {case.path}"][response.status_code] += 1


@atexit.register
def _write() -> None:
    Path(os.environ["HANSE_CONTRACT_COUNTS"]).write_text(json.dumps(_seen))
