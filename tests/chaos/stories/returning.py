"""Money that goes back, and goods that come back."""

import asyncio
import contextlib
import json
import sqlite3

from tests.chaos.stage import PRICE, Stage, story
from tests.e2e.calls import JSON, said


@story
async def refunded_in_parts(stage: Stage) -> None:
    """A part, then two at once of which one is too much, then the rest; more is refused."""
    good = await stage.shelf.good("manual")
    order_id = await stage.paid(good)
    order = await stage.operator.order(order_id)
    said(await stage.operator.refund(order, 1_000), 201)
    racing = await asyncio.gather(*(stage.operator.refund(order, 6_000) for _ in range(2)))
    assert sorted(answer.status_code for answer in racing) == [201, 409], [answer.text for answer in racing]
    await stage.refunded(order_id, 7_000)
    too_much = await stage.operator.refund(order, PRICE)
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_exceeds_rest")
    said(await stage.operator.refund(order), 201)
    await stage.refunded(order_id, PRICE)
    stage.sold(good, 1)


@story
async def refunded_by_lines(stage: Stage) -> None:
    """What is not there to be taken back is refused, and its units are free again."""
    good = await stage.shelf.good("manual")
    order_id = await stage.paid(good, 2)
    order = await stage.operator.order(order_id)
    path = f"/payments/{order['payment_id']}/refund"
    lines = [{"sku_id": good.sku_id, "quantity": 1}]
    said(await stage.operator.post(path, {"lines": lines}), 201)
    await stage.refunded(order_id, PRICE)
    over = await stage.operator.post(path, {"lines": [{"sku_id": good.sku_id, "quantity": 2}]})
    assert over.status_code in (409, 422), over.text
    stage.sold(good, 2)


async def _refuses(stage: Stage, order: JSON, faults: str) -> None:
    """The channel will turn refunds of this order down: written into the payment's metadata at the sandbox, where a merchant's
    own would stand. The shop has no way to ask for such a thing."""
    payment = await stage.operator.payment_of(order)
    books = stage.shop.settings.data_dir / "sandbox-payment" / "books.sqlite"
    with contextlib.closing(sqlite3.connect(books, timeout=20)) as sandbox, sandbox:
        for attempt in payment["attempts"]:
            told = (json.dumps({"faults": faults}), attempt["attempt_id"])
            sandbox.execute("UPDATE payments SET metadata = ? WHERE attempt = ?", told)


async def _refused(stage: Stage, order: JSON) -> str:
    refund_id = str(said(await stage.operator.refund(order), 201)["refund_id"])

    async def refused() -> bool:
        found = await stage.operator.refunds_of(order)
        return any(refund["refund_id"] == refund_id and refund["state"] == "refused" for refund in found)

    await stage.holds(f"refund {refund_id} is refused by the channel", refused)
    return refund_id


async def _decided(stage: Stage, refund_id: str, decision: str) -> None:
    said(await stage.operator.post(f"/v1/refunds/{refund_id}/decide", {"decision": decision}), 200)


async def _refused_then(stage: Stage, fault: str, decision: str) -> str:
    """An order whose refund the channel refuses, so decided, and paid back; its id."""
    good = await stage.shelf.good("manual")
    order_id = await stage.paid(good)
    order = await stage.operator.order(order_id)
    await _refuses(stage, order, fault)
    await _decided(stage, await _refused(stage, order), decision)
    await stage.refunded(order_id, PRICE)
    stage.sold(good, 1)
    return order_id


@story
async def refund_that_the_channel_refuses(stage: Stage) -> None:
    """Given up once, tried again, and it goes through."""
    await _refused_then(stage, "refund_refused*1", "retry")


@story
async def refund_paid_by_other_means(stage: Stage) -> None:
    """The channel refuses for good; it was paid by hand."""
    order_id = await _refused_then(stage, "refund_refused", "other_means")
    stage.orders.remove(order_id)  # the sandbox keeps what was paid back by hand


@story
async def aftersale_for_money_only(stage: Stage) -> None:
    """Small, by rule or by audit: the money goes back, the goods stay."""
    good = await stage.shelf.good()
    order_id = await stage.arrived(good, 2)
    case = await stage.applied(order_id, good, "refund_only", reason="other")
    if case["state"] == "auditing":
        half = {"minor": PRICE // 2}
        await stage.decides(case, "audit", {"approve": True, "because": "half of it", "at_most": half})
    await stage.case_is(case, "refunded")
    stage.sold(good, 2)


@story
async def returned_and_refunded(stage: Stage) -> None:
    """Fetched, received; one of two accepted and shelved."""
    good = await stage.shelf.good()
    order_id = await stage.arrived(good, 2)
    case = await stage.applied(order_id, good, "return_refund", 2)
    await stage.wishes(case, "pick-up")
    await stage.decides(case, "receive")
    await stage.inspects(case, good, accepted=1, resellable=1)
    await stage.case_is(case, "refunded")
    await stage.refunded(order_id, PRICE)
    stage.sold(good, 1)


@story
async def exchanged(stage: Stage) -> None:
    """Another piece is sent and arrives."""
    good = await stage.shelf.good()
    order_id = await stage.arrived(good)
    case = await stage.applied(order_id, good, "exchange")
    await stage.sends_back(case)
    await stage.inspects(case, good, accepted=1)
    sent = await stage.case_is(case, "replacement_sent")
    parcel = await stage.is_now({"shipment_id": sent["shipment_id"]}, "shipped")
    await stage.about(parcel, "sign-off", proof="handed over")
    await stage.case_is(case, "exchanged")
    stage.sold(good, 2)


@story
async def exchange_without_a_replacement(stage: Stage) -> None:
    """Sold out: the buyer takes the money."""
    good = await stage.shelf.own(1)
    order_id = await stage.arrived(good)
    case = await stage.applied(order_id, good, "exchange")
    await stage.sends_back(case)
    await stage.inspects(case, good, accepted=1)
    await stage.case_is(case, "sold_out")
    await stage.wishes(case, "choice", {"refund": True})
    await stage.case_is(case, "refunded")


@story
async def withdrawn_after_a_pick_up_was_booked(stage: Stage) -> None:
    """The carrier is called off, the units are free for another case, which is rejected and appealed."""
    good = await stage.shelf.good()
    order_id = await stage.arrived(good)
    case = await stage.applied(order_id, good, "return_refund")
    await stage.wishes(case, "pick-up")
    await stage.wishes(case, "withdraw")
    await stage.case_is(case, "withdrawn")
    again = await stage.applied(order_id, good, "return_refund")
    await stage.wishes(again, "withdraw")
    await stage.case_is(again, "withdrawn")
    stage.sold(good, 1)
