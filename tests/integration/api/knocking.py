"""Every operation of the OpenAPI document, and a request of it that is complete in everything but the ids one puts in."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import cache
from typing import Any

import httpx

from tests.e2e.calls import Caller
from tests.openapi import document

Case = tuple[str, str, Any]
"""Method, path, and what the document says of the operation."""
UNKNOWN_BODY = "7zzzzzzzzzzzzzzzzzzzzzzzzz"
_ID = re.compile(r"\^([a-z]+)_\[0123456789abcdefghjkmnpqrstvwxyz\]\{26\}\$")


@cache
def every() -> list[Case]:
    """All operations."""
    paths = document()["paths"]
    return [(method.upper(), path, says) for path, methods in paths.items() for method, says in methods.items()]


async def wrong(cases: Iterable[Case], fault: Callable[[str, str, Any], Awaitable[str]]) -> list[str]:
    """Each operation with what is wrong with its answer; several are asked at once."""
    turn = asyncio.Semaphore(8)

    async def tried(method: str, path: str, says: Any) -> str:
        async with turn:
            found = await fault(method, path, says)
        return f"{method} {path}: {found}" if found else ""

    return [found for found in await asyncio.gather(*(tried(*case) for case in cases)) if found]


def names(path: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", path))


def permissions_of(says: dict[str, Any]) -> list[str]:
    """The permissions of which an operator needs one; none for what takes none."""
    found: list[str] = says.get("x-permissions", [])
    return found


def named(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, for one that only names it."""
    found: dict[str, Any] = schema
    while "$ref" in found:
        found = document()["components"]["schemas"][found["$ref"].rsplit("/", 1)[1]]
    return found


def kinds_of_ids(schema: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """The prefixes of ids that a value of this schema may hold, however deep."""
    found = named(schema)
    if (match := _ID.fullmatch(found.get("pattern", ""))) is not None:
        yield match[1]
    if depth < 12:
        parts = [part for key in ("anyOf", "oneOf", "allOf") for part in found.get(key, ())]
        parts += [found[key] for key in ("items", "additionalProperties") if isinstance(found.get(key), dict)]
        for part in (*parts, *found.get("properties", {}).values()):
            yield from kinds_of_ids(part, depth + 1)


def example_bodies(says: dict[str, Any]) -> list[Any]:
    """What the document shows as bodies of this operation."""
    content = says.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return []
    return list(named(content["schema"]).get("examples", [content.get("example")]))


async def knock(
    who: Caller, method: str, path: str, says: dict[str, Any], ids: dict[str, str], body: Any = None
) -> httpx.Response:
    """The request with these ids, complete in everything else."""
    shown = {parameter["name"]: parameter.get("example") for parameter in says.get("parameters", [])}
    filled = {name: ids.get(name) or shown[name] for name in names(path)}
    required = {p["name"]: shown[p["name"]] for p in says.get("parameters", []) if p["in"] == "query" and p["required"]}
    return await who.send(
        method,
        path.format(**filled),
        body if body is not None else next(iter(example_bodies(says)), None),
        key=secrets.token_hex(12),
        params=required,
        headers={"if-match": '"1"'},
    )


def unknown(ids: dict[str, str]) -> dict[str, str]:
    """Ids of the same kinds that nothing has."""
    return {name: f"{value.split('_')[0]}_{UNKNOWN_BODY}" for name, value in ids.items()}


def told(answer: httpx.Response, *asked: dict[str, str]) -> str:
    """What an answer says, whatever id it was asked about."""
    text = re.sub(r'"trace_id":"[0-9a-f]+"', "", answer.text)
    for ids in asked:
        for value in ids.values():
            text = text.replace(value, f"<{value.split('_')[0]}>")
    return text
