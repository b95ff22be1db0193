"""The sandbox carriers inside a test's own process: the same application, without a port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from channels.carrier.registry import Carriers
from channels.carrier.sandbox.app import build_app
from channels.carrier.sandbox.settings import CarrierSandboxSettings
from channels.carrier.sandbox.wire import COMPANIES
from channels.carrier.sandbox_carrier import SandboxCarrier

SECRET = "a secret that only tests share, 0123456789"


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@dataclass
class CarriersAtHand:
    """Both companies, and their operator's desk."""

    quick: SandboxCarrier
    relay: SandboxCarrier
    http: httpx.AsyncClient

    @property
    def all(self) -> Carriers:
        """As the shop finds them."""
        return Carriers(self.quick, self.relay)

    async def moves(self, waybill: str, code: str, **how: Any) -> None:
        """Something happens to a parcel."""
        (await self.http.post(f"/parcels/{waybill}/moves", json={"code": code, **how})).raise_for_status()

    async def faults(self, *rules: dict[str, Any], seed: int = 0) -> None:
        """Replace the fault schedule; without rules, end all faults."""
        (await self.http.post("/faults", json={"seed": seed, "rules": list(rules)})).raise_for_status()


@asynccontextmanager
async def carriers_at_hand(folder: Path) -> AsyncIterator[CarriersAtHand]:
    """The application with books in this folder. Pushes stay in the books: no courier runs."""
    app = build_app(folder / "books.sqlite", SECRET, CarrierSandboxSettings(faults=""), journey=timedelta(0))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://carriers") as http:
        quick, relay = (
            SandboxCarrier(company, "http://carriers", SECRET, http, now, shop_url="http://shop")
            for company in COMPANIES
        )
        yield CarriersAtHand(quick, relay, http)
