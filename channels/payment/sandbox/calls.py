"""What a call of the merchant is about, and which faults hit it."""

import json
import re
from collections.abc import Mapping
from urllib.parse import unquote

from channels.payment.sandbox.faults import FaultRule
from channels.payment.sandbox.provider import Provider, own_rules
from channels.payment.sandbox.wire import Operation
from channels.sandbox.refusal import SandboxRefusal

_OPERATIONS: list[tuple[str, re.Pattern[str], Operation]] = [
    ("POST", re.compile(r"/v1/payments"), "create"),
    ("GET", re.compile(r"/v1/payments/(?P<reference>[^/]+)"), "query"),
    ("POST", re.compile(r"/v1/payments/(?P<reference>[^/]+)/close"), "close"),
    ("POST", re.compile(r"/v1/refunds"), "refund"),
    ("GET", re.compile(r"/v1/refunds/(?P<refund>[^/]+)"), "query_refund"),
    ("GET", re.compile(r"/v1/statements/[^/]+"), "statement"),
]


class MerchantCalls:
    """The calls as the gate (`channels/sandbox/gate.py`) asks about them."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def strength(self, method: str, path: str, body: bytes, /) -> Mapping[str, float]:
        """The faults that hit this call, each with its value."""
        for of_method, pattern, operation in _OPERATIONS:
            match = pattern.fullmatch(unquote(path))
            if match and of_method == method:
                attempt, own = self._payment_rules(match.groupdict(), body)
                hits = self._provider.fate.hits_on_call(operation, attempt, own, self._provider.clock())
                return {rule.fault: rule.strength for rule in hits}
        return {}

    def turned_down(self, strength: Mapping[str, float]) -> SandboxRefusal | None:
        """What the call is answered instead of being done."""
        if "unavailable" in strength:
            return SandboxRefusal(int(strength["unavailable"]), "unavailable", "The provider cannot answer now.")
        if "statement_not_ready" in strength:
            return SandboxRefusal(404, "statement_not_ready", "This statement is not published yet.")
        return None

    def _payment_rules(self, path: Mapping[str, str], body: bytes) -> tuple[str | None, list[FaultRule]]:
        """Which attempt a call is about and what its payment asks to go wrong; malformed calls are the route's to refuse."""
        store = self._provider.store
        try:
            sent = json.loads(body) if body else {}
            if "attempt_id" in sent:
                return str(sent["attempt_id"]), FaultRule.read(sent.get("metadata", {}).get("faults", ""))
            reference = path.get("reference") or sent.get("reference")
            payment = store.payment(reference or store.refund(path.get("refund", "")).reference)  # type: ignore[arg-type]
            return payment.attempt, own_rules(payment)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None, []
