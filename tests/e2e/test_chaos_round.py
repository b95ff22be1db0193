"""A short round of `make chaos` for every run of the suite: one death of the worker with ten stories at ten different steps.

The steps follow from HANSE_CHAOS_SEED, or from the seed in this file; the plan is printed with a failure.
"""

import os

import pytest

from tests.chaos.campaign import Campaign
from tests.chaos.plan import FAULTS, Round, planned
from tests.chaos.steps import Step
from tests.e2e.running import RunningShop

SEED = 4
WAYS = {
    "bought": {
        "Checkout": "orders.quote_basket inventory.reserve_stock orders.open_order payments.open_payment "
        "inventory.commit_stock fulfillment.hand_over orders.advance_order",
        "PaymentTimeout": "payments.settle",
        "Fulfillment": "fulfillment.book_waybill fulfillment.finish_shipment",
    },
    "cancelled before payment": {
        "Checkout": "payments.request_stop payments.close_payment inventory.release_stock",
        "PaymentTimeout": "payments.close_window",
    },
    "cancelled after payment": {"Checkout": "fulfillment.stop_shipments payments.start_refund"},
    "refunded in parts": {"Refund": "payments.hold_refund payments.send_refund_leg payments.book_refund"},
    "transferred": {"Transfer": "inventory.open_transfer inventory.dispatch_transfer inventory.receive_transfer"},
}
AT_ONCE = 10


def death(seed: int) -> Round:
    """Ten of these steps, some just before and some just after their effect; the worker dies once for all of them."""
    ways = {
        story: {Step(saga, name): 1 for saga, names in taken.items() for name in names.split()}
        for story, taken in WAYS.items()
    }
    killed = [fault for fault in FAULTS if fault.part == "worker"]
    rounds = planned(seed, ways, at_once=AT_ONCE, faults=killed)
    chosen = [target for one in rounds for target in one.targets][seed % 3 :: 4]
    return Round(killed[0], tuple(chosen[:AT_ONCE]))


@pytest.mark.timeout(240)
async def test_sagas_go_on_after_their_worker_died_at_any_step(shop: RunningShop) -> None:
    seed = int(os.environ.get("HANSE_CHAOS_SEED") or SEED)
    plan = death(seed)
    print(f"HANSE_CHAOS_SEED={seed}", *plan.targets, sep="\n")  # noqa: T201 # pytest shows it when the test fails
    results = await Campaign(shop, scale=0.1, story_within=90, at_rest_within=60).play(plan)
    assert [(str(result.target), result.words) for result in results if result.outcome == "broken"] == []
    assert [str(result.target) for result in results if result.outcome == "not reached"] == []
