"""Callbacks lost, doubled, late, reordered, forged, wrong: each order ends right, and what is wrong is counted.

All of them happen at once, in the module's fixture; each test then looks at its own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from tests.e2e.calls import JSON, Buyer, Operator, eventually, said
from tests.e2e.crowds import dice_for
from tests.e2e.goods import Good, Shelves
from tests.e2e.running import HASTY_WINDOW, RunningShop

PRICE = 8_800


@dataclass
class Case:
    """One order of a buyer in a hurry, and everything that became of it."""

    order: JSON = field(default_factory=dict)
    payment: JSON = field(default_factory=dict)
    refunds: list[JSON] = field(default_factory=list)


@dataclass
class Aftermath:
    """All cases, at rest; what was counted meanwhile; and the stock that is left of what there was."""

    cases: dict[str, Case]
    counted: dict[str, float]
    mismatches: list[JSON]
    left: int


async def pays_with(faults: str, buyer: Buyer, order_id: str) -> None:
    await buyer.pay(order_id, faults)


async def pays_twice(buyer: Buyer, order_id: str) -> None:
    attempts = [await buyer.try_to_pay(order_id) for _ in range(2)]
    for answer in await asyncio.gather(*(buyer.press_pay(attempt) for attempt in attempts)):
        said(answer, 200)


async def pays_after_the_window(buyer: Buyer, order_id: str) -> None:
    attempt = await buyer.try_to_pay(order_id)
    await buyer.until(order_id, "cancelled", within=HASTY_WINDOW + 30)
    said(await buyer.press_pay(attempt, "paid_although_closed"), 200)


async def pays_never(buyer: Buyer, order_id: str) -> None:
    await buyer.try_to_pay(order_id)


Story = Callable[[Buyer, str], Awaitable[None]]
FAULTS = {
    "lost": "lost",
    "doubled": "doubled:10",
    "late": f"late:{HASTY_WINDOW + 3:g}",
    "reordered": f"reordered:{HASTY_WINDOW + 3:g}",
    "forged": "forged",
    "stale": "stale",
    "wrong amount": "wrong_amount:100",
    "with one of nobody": "unknown_payment",
    "forged and doubled and late": "forged,doubled:5,late:2",
}
COUNTED = ("genuine", "signature_invalid", "timestamp_stale", "unknown_payment")


def story_of(faults: str) -> Story:
    return lambda buyer, order_id: pays_with(faults, buyer, order_id)


STORIES: dict[str, Story] = {
    **{name: story_of(faults) for name, faults in FAULTS.items()},
    "paid twice": pays_twice,
    "paid after the window": pays_after_the_window,
    "never paid": pays_never,
}


@pytest.fixture(scope="module")
async def aftermath(shop: RunningShop, shelves: Shelves, operator: Operator) -> Aftermath:
    good = await shelves.good(100, price=PRICE)
    cases = {name: Case() for name in STORIES}
    before = await verdicts(shop)
    buyers = await shop.buyers(len(cases), shop.hasty_url)
    told = zip(buyers, STORIES.items(), strict=True)
    await asyncio.gather(*(live(buyer, good, story, cases[name]) for buyer, (name, story) in told))
    await asyncio.gather(*(come_to_rest(shop, case) for case in cases.values()))
    await shop.books_agree([case.order["order_id"] for case in cases.values()])

    async def callbacks_are_all_delivered() -> bool:
        now = await verdicts(shop)
        return now["genuine"] - before["genuine"] >= 10 + 5 and now["unknown_payment"] > before["unknown_payment"]

    await eventually("late callbacks came", callbacks_are_all_delivered)
    for case in cases.values():
        case.order = await operator.order(case.order["order_id"])
        case.payment = await operator.payment_of(case.order)
        case.refunds = await operator.refunds_of(case.order)
    after = await verdicts(shop)
    return Aftermath(
        cases=cases,
        counted={name: after[name] - before[name] for name in after},
        mismatches=await operator.read("/v1/operators/payments/mismatches"),
        left=await operator.available(good.sku_id),
    )


async def verdicts(shop: RunningShop) -> dict[str, float]:
    """What both apis and the worker counted."""
    operator = shop.operator
    counted = {}
    for verdict in COUNTED:
        name = "hanse_payment_callbacks"
        counted[verdict] = await operator.metric(name, verdict=verdict) + await operator.metric(
            name, shop.hasty_url, verdict=verdict
        )
    counted["mismatches"] = await operator.metric("hanse_payment_mismatches", shop.worker_metrics_url)
    return counted


async def live(buyer: Buyer, good: Good, story: Story, case: Case) -> None:
    case.order = await buyer.placed(good.sku_id)
    await story(buyer, case.order["order_id"])


async def come_to_rest(shop: RunningShop, case: Case) -> None:
    async def ended() -> bool:
        order = await shop.operator.order(case.order["order_id"])
        return order["status"] in ("paid", "cancelled")

    await eventually(f"order {case.order['order_id']} ends", ended, within=HASTY_WINDOW + 30)


@pytest.mark.parametrize("name", sorted(FAULTS))
async def test_an_order_is_paid_once_whatever_happens_to_its_callback(aftermath: Aftermath, name: str) -> None:
    case = aftermath.cases[name]
    assert (case.order["status"], case.order["payment_status"]) == ("paid", "paid")
    assert (case.payment["state"], case.payment["captured"]["minor"]) == ("paid", PRICE)
    assert case.refunds == []


async def test_who_pays_twice_gets_one_payment_back(aftermath: Aftermath) -> None:
    case = aftermath.cases["paid twice"]
    assert (case.order["status"], case.payment["captured"]["minor"]) == ("paid", PRICE)
    assert sorted(attempt["state"] for attempt in case.payment["attempts"]) == ["captured", "surplus"]
    assert [(refund["reason"], refund["state"], refund["amount"]["minor"]) for refund in case.refunds] == [
        ("duplicate_payment", "succeeded", PRICE)
    ]


async def test_who_pays_after_the_window_gets_it_back_and_no_order(aftermath: Aftermath) -> None:
    case = aftermath.cases["paid after the window"]
    assert (case.order["status"], case.order["cancel_reason"]) == ("cancelled", "payment_timeout")
    assert [(refund["reason"], refund["state"], refund["amount"]["minor"]) for refund in case.refunds] == [
        ("late_payment", "succeeded", PRICE)
    ]


async def test_an_order_that_nobody_pays_is_cancelled_by_its_timeout(aftermath: Aftermath) -> None:
    case = aftermath.cases["never paid"]
    assert (case.order["status"], case.order["cancel_reason"]) == ("cancelled", "payment_timeout")
    assert (case.payment["state"], case.refunds) == ("closed", [])


async def test_stock_is_gone_for_orders_that_were_paid_and_for_no_other(aftermath: Aftermath) -> None:
    paid = [case for case in aftermath.cases.values() if case.order["status"] == "paid"]
    assert aftermath.left == 100 - len(paid)


async def test_what_was_wrong_is_counted(aftermath: Aftermath) -> None:
    assert aftermath.counted["signature_invalid"] == 1 + 5
    assert aftermath.counted["timestamp_stale"] == 1
    assert aftermath.counted["unknown_payment"] == 1
    assert aftermath.counted["mismatches"] == 1


async def test_a_report_of_another_amount_is_cleared_up_by_the_channel_s_own_word(aftermath: Aftermath) -> None:
    payment_id = aftermath.cases["wrong amount"].payment["payment_id"]
    assert payment_id not in [open_still["payment_id"] for open_still in aftermath.mismatches]


async def test_the_books_are_in_order_after_all_that(aftermath: Aftermath, shop: RunningShop) -> None:
    await shop.nothing_is_stuck()
    await shop.audit_is_clean()


async def test_a_hold_that_nobody_places_gives_its_stock_back(shop: RunningShop, shelves: Shelves) -> None:
    good = await shelves.good(3)
    buyer = await shop.buyer(shop.hasty_url)
    prepared = said(await buyer.post("/orders/prepare", buyer.basket(good.sku_id, quantity=3)), 200)
    assert await shop.operator.available(good.sku_id) == 0

    async def given_back() -> bool:
        return await shop.operator.available(good.sku_id) == 3

    await eventually("the hold is released", given_back, within=HASTY_WINDOW + 10)
    late = said(await buyer.post("/orders", {"order_id": prepared["order_id"]}), 409)
    assert late["code"] == "hold_expired"
    assert (await buyer.get(f"/orders/{prepared['order_id']}")).status_code == 404
    await shop.audit_is_clean()


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_any_mixture_of_faults_on_the_way_in_and_out_ends_right(shop: RunningShop, shelves: Shelves) -> None:
    dice = dice_for("mixture")
    good = await shelves.good(500, price=PRICE)
    paid: list[str] = []

    async def mixed(buyer: Buyer) -> str:
        order_id = str((await buyer.placed(good.sku_id))["order_id"])
        attempt = await buyer.post("/payments", {"order_id": order_id, "channel": "sandbox"})
        if attempt.status_code == 201:
            faults = ",".join(dice.sample(sorted(FAULTS.values()), dice.randint(1, 3)))
            if (await buyer.press_pay(attempt.json(), faults)).status_code == 200:
                paid.append(order_id)
        return order_id

    orders: list[str] = []
    for _ in range(10):
        orders += await asyncio.gather(*map(mixed, await shop.buyers(12, shop.hasty_url)))
    for order_id in orders:
        await come_to_rest(shop, Case(order={"order_id": order_id}))
        status = (await shop.operator.order(order_id))["status"]
        assert status == ("paid" if order_id in paid else "cancelled"), order_id
    await shop.books_agree(orders, within=60)
    await everything_goes_back_over_a_channel_in_trouble(shop, paid)
    await shop.books_agree(orders, within=180)
    await shop.nothing_is_stuck(within=120)
    await shop.audit_is_clean()


async def everything_goes_back_over_a_channel_in_trouble(shop: RunningShop, orders: list[str]) -> None:
    """Refunds whose calls fail or are never answered, and whose callbacks are lost, doubled or late."""
    kinds = {
        "refund_succeeded": [("lost", None, 0.4), ("doubled", 10, 0.3), ("late", 5, 0.3), ("forged", None, 0.2)],
        "refund": [("unavailable", None, 0.2), ("timeout_after_effect", 12, 0.1)],
    }
    rules = [
        {"fault": fault, "value": value, "share": share, "on": on}
        for on, faults in kinds.items()
        for fault, value, share in faults
    ]
    async with shop.payments_go_wrong(*rules, seed=7):
        for order_id in orders:
            said(await shop.operator.refund(await shop.operator.order(order_id)), 201)

        async def all_back() -> bool:
            return all([(await shop.operator.order(one))["refunded"]["minor"] == PRICE for one in orders])

        await eventually("every refund has come through", all_back, within=300, pause=2)
