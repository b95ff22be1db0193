"""After-sales over HTTP on the running shop: to the fen, to the unit, and with every book agreeing at the end."""

import asyncio
from typing import Any

import pytest

from tests.e2e.calls import JSON, Buyer, Operator, eventually, said
from tests.e2e.goods import Good, Shelves
from tests.e2e.running import RunningShop
from tests.integration.api.belongings import upload


class Owner:
    """Someone who bought goods that arrived."""

    def __init__(self, buyer: Buyer, operator: Operator, good: Good, order_id: str) -> None:
        self.buyer, self.operator, self.good, self.order_id = buyer, operator, good, order_id

    def told(self, kind: str, quantity: int = 1, **more: Any) -> JSON:
        lines = [{"sku_id": self.good.sku_id, "quantity": quantity}]
        return {"order_id": self.order_id, "kind": kind, "reason": "damaged", "lines": lines} | more

    async def apply(self, kind: str, quantity: int = 1, **more: Any) -> JSON:
        return said(await self.buyer.post("/aftersales", self.told(kind, quantity, **more)), 201)

    async def wishes(self, case: JSON, what: str, body: Any = None) -> JSON:
        return said(await self.buyer.post(f"/v1/aftersales/{case['aftersale_id']}/{what}", body), 200)

    async def decides(self, case: JSON, what: str, body: Any = None) -> JSON:
        return said(await self.operator.post(f"/v1/operators/aftersales/{case['aftersale_id']}/{what}", body), 200)

    async def inspects(self, case: JSON, accepted: int, resellable: int = 0) -> JSON:
        line = {"sku_id": self.good.sku_id, "accepted": accepted, "resellable": resellable}
        return await self.decides(case, "inspect", {"lines": [line]})

    async def until(self, case: JSON, state: str) -> JSON:
        async def reached() -> JSON | None:
            found: JSON = await self.buyer.read(f"/v1/aftersales/{case['aftersale_id']}")
            return found if found["state"] == state else None

        found: JSON = await eventually(f"the case is {state}", reached)
        return found

    async def arrived(self, shipment_id: str | None = None) -> None:
        """This parcel of the order, or its only one, has left and was signed for."""

        async def shipped() -> str | None:
            found = await self.buyer.read(f"/v1/orders/{self.order_id}/shipments")
            left = [str(parcel["shipment_id"]) for parcel in found if parcel["status"] == "shipped"]
            return next((parcel for parcel in left if shipment_id in (None, parcel)), None)

        parcel = await eventually("the parcel has left", shipped)
        said(await self.operator.post(f"/v1/shipments/{parcel}/sign-off", {"proof": "handed over"}), 200)

    async def refunded(self) -> int:
        return int((await self.buyer.order(self.order_id))["refunded"]["minor"])


async def owner(shop: RunningShop, good: Good, quantity: int = 2) -> Owner:
    """Bought, paid, sent and signed for."""
    buyer = await shop.buyer()
    order_id = str((await buyer.placed(good.sku_id, quantity=quantity))["order_id"])
    await buyer.pay(order_id)
    bought = Owner(buyer, shop.operator, good, order_id)
    await bought.arrived()
    return bought


@pytest.fixture
async def anna(shop: RunningShop, shelves: Shelves) -> Owner:
    return await owner(shop, await shelves.good(10))


async def test_a_small_refund_with_a_picture_needs_nobody(shop: RunningShop, anna: Owner) -> None:
    early = await anna.buyer.read(f"/v1/orders/{anna.order_id}/aftersale-options")
    assert [(line["left"], line["arrived"]) for line in early["lines"]] == [(2, 2)]
    picture = said(await upload(anna.buyer), 201)
    case = await anna.apply("refund_only", evidence=[picture["evidence_id"]])
    assert (case["state"], case["automatic"], case["proposed"]["minor"]) == ("refunding", True, anna.good.price)
    done = await anna.until(case, "refunded")
    assert (done["refunded"]["minor"], await anna.refunded()) == (anna.good.price, anna.good.price)
    steps = await anna.buyer.read(f"/v1/aftersales/{case['aftersale_id']}/timeline")
    assert [step["state"] for step in steps] == ["applied", "refunding", "refunded"]
    too_much = await anna.buyer.post("/aftersales", anna.told("refund_only", 2))
    assert (too_much.status_code, too_much.json()["code"], too_much.json()["left"]) == (409, "claim_exceeds_left", 1)
    await shop.books_agree([anna.order_id])


async def test_a_fetched_return_is_inspected_shelved_and_paid(shop: RunningShop, anna: Owner) -> None:
    case = await anna.apply("return_refund", 2)
    assert case["state"] == "awaiting_return"
    fetched = await anna.wishes(case, "pick-up")
    assert (fetched["state"], fetched["return_waybill"]["carrier"]) == ("returning", "sandbox")
    await anna.decides(case, "receive")
    late = await anna.buyer.post(f"/v1/aftersales/{case['aftersale_id']}/withdraw")
    assert (late.status_code, late.json()["code"]) == (409, "aftersale_not_waiting")
    half = await anna.inspects(case, accepted=1, resellable=1)
    assert (half["state"], half["proposed"]["minor"]) == ("refunding", anna.good.price)
    await anna.until(case, "refunded")
    assert (await anna.refunded(), await anna.operator.available(anna.good.sku_id)) == (anna.good.price, 9)
    again = await anna.apply("return_refund")  # what was not accepted is free again
    assert (await anna.wishes(again, "withdraw"))["state"] == "withdrawn"
    await shop.books_agree([anna.order_id])


async def test_an_exchange_sends_another_piece_or_pays_when_there_is_none(shop: RunningShop, shelves: Shelves) -> None:
    anna = await owner(shop, await shelves.good(3))
    case = await anna.apply("exchange")
    waybill = {"carrier": "sandbox", "waybill": f"BACK-{case['aftersale_id'][-12:]}"}
    await anna.wishes(case, "return-waybill", waybill)
    await anna.inspects(case, accepted=1)
    sent = await anna.until(case, "replacement_sent")
    await anna.arrived(sent["shipment_id"])
    await anna.until(case, "exchanged")
    assert (await anna.refunded(), await anna.operator.available(anna.good.sku_id)) == (0, 0)

    once_more = await anna.apply("exchange")
    taken = await anna.buyer.post(f"/v1/aftersales/{once_more['aftersale_id']}/return-waybill", waybill)
    assert (taken.status_code, taken.json()["code"]) == (409, "return_waybill_taken")
    await anna.wishes(once_more, "return-waybill", {"carrier": "sandbox", "waybill": waybill["waybill"] + "-2"})
    await anna.inspects(once_more, accepted=1)
    await anna.until(once_more, "sold_out")
    assert (await anna.wishes(once_more, "choice", {"refund": True}))["state"] == "refunding"
    await anna.until(once_more, "refunded")
    assert await anna.refunded() == anna.good.price
    await shop.audit_is_clean()


async def test_an_operator_audits_with_the_pictures_before_him(anna: Owner, buyer: Buyer) -> None:
    picture = said(await upload(anna.buyer), 201)
    case = await anna.apply("refund_only", reason="other", evidence=[picture["evidence_id"]])
    assert case["state"] == "auditing"
    queue = await anna.operator.read(f"/v1/operators/aftersales?state=auditing&order_id={anna.order_id}")
    assert [entry["aftersale_id"] for entry in queue["items"]] == [case["aftersale_id"]]
    (seen,) = await anna.operator.read(f"/v1/aftersales/{case['aftersale_id']}/evidence")
    shown = [await who.get(seen["small_url"]) for who in (anna.operator, anna.buyer, buyer)]
    assert [answer.status_code for answer in shown] == [200, 200, 404]
    assert shown[0].headers["content-type"] == "image/webp"
    assert (await anna.decides(case, "audit", {"approve": False, "because": "Nothing is to be seen."}))["state"] == (
        "rejected"
    )
    assert (await anna.wishes(case, "appeal", {"because": "Look again."}))["state"] == "auditing"
    half = {"minor": anna.good.price // 2}
    lowered = await anna.decides(case, "audit", {"approve": True, "because": "Half of it.", "at_most": half})
    assert lowered["state"] == "refunding"
    assert (await anna.until(case, "refunded"))["refunded"]["minor"] == anna.good.price // 2


async def test_twenty_applications_for_one_unit_make_one_case(shop: RunningShop, shelves: Shelves) -> None:
    anna = await owner(shop, await shelves.good(2), quantity=1)
    told = anna.told("return_refund")
    answers = await asyncio.gather(*(anna.buyer.post("/aftersales", told) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    key = await anna.buyer.post("/aftersales", told, key="the-same-wish")
    assert (await anna.buyer.post("/aftersales", told, key="the-same-wish")).json() == key.json()
    await shop.audit_is_clean()


async def test_what_may_not_be_applied_for_is_refused_with_its_reason(
    shop: RunningShop, shelves: Shelves, anna: Owner, buyer: Buyer
) -> None:
    anothers = await buyer.post("/aftersales", anna.told("refund_only"))
    unsigned = (await anna.buyer.placed((await shelves.good(1)).sku_id))["order_id"]
    early = await anna.buyer.post("/aftersales", anna.told("refund_only") | {"order_id": unsigned})
    stranger = said(await upload(buyer), 201)["evidence_id"]
    stolen = await anna.buyer.post("/aftersales", anna.told("refund_only", evidence=[stranger]))
    ten = await anna.buyer.post(
        "/aftersales", anna.told("refund_only", evidence=[f"evd_{'0' * 25}{n}" for n in range(10)])
    )
    answers = [(answer.status_code, answer.json()["code"]) for answer in (anothers, early, stolen, ten)]
    assert answers == [
        (404, "not_found"),
        (409, "aftersale_not_open"),
        (422, "evidence_unknown"),
        (422, "validation_failed"),
    ]
    for content in (b"MZ\x90\x00" + bytes(2000), b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        refused = await upload(anna.buyer, content)
        assert (refused.status_code, refused.json()["code"]) == (422, "evidence_refused")
    left = await anna.buyer.read(f"/v1/orders/{anna.order_id}/aftersale-options")
    assert left["lines"][0]["left"] == 2
