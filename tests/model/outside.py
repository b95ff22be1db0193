"""The outside world of a modelled shop: the payment provider and the carriers, with the shop's own clock and on demand only.

The provider and the carriers are those of the sandboxes, without their couriers: what they would report, a test posts itself, as
often, as late and as wrong as it likes.
"""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from channels.carrier.sandbox.api import merchant_routes as carrier_routes
from channels.carrier.sandbox.calls import MerchantCalls as CarrierCalls
from channels.carrier.sandbox.depot import Depot
from channels.carrier.sandbox.fate import Fate as CarrierFate
from channels.carrier.sandbox.faults import Schedule as CarrierSchedule
from channels.carrier.sandbox.store import SCHEMA as CARRIER_SCHEMA
from channels.carrier.sandbox.store import CarrierStore
from channels.payment.sandbox.api import merchant_routes as payment_routes
from channels.payment.sandbox.calls import MerchantCalls
from channels.payment.sandbox.fate import Fate
from channels.payment.sandbox.faults import FaultRule, Schedule
from channels.payment.sandbox.provider import Provider
from channels.payment.sandbox.store import SCHEMA, SandboxStore
from channels.sandbox.books import open_books
from channels.sandbox.serving import Persistence, new_name, sandbox_app
from channels.sandbox_signing import CALLBACK_HEADER, sign_callback
from models.shared.time import Clock

SECRET = "a secret that only the model's tests share, 0123"
Report = tuple[str, bytes]
"""Where a report goes, and its body."""


_SENDS_NOTHING = Persistence(unit_seconds=1, tries=1, timeout_seconds=1)
"""The couriers never run: the applications are called without being started."""


@dataclass
class Outside:
    """Both, behind one address."""

    provider: Provider
    depot: Depot
    payments: FastAPI
    carriers: FastAPI
    clock: Clock
    silent_calls: int = 0
    """How many of the next calls to the provider get no answer."""
    said_nothing: int = field(default=0, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call of the shop."""
        if scope["type"] != "http":
            return
        if not scope["path"].startswith(("/v1/payments", "/v1/refunds")):
            await self.carriers(scope, receive, send)
        elif self.silent_calls > 0:
            self.silent_calls -= 1
            self.said_nothing += 1
            await JSONResponse({"code": "unavailable", "message": "not now"}, 503)(scope, receive, send)
        else:
            await self.payments(scope, receive, send)

    # ---- money -------------------------------------------------------------------------------------------------------

    def refuses_refunds(self, *, refuses: bool) -> None:
        """Whether the provider turns refunds down for good from now on."""
        rules = FaultRule.read("refund_refused") if refuses else []
        self.provider.fate.set_schedule(Schedule(rules=rules), self.clock())

    def buyer_pays(self, reference: str, *, late: bool = False) -> None:
        """The buyer presses the button; `late`: although the payment was closed, which providers get wrong now and then."""
        self.provider.pay(reference, FaultRule.read("paid_although_closed") if late else [])

    def report(self, reference: str) -> Report:
        """What the provider has to say about a payment: the newest of it."""
        delivery = self.provider.store.callbacks.about(reference)[-1]
        return delivery.url, delivery.body.encode()

    def signed(self, body: bytes, *, secret: str = SECRET, age: float = 0) -> dict[str, str]:
        """The headers of a report; of a forger with another `secret`, of a replay with an `age` in seconds."""
        stamp = int(self.clock().timestamp() - age)
        return {"content-type": "application/json", CALLBACK_HEADER: sign_callback(secret, stamp, body)}

    # ---- parcels -----------------------------------------------------------------------------------------------------

    def parcel_moves(self, waybill: str, code: Any) -> Report:
        """Something happens to a parcel, and what the carrier has to say of it."""
        self.depot.move(waybill, code)
        push = self.depot.store.callbacks.about(waybill)[-1]
        return push.url, push.body.encode()


def another(body: bytes, **changed: Any) -> bytes:
    """A report under an event id of its own, with other content."""
    return json.dumps({**json.loads(body), "event_id": new_name("evt"), **changed}).encode()


def build_outside(folder: Path, url: str, clock: Clock) -> Outside:
    """Both sandboxes with books in this folder. A refund settles within its call; no parcel moves by itself."""
    connection = open_books(folder / "payments.sqlite", SCHEMA)
    fate = Fate(connection, Schedule)
    provider = Provider(SandboxStore(connection), fate, clock, new_name, refund_delay=timedelta(0))
    payments = sandbox_app("Payments", provider, MerchantCalls(provider), SECRET, _SENDS_NOTHING)
    payments.include_router(payment_routes(provider, url, folder / "payments.sqlite", timedelta(0)))

    parcels = open_books(folder / "carriers.sqlite", CARRIER_SCHEMA)
    depot = Depot(CarrierStore(parcels), CarrierFate(parcels, CarrierSchedule), clock, new_name, journey=timedelta(0))
    carriers = sandbox_app("Carriers", depot, CarrierCalls(depot), SECRET, _SENDS_NOTHING)
    carriers.include_router(carrier_routes(depot))
    return Outside(provider, depot, payments, carriers, clock)
