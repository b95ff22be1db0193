"""A caller of the shop's public HTTP API, as verbs of the command line use it: log-in, repeats, refusals."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from hanse.stack.part import StackError

_PATIENCE = 120.0
"""Seconds for which a shop that does not answer, or is busy, is asked again."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_ASK_AGAIN = {"idempotency_key_in_flight", "password_work_busy"}


class Refused(Exception):
    """The shop said no. `problem` is its problem document (RFC 9457)."""

    def __init__(self, what: str, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{what}: {problem.get('code')}: {problem.get('detail')}")
        self.code = str(problem.get("code", ""))
        self.problem = problem


@dataclass
class Login:
    """Somebody who is logged in; tokens are renewed when they have run out."""

    contact: str
    password: str
    access: str = ""
    refresh: str = ""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def take(self, tokens: Mapping[str, Any]) -> None:
        """Use the tokens of a log-in or renewal from now on."""
        self.access, self.refresh = tokens["access_token"], tokens["refresh_token"]


@dataclass(frozen=True)
class Answer:
    """What the shop answered: the body, its ETag if it has one, and how many seconds it took (the last try)."""

    body: Any
    etag: str
    seconds: float


class Shop:
    """Speaks JSON with one shop. Repeats what may be repeated: every POST that moves money or stock has its key."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: Login | None = None,
        key: str | None = None,
        etag: str | None = None,
        content: tuple[bytes, str] | None = None,
    ) -> Answer:
        """One request, asked again while the shop is away or busy. `Refused` when it says no; `StackError` when it stays
        away. `content` is a body that is no JSON, with its media type."""
        headers = {name: value for name, value in (("idempotency-key", key), ("if-match", etag)) if value}
        if content:
            headers["content-type"] = content[1]
        renewed = False
        until, pause = time.monotonic() + _PATIENCE, _FIRST_PAUSE
        while True:
            if who is not None:
                headers["authorization"] = f"Bearer {await self._token_of(who)}"
            began = time.perf_counter()
            response = await self._sent(method, path, body, headers, content)
            took = time.perf_counter() - began
            if response is not None and response.is_success:
                return Answer(response.json() if response.content else None, response.headers.get("etag", ""), took)
            problem = _problem(response)
            if response is not None and response.status_code == 401 and who is not None and not renewed:
                renewed = True
                await self._renew(who, used=headers["authorization"])
                continue
            if not _may_help_to_wait(response, problem):
                raise Refused(f"{method} {path}", problem)
            if time.monotonic() > until:
                raise StackError(f"{method} {path} gets no answer: {problem.get('detail')}; see `hanse doctor`")
            await asyncio.sleep(max(pause, float(problem.get("retry_after") or 0)))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _sent(
        self, method: str, path: str, body: Any, headers: Mapping[str, str], content: tuple[bytes, str] | None
    ) -> httpx.Response | None:
        try:
            if content:
                return await self._client.request(method, path, content=content[0], headers=headers)
            return await self._client.request(method, path, json=body, headers=headers)
        except httpx.TransportError:
            return None

    async def log_in(self, who: Login) -> None:
        """Open a session. `Refused` with `credentials_wrong` when there is no such account."""
        answer = await self.ask("POST", "/v1/users/login", {"contact": who.contact, "password": who.password})
        who.take(answer.body)

    async def pages(self, path: str, who: Login | None = None) -> list[Any]:
        """Every entry of a list that comes in pages."""
        found: list[Any] = []
        cursor = ""
        while True:
            sign = "&" if "?" in path else "?"
            page = (await self.ask("GET", f"{path}{sign}limit=100{cursor}", who=who)).body
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    async def _token_of(self, who: Login) -> str:
        async with who.lock:
            if not who.access:
                await self.log_in(who)
            return who.access

    async def _renew(self, who: Login, used: str) -> None:
        """New tokens, unless another request has fetched them meanwhile."""
        async with who.lock:
            if used != f"Bearer {who.access}":
                return
            try:
                answer = await self.ask("POST", "/v1/sessions/refresh", {"refresh_token": who.refresh})
            except Refused:
                await self.log_in(who)
            else:
                who.take(answer.body)


def _problem(response: httpx.Response | None) -> Mapping[str, Any]:
    if response is None:
        return {"code": "no_answer", "detail": "nobody answers there"}
    try:
        document = response.json()
    except ValueError:
        document = None
    if isinstance(document, dict) and ("code" in document or "detail" in document):
        return document
    return {"code": f"http_{response.status_code}", "detail": response.text[:200]}


def _may_help_to_wait(response: httpx.Response | None, problem: Mapping[str, Any]) -> bool:
    if response is None or response.status_code in (429, 502, 503, 504) or problem.get("code") in _ASK_AGAIN:
        return problem.get("code") not in ("code_sent_recently", "login_blocked")
    return False
