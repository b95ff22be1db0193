"""How WeChat Pay's API is asked: every request signed by us, every answer signed by WeChat Pay."""

import json
import secrets
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ValidationError

from channels.payment.contract import CALLBACK_TOLERANCE
from channels.payment.errors import ChannelRefused, ChannelUnavailable
from channels.payment.outside import TELLS_NOTHING, Outside
from channels.payment.wechat_pay.account import WechatPayAccount
from channels.payment.wechat_pay.signing import authorization, is_genuine, read_stamp
from channels.payment.wechat_pay.wire import Problem
from models.shared.time import Clock

_Answer = TypeVar("_Answer", bound=BaseModel)
Verb = Literal["GET", "POST"]


class WechatPayCalls:
    """Signed calls; a success whose signature does not hold is no answer."""

    def __init__(self, account: WechatPayAccount, outside: Outside, clock: Clock) -> None:
        self._account = account
        self._outside = outside
        self._clock = clock

    async def ask(self, verb: Verb, target: str, answer: type[_Answer], body: dict[str, Any] | None = None) -> _Answer:
        """The answer, if it is one. ChannelRefused for WeChat's definitive no, ChannelUnavailable for everything unclear."""
        response = await self._checked(verb, target, body)
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as problem:
            raise ChannelUnavailable(
                f"wechat_pay answered {_named(verb, target)} with something unreadable"
            ) from problem

    async def tell(self, verb: Verb, target: str, body: dict[str, Any]) -> None:
        """A call whose success has no content."""
        await self._checked(verb, target, body)

    async def download(self, address: str) -> bytes:
        """A file. The request is signed; the answer is not: compare its hash."""
        parts = urlsplit(address)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        response = await self._outside.send("GET", address, self._headers("GET", target, b""), what="a bill's address")
        if response.status_code != 200:
            raise ChannelUnavailable(f"wechat_pay answered a bill's address with {response.status_code}")
        return response.content

    async def _checked(self, verb: Verb, target: str, body: dict[str, Any] | None) -> httpx.Response:
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        what = _named(verb, target)
        response = await self._outside.send(
            verb, self._outside.url + target, self._headers(verb, target, raw), raw, what=what
        )
        signed = read_stamp(response.headers) is not None
        if (response.is_success or signed) and not self._is_genuine(response):
            raise ChannelUnavailable(f"wechat_pay answered {what} with something that WeChat Pay did not sign just now")
        if response.status_code in (200, 204):
            return response
        raise _no(response, what)

    def _headers(self, verb: str, target: str, raw: bytes) -> dict[str, str]:
        now = int(self._clock().timestamp())
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "hanse",
            "Wechatpay-Serial": next(iter(self._account.platform_keys)),
            "Authorization": authorization(self._account, now, secrets.token_hex(16), verb, target, raw),
        }

    def _is_genuine(self, response: httpx.Response) -> bool:
        stamp = read_stamp(response.headers)
        return (
            stamp is not None
            and is_genuine(self._account.platform_keys, stamp, response.content)
            and abs(self._clock().timestamp() - stamp.timestamp) <= CALLBACK_TOLERANCE.total_seconds()
        )


def _named(verb: str, target: str) -> str:
    return f"{verb} {target.split('?')[0]}"


def _no(response: httpx.Response, what: str) -> ChannelRefused | ChannelUnavailable:
    status = response.status_code
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        return ChannelUnavailable(f"wechat_pay answered {what} with {status} and no reason")
    if not 400 <= status < 500 or status in TELLS_NOTHING or problem.code in ("SYSTEM_ERROR", "FREQUENCY_LIMITED"):
        return ChannelUnavailable(f"wechat_pay answered {what} with {status} {problem.code}: {problem.message}")
    return ChannelRefused("wechat_pay", problem.code, problem.message)
