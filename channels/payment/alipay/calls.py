"""How Alipay's gateway is asked: parameters and signature in the address, the business content in the body."""

import json
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic import ValidationError

from channels.payment.alipay.account import AlipayAccount
from channels.payment.alipay.signing import genuine_answer, signed_parameters
from channels.payment.alipay.wire import Answer
from channels.payment.beijing import beijing_text
from channels.payment.errors import ChannelRefused, ChannelUnavailable
from channels.payment.outside import Outside
from models.shared.time import Clock, Instant

_Answer = TypeVar("_Answer", bound=Answer)
_YES = "10000"
_NO = "40004"
_FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}


class AlipayCalls:
    """Signed calls; answers whose signature does not hold are no answers."""

    def __init__(self, account: AlipayAccount, outside: Outside, clock: Clock) -> None:
        self._account = account
        self._outside = outside
        self._clock = clock

    def page_address(self, content: dict[str, Any], at: Instant, notify_url: str, return_url: str) -> str:
        """Where the buyer's browser opens alipay.trade.page.pay. The same arguments give the same address: RSA signatures
        of this kind hold no chance."""
        more = {"notify_url": notify_url, "return_url": return_url, "biz_content": _compact(content)}
        signed = signed_parameters(self._account.private_key, self._parameters("alipay.trade.page.pay", at) | more)
        return f"{self._outside.url}?{urlencode(signed)}"

    async def ask(self, method: str, content: dict[str, Any], answer: type[_Answer]) -> _Answer:
        """The answer to `method` if it is yes. ChannelRefused for a no of the business; everything else, keys and system
        errors included, is ChannelUnavailable, since it says nothing about the payment."""
        body = {"biz_content": _compact(content)}
        parameters = self._parameters(method, self._clock())
        signed = signed_parameters(self._account.private_key, parameters | body)
        address = f"{self._outside.url}?{urlencode({name: signed[name] for name in (*parameters, 'sign')})}"
        response = await self._outside.send("POST", address, _FORM, urlencode(body).encode(), what=method)
        if response.status_code != 200:
            raise ChannelUnavailable(f"alipay answered {method} with status {response.status_code}")
        text = genuine_answer(self._account.public_keys, response.text, f"{method.replace('.', '_')}_response")
        if text is None:
            raise ChannelUnavailable(f"alipay answered {method} with something that Alipay did not sign")
        return _yes(answer, text, method)

    def _parameters(self, method: str, at: Instant) -> dict[str, str]:
        return {
            "app_id": self._account.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": beijing_text(at),
            "version": "1.0",
        }


def _yes(kind: type[_Answer], text: str, method: str) -> _Answer:
    try:
        answer = kind.model_validate_json(text)
    except ValidationError as problem:
        raise ChannelUnavailable(f"alipay answered {method} with something unreadable") from problem
    if answer.code == _YES:
        return answer
    why = answer.sub_code or answer.code
    if answer.code == _NO and not why.endswith("SYSTEM_ERROR"):
        raise ChannelRefused("alipay", why, answer.sub_msg or answer.msg)
    raise ChannelUnavailable(f"alipay answered {method} with {answer.code} {why}: {answer.sub_msg or answer.msg}")


def _compact(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
