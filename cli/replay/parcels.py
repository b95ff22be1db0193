"""What the warehouse and the carrier do with an order's parcels. Routes that a shop does not have yet are left out, aloud."""

import asyncio
import time
from typing import Any

from cli.calling import Login, Refused, Shop

_WITHIN = 60.0
_LOOK_EVERY, _LOOK_AT_MOST_EVERY = 0.1, 1.0
_DISPATCH = "/v1/operators/shipments/{shipment_id}/dispatch"
_SIGN_OFF = "/v1/operators/shipments/{shipment_id}/sign-off"
_GONE = ("shipped", "delivered", "signed")


class Parcels:
    """Moves parcels as operators do. Everything may be repeated: a parcel that is further already is left alone."""

    def __init__(self, shop: Shop, operator: Login, key: str) -> None:
        self._shop = shop
        self._operator = operator
        self._key = key
        self._routes: frozenset[str] = frozenset()

    async def learn_routes(self) -> None:
        """Which of the routes that move parcels this shop has."""
        self._routes = frozenset((await self._shop.ask("GET", "/openapi.json")).body["paths"])

    def missing_routes(self) -> list[str]:
        """Routes without which orders stay paid, or shipped."""
        return [route for route in (_DISPATCH, _SIGN_OFF) if route not in self._routes]

    async def send(self, order_id: str) -> None:
        """Every parcel leaves the house; those of automatic warehouses do so by themselves."""
        if _DISPATCH in self._routes:
            for parcel in await self._until(order_id, ("picking", "outbound", *_GONE)):
                if parcel["status"] == "picking":
                    await self._move(_DISPATCH, parcel, {})
            await self._until(order_id, _GONE)

    async def deliver(self, order_id: str) -> None:
        """Every parcel leaves the house and is signed for."""
        await self.send(order_id)
        if _SIGN_OFF in self._routes:
            for parcel in await self._until(order_id, _GONE):
                if parcel["status"] != "signed":
                    await self._move(_SIGN_OFF, parcel, {"proof": "signed for, say the files"})

    async def find_nothing(self, order_id: str, key: str) -> None:
        """The warehouse finds nothing on the shelf: an empty pick, and the money goes back. Where parcels cannot be picked
        over HTTP, an operator cancels."""
        if _DISPATCH in self._routes:
            for parcel in await self._until(order_id, ("picking", "stopped")):
                if parcel["status"] == "picking":
                    await self._move(_DISPATCH, parcel, {"picked": []})
            return
        ask = {"why": "the stock was not there"}
        await self._shop.ask("POST", f"/orders/{order_id}/cancel", ask, who=self._operator, key=f"{key}/cancel")

    async def _move(self, route: str, parcel: dict[str, Any], ask: dict[str, Any]) -> None:
        path = route.format(shipment_id=parcel["shipment_id"])
        key = f"{self._key}/{path.rsplit('/', 1)[1]}/{parcel['shipment_id']}"
        try:
            await self._shop.ask("POST", path, ask, who=self._operator, key=key)
        except Refused as refusal:
            if refusal.code != "parcel_not_waiting":  # moved already, before an interruption
                raise

    async def _until(self, order_id: str, statuses: tuple[str, ...]) -> list[dict[str, Any]]:
        """The order's parcels, as soon as there are all and each is in one of these states."""
        until, pause = time.monotonic() + _WITHIN, _LOOK_EVERY
        while True:
            path = f"/v1/orders/{order_id}/shipments"
            parcels: list[dict[str, Any]] = (await self._shop.ask("GET", path, who=self._operator)).body
            if parcels and all(parcel["status"] in statuses for parcel in parcels):
                return parcels
            if time.monotonic() > until:
                now = ", ".join(parcel["status"] for parcel in parcels) or "not there"
                detail = f"the parcels of {order_id} are {now} after {_WITHIN:.0f} s, not {' or '.join(statuses)}"
                raise Refused(path, {"code": "parcels_stay", "detail": detail})
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LOOK_AT_MOST_EVERY)
