"""What the warehouse and the carrier do with an order's parcels, over HTTP."""

import asyncio
from datetime import datetime
from typing import Any

from cli.calling import Login, Refused, Shop
from cli.settling import looked_at_until

_WITHIN = 60.0
_TURNS, _BETWEEN_TURNS = 40, 0.25
_GONE = ("shipped", "delivered", "signed")
_REPORTED_AS = {"picked_up": "collected", "signed": "signed"}
"""The sandbox's words, and the shop's."""

Parcel = dict[str, Any]


class Parcels:
    """Moves parcels as operators do. Everything may be repeated: a parcel that is further already is left alone."""

    def __init__(self, shop: Shop, operator: Login, key: str, carriers_url: str) -> None:
        """`carriers_url` is where the sandbox carriers are told what happens to a parcel."""
        self._shop = shop
        self._carriers_url = carriers_url.rstrip("/")
        self._operator = operator
        self._key = key

    async def send(self, order_id: str) -> None:
        """Every parcel leaves the house; those of automatic warehouses do so by themselves."""
        for parcel in await self._until(order_id, ("picking", "outbound", *_GONE)):
            if parcel["status"] == "picking":
                await self._move("dispatch", parcel, {})
        await self._until(order_id, _GONE)

    async def deliver(self, order_id: str) -> None:
        """Every parcel leaves the house and is signed for."""
        await self.send(order_id)
        for parcel in await self._until(order_id, _GONE):
            if parcel["status"] != "signed":
                await self._move("sign-off", parcel, {"proof": "handed over at the door"})

    async def carry(self, order_id: str, collected_at: datetime | None, signed_at: datetime | None) -> None:
        """The carrier reports when it took each parcel and when it was signed for, as far as that is known; what it has
        reported before it does not report again."""
        moments = {"picked_up": collected_at, "signed": signed_at}
        for parcel in await self._until(order_id, _GONE):
            reported = {event["status"] for event in parcel["tracking"]}
            for code, at in moments.items():
                if at is not None and _REPORTED_AS[code] not in reported and parcel["status"] != "signed":
                    move = {"code": code, "at": at.isoformat()}
                    await self._shop.ask("POST", f"{self._carriers_url}/parcels/{parcel['waybill']}/moves", move)
        if signed_at is not None:
            await self._until(order_id, ("signed",))

    async def find_nothing(self, order_id: str) -> None:
        """The warehouse finds nothing on the shelf: an empty pick, and the money goes back."""
        for parcel in await self._until(order_id, ("picking", "outbound", "stopped")):
            if parcel["status"] == "picking":
                await self._move("dispatch", parcel, {"picked": []})

    async def _move(self, verb: str, parcel: Parcel, ask: Parcel) -> None:
        """Ask the parcel's process until it has heard of the step before; a refusal is kept under its key, so each turn
        has a key of its own. A parcel that moved meanwhile, or before an interruption, needs no more."""
        path = f"/v1/shipments/{parcel['shipment_id']}"
        for turn in range(1, _TURNS + 1):
            key = f"{self._key}/{verb}/{parcel['shipment_id']}/{turn}"
            try:
                await self._shop.ask("POST", f"{path}/{verb}", ask, who=self._operator, key=key)
            except Refused as refusal:
                if refusal.code != "parcel_not_waiting" or turn == _TURNS:
                    raise
            else:
                return
            await asyncio.sleep(_BETWEEN_TURNS)
            now = (await self._shop.ask("GET", path, who=self._operator)).body
            if now["status"] != parcel["status"]:
                return

    async def _until(self, order_id: str, statuses: tuple[str, ...]) -> list[Parcel]:
        """The order's parcels, as soon as there are any and each is in one of these states."""
        path = f"/v1/orders/{order_id}/shipments"

        async def look() -> list[Parcel]:
            parcels: list[Parcel] = (await self._shop.ask("GET", path, who=self._operator)).body
            return parcels

        def arrived(parcels: list[Parcel]) -> bool:
            return bool(parcels) and all(parcel["status"] in statuses for parcel in parcels)

        parcels = await looked_at_until(look, arrived, _WITHIN)
        if not arrived(parcels):
            now = ", ".join(parcel["status"] for parcel in parcels) or "not there"
            detail = f"the parcels of {order_id} are {now} after {_WITHIN:.0f} s, not {' or '.join(statuses)}"
            raise Refused(path, {"code": "parcels_stay", "detail": detail})
        return parcels
