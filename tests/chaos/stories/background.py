"""What schedules start, and what else has a saga of its own."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

from temporalio.service import RPCError

from models.auditing.messages import AuditInput
from models.fulfillment.watching import WatchInput
from models.housekeeping.messages import HousekeepingInput
from models.payments.reconciliation import ReconciliationInput
from models.payments.supplement import SupplementInput
from models.points.messages import ExpiryRun
from tests.chaos.stage import PRICE, Stage, story
from tests.chaos.stories.goods import ran
from tests.e2e.calls import JSON, said
from tests.e2e.running import HASTY_WINDOW


@story
async def callback_lost(stage: Stage) -> None:
    """The money is found by asking; the order goes on."""
    good = await stage.shelf.good("manual")
    order_id = await stage.placed(good)
    await stage.buyer.pay(order_id, "lost")
    await ran(stage, "Supplement", SupplementInput(pending_for=timedelta(0)), "supplement")
    await stage.buyer.until(order_id, "paid")
    stage.sold(good, 1)


@story
async def window_whose_saga_is_gone(stage: Stage) -> None:
    """Somebody ends the saga of a payment window; the supplement takes the window up again, and it closes."""
    order_id = await stage.placed(await stage.shelf.good("manual"), hasty=True)
    client = await stage.shop.temporal()
    with contextlib.suppress(RPCError):  # its window was over first
        await client.get_workflow_handle(f"payment-timeout/{order_id}").terminate("chaos")
    await asyncio.sleep(HASTY_WINDOW + 2)
    taking_up = SupplementInput(pending_for=timedelta(0), grace=timedelta(seconds=1))

    async def closed() -> JSON | None:
        await ran(stage, "Supplement", taking_up, "supplement")  # which leaves to the next run what stays broken
        with contextlib.suppress(AssertionError):
            return await stage.buyer.until(order_id, "cancelled", within=20)
        return None

    order = await stage.holds(f"the window of {order_id} is closed", closed)
    assert order["cancel_reason"] == "payment_timeout", order


@story
async def statement_compared(stage: Stage) -> None:
    """Today's statement tells of money whose callback was lost; yesterday's is compared, too."""
    good = await stage.shelf.good("manual")
    order_id = await stage.placed(good)
    await stage.buyer.pay(order_id, "lost")
    stage.sold(good, 1)
    channel = "sandbox"
    day = datetime.now(UTC).date()
    terms = ReconciliationInput(channel=channel, day=day, patience=timedelta(0))
    await ran(stage, "Reconciliation", terms, "reconciliation")
    daily = ReconciliationInput(channel=channel, looks_back=0, patience=timedelta(0))
    await ran(stage, "Reconciliation", daily, "reconciliation")
    await ran(stage, "Supplement", SupplementInput(pending_for=timedelta(0)), "supplement")
    await stage.buyer.until(order_id, "paid")


@story
async def silent_carriers_asked(stage: Stage) -> None:
    """Parcels that nobody speaks of are asked about, and signed for in time."""
    good = await stage.shelf.good()
    order_id = await stage.paid(good)
    parcel = await stage.parcel(order_id, "shipped")
    await stage.moves(parcel, "picked_up", "delivered")
    await stage.is_now(parcel, "delivered")
    await ran(stage, "ParcelWatch", WatchInput(silence=timedelta(0), sign_off_after=timedelta(days=30)), "parcel-watch")
    stage.sold(good, 1)


@story
async def points_given_and_written_off(stage: Stage) -> None:
    """A present, and the daily run."""
    wish = {"delta": 700, "why": "a present"}
    said(await stage.operator.post(f"/v1/operators/points/{stage.user_id}/adjust", wish), 200)
    assert (await stage.buyer.read("/v1/points"))["balance"] == 700
    await ran(stage, "PointsExpiry", ExpiryRun(), "points-expiry")


@story
async def reviewed(stage: Stage) -> None:
    """Who bought it says how it is."""
    good = await stage.shelf.good()
    order_id = await stage.arrived(good)
    await stage.parcel(order_id, "signed")
    body = {"stars": 5, "text": "很好 very good"}
    review = said(await stage.buyer.post(f"/v1/orders/{order_id}/lines/1/review", body), 201)
    more = {"text": "still good"}
    said(await stage.buyer.post(f"/v1/reviews/{review['review_id']}/follow-up", more), 201)
    stage.sold(good, 1)


@story
async def stock_runs_low(stage: Stage) -> None:
    """A level falls to its mark by an operator's hand, and by an order."""
    good = await stage.shelf.own(10)
    stage.actor.marks.update((good.warehouses[0], good.sku_id))
    path = f"/v1/inventory/levels/{good.warehouses[0]}/{good.sku_id}/thresholds"
    said(await stage.operator.send("PUT", path, {"safety": 0, "low_at": 12}), 200)
    await stage.arrived(good)


@story
async def charged_back(stage: Stage) -> None:
    """The buyer's bank took the money back; the order's timeline and whoever listens hear of it."""
    good = await stage.shelf.good("manual")
    order_id = await stage.placed(good)
    attempt = await stage.buyer.pay(order_id)
    order = await stage.buyer.until(order_id, "paid")
    case = {"attempt_id": attempt["attempt_id"], "reference": order_id[-20:], "amount": {"minor": PRICE}}
    path = f"/v1/payments/{order['payment_id']}/chargebacks"
    booked = said(await stage.operator.post(path, case | {"reason": "fraudulent"}), 201)
    stage.actor.marks.add(booked["chargeback_id"])

    async def noted() -> bool:
        steps = await stage.operator.read(f"/v1/orders/{order_id}/timeline")
        return "charged_back" in [entry["step"] for entry in steps]

    await stage.holds(f"the timeline of {order_id} tells of the chargeback", noted)
    stage.sold(good, 1)


@story
async def house_kept(stage: Stage) -> None:
    """What was kept long enough is removed; what fails is left to the next run."""
    await ran(stage, "Housekeeping", HousekeepingInput(), "housekeeping")


@story
async def everything_audited(stage: Stage) -> None:
    """The audit that runs by itself; what it finds is for the end of the round to judge."""
    await ran(stage, "Audit", AuditInput(looks=1), "audit")
