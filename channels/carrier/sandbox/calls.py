"""What a call of the merchant is about, and which faults hit it."""

import re
from collections.abc import Mapping

from channels.carrier.sandbox.depot import Depot
from channels.sandbox.refusal import SandboxRefusal

_PATH = re.compile(r"/v1/(?P<company>[a-z_]+)/(?P<thing>waybills|cancellations)(?:/[^/]+)?(?P<label>/label)?")


class MerchantCalls:
    """The calls as the gate (`channels/sandbox/gate.py`) asks about them."""

    def __init__(self, depot: Depot) -> None:
        self._depot = depot

    def strength(self, method: str, path: str, _body: bytes, /) -> Mapping[str, float]:
        """The faults that hit this call, each with its value."""
        places = _places(method, path)
        hits = self._depot.fate.hits_on_call(self._depot.clock(), *places)
        return {rule.fault: rule.strength for rule in hits if rule.fault != "address_refused" or places[0] == "book"}

    def turned_down(self, strength: Mapping[str, float]) -> SandboxRefusal | None:
        """What the call is answered instead of being done."""
        if "unavailable" in strength:
            return SandboxRefusal(int(strength["unavailable"]), "unavailable", "The carrier cannot answer now.")
        if "address_refused" in strength:
            return SandboxRefusal(422, "address_unknown", "There is no such street.")
        return None


def _places(method: str, path: str) -> tuple[str, str]:
    """The operation and the company of a call."""
    match = _PATH.fullmatch(path)
    if match is None:
        return "elsewhere", ""
    if match["thing"] == "cancellations":
        return "cancel", match["company"]
    if method == "POST":
        return "book", match["company"]
    return ("label" if match["label"] else "query"), match["company"]
