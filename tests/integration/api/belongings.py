"""What Anna has in the shop: one of everything that belongs to a person."""

import io
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from PIL import Image

from hanse.database import Database
from models.reviews.messages import ChangeReview
from models.shared.ids import OrderId, ReviewId, UserId
from stores.reviews import ReviewStore, WordStore
from tests.e2e.calls import Buyer, eventually, said
from tests.e2e.goods import Shelves
from tests.e2e.running import RunningShop
from tests.integration.reviews.desk import posting


@dataclass(frozen=True)
class Belongings:
    """Anna's ids by the names they have in paths, and what must never be shown to others."""

    owner: Buyer
    ids: dict[str, str]
    sku_id: str
    """What Anna ordered; everyone may buy it."""
    loose_picture: str
    """A picture that no case shows yet."""
    secrets: tuple[str, ...]

    async def look(self) -> list[Any]:
        """Everything, as Anna sees it now."""
        paths = ["/orders/{order_id}", "/payments/{payment_id}", "/v1/shipments/{shipment_id}"]
        paths += [
            "/v1/coupons/{coupon_id}",
            "/v1/addresses",
            "/v1/sessions",
            "/v1/users/me",
            "/v1/payments/{payment_id}/refunds",
            "/aftersales/{aftersale_id}",
            "/v1/reviews/{review_id}",
        ]
        return [await self.owner.read(path.format(**self.ids)) for path in paths]


async def gather(shop: RunningShop) -> Belongings:
    """Anna orders, pays, gets a parcel and a part of the money back, and claims a coupon."""
    anna = await shop.buyer()
    good = await Shelves(shop.operator).good(10)
    order_id = (await anna.placed(good.sku_id, quantity=4))["order_id"]
    attempt = await anna.pay(order_id)
    order = await anna.until(order_id, "paid")

    async def parcel() -> Any:
        found = await anna.read(f"/v1/orders/{order_id}/shipments")
        return found if found and found[0]["status"] == "shipped" else None

    (shipment,) = await eventually("the order has its parcel", parcel)
    proof = {"proof": "handed over"}
    said(await shop.operator.post(f"/v1/shipments/{shipment['shipment_id']}/sign-off", proof), 200)
    picture, case = await complained(anna, order_id, good.sku_id)
    refund = said(await shop.operator.refund(order, 1), 201)

    async def refunded() -> bool:
        (found,) = await shop.operator.refunds_of(order)
        return found["finished_at"] is not None

    await eventually("the refund has ended", refunded)
    coupon = await claimed(shop, anna)
    (address,) = await anna.read("/v1/addresses")
    (session,) = await anna.read("/v1/sessions")
    account = await anna.read("/v1/users/me")
    ids = {
        "order_id": order_id,
        "payment_id": order["payment_id"],
        "addressee": attempt["attempt_id"],
        "attempt_id": attempt["attempt_id"],
        "shipment_id": shipment["shipment_id"],
        "refund_id": refund["refund_id"],
        "address_id": address["id"],
        "session_id": session["id"],
        "user_id": account["id"],
        "coupon_id": coupon["coupon_id"],
        "aftersale_id": case["aftersale_id"],
        "evidence_id": picture["evidence_id"],
        "review_id": await reviewed(shop, account["id"], order_id),
    }
    loose = said(await upload(anna), 201)["evidence_id"]
    return Belongings(anna, ids, good.sku_id, loose, (account["email"], address["recipient"], address["line"]))


async def complained(anna: Buyer, order_id: str, sku_id: str) -> tuple[Any, Any]:
    """A picture, and an after-sale that waits for its goods."""
    picture = said(await upload(anna), 201)
    told = {
        "order_id": order_id,
        "kind": "return_refund",
        "reason": "damaged",
        "lines": [{"sku_id": sku_id, "quantity": 1}],
        "evidence": [picture["evidence_id"]],
    }
    return picture, said(await anna.post("/aftersales", told), 201)


async def upload(who: Buyer, content: bytes | None = None) -> httpx.Response:
    """A small picture, or whatever is handed in."""
    if content is None:
        out = io.BytesIO()
        Image.new("RGB", (60, 40), "teal").save(out, "PNG")
        content = out.getvalue()
    return await who.post("/v1/aftersale-evidence", files={"file": ("seam.png", content, "image/png")})


async def claimed(shop: RunningShop, anna: Buyer) -> Any:
    """A coupon of a template of its own."""
    terms = {
        "label": "Ten off",
        "offer": {"kind": "direct_cut", "off": {"minor": 10}},
        "claim_from": "2020-01-01T00:00:00Z",
        "claim_until": "2100-01-01T00:00:00Z",
        "valid_days": 30,
    }
    template = said(await shop.operator.post("/v1/operators/coupon-templates", terms), 201)
    path = f"/v1/operators/coupon-templates/{template['template_id']}/status"
    said(await shop.operator.send("PUT", path, {"status": "active"}, headers={"if-match": '"1"'}), 200)
    return said(await anna.post("/coupons/claim", {"template_id": template["template_id"]}), 201)


async def reviewed(shop: RunningShop, user_id: str, order_id: str) -> str:
    """A review of the order, as if its parcel had come."""
    db = await Database(shop.settings.dsn("reviews")).open()
    at = datetime.now(UTC)
    wish = posting(
        review_id=ReviewId.mint(at, secrets.token_bytes(10)), user_id=UserId(user_id), order_id=OrderId(order_id)
    )
    review = (await ReviewStore(db, WordStore(db)).change_once(ChangeReview(key=wish.review_id, wish=wish))).review
    await db.close()
    return review.review_id
