"""How a valid request is made of each operation that takes an Idempotency-Key: one recipe each, in the files beside this one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.calls import JSON, Buyer, Caller, eventually, said
from tests.e2e.goods import Good, Shelves
from tests.e2e.running import RunningShop


@dataclass(frozen=True)
class Ask:
    """A request that will be granted, once."""

    who: Caller
    path: str
    body: Any = None
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """`make` prepares things of its own each time; `status` is what the request is answered with. `elsewhere`: its effect is a
    process that starts, and what that does later is not counted."""

    make: Callable[["Scene"], Awaitable[Ask]]
    status: int
    elsewhere: frozenset[str] = frozenset()


RECIPES: dict[str, Recipe] = {}
"""By operation, without /v1 for what is served bare, too."""


def makes(
    operation: str, status: int = 200, elsewhere: tuple[str, ...] = ()
) -> Callable[[Callable[["Scene"], Awaitable[Ask]]], Callable[["Scene"], Awaitable[Ask]]]:
    """Register what makes a valid request of this operation."""

    def kept(make: Callable[["Scene"], Awaitable[Ask]]) -> Callable[["Scene"], Awaitable[Ask]]:
        assert operation not in RECIPES
        RECIPES[operation] = Recipe(make, status, frozenset(elsewhere))
        return make

    return kept


@dataclass(frozen=True)
class Bought:
    """An order, by whom, of what."""

    buyer: Buyer
    good: Good
    order_id: str
    payment_id: str
    attempt: JSON | None = None


class Scene:
    """The running shop, and the ways in which things come to stand in it."""

    def __init__(self, shop: RunningShop) -> None:
        self.shop = shop
        self.operator = shop.operator
        self.shelves = Shelves(shop.operator)

    async def buyer(self) -> Buyer:
        """Someone who buys."""
        return await self.shop.buyer()

    async def good(self, *units: int, by_hand: bool = False) -> Good:
        """A SKU of its own; `by_hand`: its parcels wait for a word."""
        return await self.shelves.good(*(units or (20,)), outbound="manual" if by_hand else "automatic")

    async def ordered(self, good: Good | None = None, quantity: int = 2) -> Bought:
        """An order that waits for its payment."""
        good = good or await self.good()
        buyer = await self.buyer()
        order = await buyer.placed(good.sku_id, quantity=quantity)
        return Bought(buyer, good, order["order_id"], order["payment_id"])

    async def paid(self, good: Good | None = None, quantity: int = 2) -> Bought:
        """An order that is paid; its parcel may be on its way."""
        bought = await self.ordered(good, quantity)
        attempt = await bought.buyer.pay(bought.order_id)
        await bought.buyer.until(bought.order_id, "paid")
        return Bought(bought.buyer, bought.good, bought.order_id, bought.payment_id, attempt)

    async def parcel(self, bought: Bought, status: str = "shipped") -> str:
        """The id of the order's only parcel, once it is so."""

        async def reached() -> str | None:
            found = await bought.buyer.read(f"/v1/orders/{bought.order_id}/shipments")
            return found[0]["shipment_id"] if found and found[0]["status"] == status else None

        return str(await eventually(f"the parcel of {bought.order_id} is {status}", reached))

    async def about(self, shipment_id: str, what: str, **body: Any) -> None:
        """An operator's word on a parcel, granted: once its process knows what its database shows already."""

        async def granted() -> bool:
            answer = await self.operator.post(f"/v1/shipments/{shipment_id}/{what}", body)
            return answer.status_code == 200

        await eventually(f"{what} is granted to {shipment_id}", granted)

    async def arrived(self, good: Good | None = None, quantity: int = 2) -> Bought:
        """An order whose parcel was signed for."""
        bought = await self.paid(good, quantity)
        await self.about(await self.parcel(bought), "sign-off", proof="handed over")
        return bought

    async def case(self, kind: str, bought: Bought | None = None, **told: Any) -> tuple[Bought, str]:
        """A case about one unit that arrived, and its id."""
        bought = bought or await self.arrived()
        answer = await bought.buyer.post("/aftersales", claim(bought, kind, **told))
        return bought, str(said(answer, 201)["aftersale_id"])

    async def decides(self, case: str, what: str, body: Any = None) -> JSON:
        """An operator's word on a case, granted."""
        return said(await self.operator.post(f"/v1/operators/aftersales/{case}/{what}", body), 200)

    async def case_is(self, bought: Bought, case: str, state: str) -> None:
        """Wait until the case is so."""

        async def reached() -> bool:
            found: JSON = await bought.buyer.read(f"/v1/aftersales/{case}")
            return bool(found["state"] == state)

        await eventually(f"case {case} is {state}", reached)

    async def made(self, path: str, body: JSON) -> JSON:
        """What an operator makes."""
        return said(await self.operator.post(path, body), 201)

    async def put(self, path: str, body: JSON, version: int) -> JSON:
        """What an operator changes, as of this version."""
        return said(await self.operator.send("PUT", path, body, headers=at(version)), 200)


def at(version: int) -> dict[str, str]:
    """The header that names the version an edit was decided on."""
    return {"if-match": f'"{version}"'}


def claim(bought: Bought, kind: str, **told: Any) -> JSON:
    """What a buyer says of one unit."""
    lines = [{"sku_id": bought.good.sku_id, "quantity": 1}]
    return {"order_id": bought.order_id, "kind": kind, "reason": "damaged", "lines": lines} | told
