"""What the warehouse and the carrier do with an order's parcels. Routes that a shop does not have yet are left out, aloud."""

from typing import Any

from cli.calling import Login, Refused, Shop
from cli.settling import looked_at_until

_WITHIN = 60.0
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

    async def send(self, order_id: str) -> bool:
        """Every parcel leaves the house; those of automatic warehouses do so by themselves. False without the route."""
        if _DISPATCH not in self._routes:
            return False
        for parcel in await self._until(order_id, ("picking", "outbound", *_GONE)):
            if parcel["status"] == "picking":
                await self._move(_DISPATCH, parcel, {})
        await self._until(order_id, _GONE)
        return True

    async def deliver(self, order_id: str) -> bool:
        """Every parcel leaves the house and is signed for. False without the routes."""
        if not await self.send(order_id) or _SIGN_OFF not in self._routes:
            return False
        for parcel in await self._until(order_id, _GONE):
            if parcel["status"] != "signed":
                await self._move(_SIGN_OFF, parcel, {"proof": "handed over at the door"})
        return True

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
        """The order's parcels, as soon as there are any and each is in one of these states."""
        path = f"/v1/orders/{order_id}/shipments"

        async def look() -> list[dict[str, Any]]:
            parcels: list[dict[str, Any]] = (await self._shop.ask("GET", path, who=self._operator)).body
            return parcels

        def arrived(parcels: list[dict[str, Any]]) -> bool:
            return bool(parcels) and all(parcel["status"] in statuses for parcel in parcels)

        parcels = await looked_at_until(look, arrived, _WITHIN)
        if not arrived(parcels):
            now = ", ".join(parcel["status"] for parcel in parcels) or "not there"
            detail = f"the parcels of {order_id} are {now} after {_WITHIN:.0f} s, not {' or '.join(statuses)}"
            raise Refused(path, {"code": "parcels_stay", "detail": detail})
        return parcels
