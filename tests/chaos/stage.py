"""Where a story is told: its own buyer and operator, goods, and short words for what people do and wait for."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from redis.exceptions import RedisError

from tests.chaos.conductor import Actor
from tests.chaos.people import PATIENCE, StubbornBuyer, StubbornOperator
from tests.e2e.calls import JSON, Buyer, eventually, said
from tests.e2e.goods import Good, Shelves
from tests.e2e.running import RunningShop

PRICE = 10_000


class Shelf:
    """Goods that stories share, and how many of each are gone for good."""

    def __init__(self, shop: RunningShop, operator: StubbornOperator) -> None:
        self._shop = shop
        self._operator = operator
        self._shelves = Shelves(operator)
        self._units = 5_000
        self._stocked: dict[str, Good] = {}
        self._filling = asyncio.Lock()
        self.gone: Counter[str] = Counter()
        self.unsure = False
        """Whether a story failed, so that nobody knows what it took."""

    async def good(self, outbound: str = "automatic") -> Good:
        """A good of which there is plenty, in one warehouse that lets parcels out so."""
        async with self._filling:
            if outbound not in self._stocked:
                self._stocked[outbound] = await self._shelves.good(self._units, price=PRICE, outbound=outbound)
            return self._stocked[outbound]

    async def own(self, *units: int, outbound: str = "automatic") -> Good:
        """A good that no other story sells."""
        return await self._shelves.good(*units, price=PRICE, outbound=outbound)

    async def miscounted(self) -> list[str]:
        """Shared goods of which more or less is left than stories have taken."""
        if self.unsure:
            return []
        left = {good.sku_id: await self._operator.available(good.sku_id) for good in self._stocked.values()}
        wanted = {sku_id: self._units - self.gone[sku_id] for sku_id in left}
        return [
            f"{left[sku]} of {sku} are left, it should be {wanted[sku]}" for sku in left if left[sku] != wanted[sku]
        ]

    def put_away(self) -> None:
        """After a story failed, or a difference was told: it may still end, late, and change what is left. Others get new goods."""
        self._stocked.clear()
        self.unsure = False


class Stage:
    """One telling of one story."""

    def __init__(self, shop: RunningShop, shelf: Shelf, actor: Actor, operator: StubbornOperator) -> None:
        self.shop, self.shelf, self.actor, self.operator = shop, shelf, actor, operator
        self.buyer: StubbornBuyer
        self.hasty: StubbornBuyer
        """The same person at the api that gives seconds instead of minutes."""
        self.orders: list[str] = []

    async def set_up(self) -> None:
        """A new buyer, whose id is a mark of this story."""
        one: Buyer = await _at_last(self.shop.buyer)
        self.buyer = StubbornBuyer(one.http, one.api_url, str(one.token), one.address_id)
        self.hasty = StubbornBuyer(one.http, self.shop.hasty_url, str(one.token), one.address_id)
        self.user_id = str((await self.buyer.read("/v1/users/me"))["id"])
        self.actor.marks.add(self.user_id)

    # ---- orders ------------------------------------------------------------------------------------------------------

    async def placed(self, good: Good, quantity: int = 1, *, hasty: bool = False, **more: Any) -> str:
        """An order that stands."""
        who = self.hasty if hasty else self.buyer
        basket = who.basket(good.sku_id, quantity=quantity) | more
        order_id = str(said(await who.post("/orders", {"basket": basket}), 201)["order_id"])
        self.orders.append(order_id)
        return order_id

    async def attempted(self, order_id: str) -> JSON | None:
        """A try to pay in a hurry; None when the window was over first."""
        answer = await self.hasty.post("/payments", {"order_id": order_id, "channel": "sandbox"})
        return None if answer.status_code == 409 else said(answer, 201)

    async def paid(self, good: Good, quantity: int = 1, faults: str = "", **more: Any) -> str:
        """An order that is paid."""
        order_id = await self.placed(good, quantity, **more)
        await self.buyer.pay(order_id, faults)
        await self.buyer.until(order_id, "paid")
        return order_id

    async def confirmed(self, order_id: str) -> JSON:
        """The buyer has everything, and is right to say so."""
        said(await self.buyer.post(f"/v1/orders/{order_id}/confirm"), 200)
        return await self.buyer.until(order_id, "completed")

    async def arrived(self, good: Good, quantity: int = 1, **more: Any) -> str:
        """An order whose parcel was signed for."""
        order_id = await self.paid(good, quantity, **more)
        parcel = await self.parcel(order_id, "shipped")
        await self.about(parcel, "sign-off", proof="handed over")
        return order_id

    def sold(self, good: Good, units: int) -> None:
        """So many never come back to the shelf."""
        self.shelf.gone[good.sku_id] += units

    # ---- parcels -----------------------------------------------------------------------------------------------------

    async def parcel(self, order_id: str, *statuses: str) -> JSON:
        """The order's parcel that is so, once there is one."""

        async def reached() -> JSON | None:
            found = await self.buyer.read(f"/v1/orders/{order_id}/shipments")
            return next((parcel for parcel in found if parcel["status"] in statuses), None)

        parcel: JSON = await self.holds(f"a parcel of {order_id} is {statuses}", reached)
        return parcel

    async def is_now(self, parcel: JSON, status: str) -> JSON:
        """This parcel, once it is so."""

        async def reached() -> JSON | None:
            found: JSON = await self.buyer.read(f"/v1/shipments/{parcel['shipment_id']}")
            return found if found["status"] == status else None

        found: JSON = await self.holds(f"{parcel['shipment_id']} is {status}", reached)
        return found

    async def about(self, parcel: JSON, what: str, **body: Any) -> JSON:
        """An operator's word on a parcel, granted."""
        return said(await self.operator.post(f"/v1/shipments/{parcel['shipment_id']}/{what}", body), 200)

    async def moves(self, parcel: JSON, *codes: str) -> None:
        """The carrier moves a parcel; its pushes come when they come."""
        for code in codes:
            url = f"{self.shop.settings.sandbox_carrier_url}/parcels/{parcel['waybill']}/moves"

            async def moved(url: str = url, code: str = code) -> bool:
                answer = await self.shop.http.post(url, json={"code": code})
                return answer.status_code < 500

            await self.holds(f"the carrier reports {code}", moved)

    async def refunded(self, order_id: str, minor: int) -> JSON:
        """The order, once so much went back."""

        async def went_back() -> JSON | None:
            order = await self.buyer.order(order_id)
            return order if order["refunded"]["minor"] == minor else None

        order: JSON = await self.holds(f"{minor} went back for {order_id}", went_back)
        return order

    # ---- after-sales -------------------------------------------------------------------------------------------------

    async def applied(self, order_id: str, good: Good, kind: str, quantity: int = 1, **more: Any) -> JSON:
        """A case about some of the order's units."""
        lines = [{"sku_id": good.sku_id, "quantity": quantity}]
        told = {"order_id": order_id, "kind": kind, "reason": "damaged", "lines": lines} | more
        return said(await self.buyer.post("/aftersales", told), 201)

    async def wishes(self, case: JSON, what: str, body: Any = None) -> JSON:
        """The buyer's word on a case, granted."""
        return said(await self.buyer.post(f"/v1/aftersales/{case['aftersale_id']}/{what}", body), 200)

    async def sends_back(self, case: JSON) -> None:
        """The buyer sends the goods of a case themselves, and says with which waybill."""
        await self.wishes(
            case, "return-waybill", {"carrier": "sandbox", "waybill": f"BACK-{case['aftersale_id'][-12:]}"}
        )

    async def decides(self, case: JSON, what: str, body: Any = None) -> JSON:
        """An operator's word on a case, granted."""
        return said(await self.operator.post(f"/v1/operators/aftersales/{case['aftersale_id']}/{what}", body), 200)

    async def inspects(self, case: JSON, good: Good, accepted: int, resellable: int = 0) -> JSON:
        """What the warehouse found."""
        line = {"sku_id": good.sku_id, "accepted": accepted, "resellable": resellable}
        return await self.decides(case, "inspect", {"lines": [line], "because": "as found"})

    async def case_is(self, case: JSON, state: str) -> JSON:
        """The case, once it is so."""

        async def reached() -> JSON | None:
            found: JSON = await self.buyer.read(f"/v1/aftersales/{case['aftersale_id']}")
            return found if found["state"] == state else None

        found: JSON = await self.holds(f"case {case['aftersale_id']} is {state}", reached)
        return found

    # ---- waiting -----------------------------------------------------------------------------------------------------

    async def holds(self, what: str, condition: Callable[[], Awaitable[Any]]) -> Any:
        """The first true answer."""
        return await eventually(what, condition, PATIENCE, pause=0.3)


async def _at_last(make: Callable[[], Awaitable[Buyer]]) -> Buyer:
    """Connections that an earlier round cut off are found out one by one."""
    for _ in range(20):
        try:
            return await make()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, RedisError):
            await asyncio.sleep(0.2)
    return await make()


Story = Callable[[Stage], Awaitable[None]]
STORIES: dict[str, Story] = {}
"""Every story by its name; a module of `stories` adds its own."""
ALONE = {"index built anew"}
"""Stories whose saga the shop has only one of."""


def story(tell: Story) -> Story:
    """Known by the name of its function, in words."""
    STORIES[tell.__name__.replace("_", " ")] = tell
    return tell
