"""What the shop under test takes off, put there as an operator would: over HTTP, for the goods of one test only."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.calls import JSON, Buyer, Operator, said
from tests.e2e.goods import Good


def yuan(amount: int) -> JSON:
    """So many yuan."""
    return {"minor": amount * 100, "currency": "CNY"}


def spend(at: int, off: int) -> JSON:
    """Spend so many yuan, save so many."""
    return {"kind": "spend_save", "tiers": [{"at": yuan(at), "off": yuan(off)}]}


class Offers:
    """Offers for some goods, in force from now on."""

    def __init__(self, operator: Operator, *goods: Good) -> None:
        self._operator = operator
        now = datetime.now(UTC)
        self._scope = {"skus": [good.sku_id for good in goods]}
        self._begins, self._ends = (now - timedelta(hours=1)).isoformat(), (now + timedelta(days=1)).isoformat()

    async def _started(self, path: str, key: str, terms: JSON) -> str:
        made = said(await self._operator.post(f"/v1/operators/{path}", {"scope": self._scope, **terms}), 201)
        thing = f"/v1/operators/{path}/{made[key]}"
        headers = {"if-match": f'"{made["version"]}"'}
        said(await self._operator.send("PUT", f"{thing}/status", {"status": "active"}, headers=headers), 200)
        return str(made[key])

    async def promotion(self, offer: JSON, **terms: Any) -> str:
        """A rule that counts."""
        told = {"label": "A promotion", "offer": offer, "starts_at": self._begins, "ends_at": self._ends, **terms}
        return await self._started("promotions", "promotion_id", told)

    async def limit(self, quantity: int) -> str:
        """So many for each buyer."""
        told = {"label": "A limit", "quantity": quantity, "starts_at": self._begins, "ends_at": self._ends}
        return await self._started("purchase-limits", "limit_id", told)

    async def template(self, offer: JSON, **terms: Any) -> str:
        """Coupons that can be claimed."""
        told = {"label": "A coupon", "offer": offer, "claim_from": self._begins, "claim_until": self._ends}
        return await self._started("coupon-templates", "template_id", {**told, "valid_days": 1, **terms})

    async def used(self, promotion_id: str) -> tuple[int, int]:
        """In how many orders a rule counts, and what it saved in all."""
        kept = await self._operator.read(f"/v1/operators/promotions/{promotion_id}")
        return kept["used_orders"], kept["used_amount"]["minor"]

    async def give_points(self, buyer: Buyer, points: int) -> None:
        """So many points, as an operator's present."""
        me = await buyer.read("/v1/users/me")
        wish = {"delta": points, "why": "a present"}
        said(await self._operator.post(f"/v1/operators/points/{me['id']}/adjust", wish), 200)


async def claimed(buyer: Buyer, template_id: str) -> str:
    """A coupon in the buyer's wallet."""
    return str(said(await buyer.post("/coupons/claim", {"template_id": template_id}), 201)["coupon_id"])


async def balance(buyer: Buyer) -> int:
    """How many points the buyer has."""
    return int((await buyer.read("/v1/points"))["balance"])


async def coupon(buyer: Buyer, coupon_id: str) -> tuple[str, str | None]:
    """How a coupon stands, and the order that holds or used it."""
    kept = await buyer.read(f"/v1/coupons/{coupon_id}")
    return kept["state"], kept["order_id"]
