"""What the shop says of the played orders in the end, beside what the files say."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cli.calling import Login, Shop
from cli.replay.differences import Difference, from_the_files, in_the_shop
from cli.replay.memory import Memory
from cli.replay.rating import Ratings
from cli.replay.script import Ending, GoodKey, PlayedOrder, Script
from cli.replay.stocking import Sku, side_by_side
from cli.settling import looked_at_until

_SETTLED_WITHIN = 120.0
_AT_ONCE = 8

Json = Mapping[str, Any]

_REACHED: dict[Ending, Callable[[Json], bool]] = {
    Ending.PLACED: lambda order: order["status"] == "pending_payment",
    Ending.PAID: lambda order: _stands(order) == ("paid", "paid", "unfulfilled"),
    Ending.SHIPPED: lambda order: _stands(order) == ("paid", "paid", "shipped"),
    Ending.DELIVERED: lambda order: _stands(order)[1:] == ("paid", "delivered") and order["status"] != "cancelled",
    Ending.CANCELLED: lambda order: (
        order["status"] == "cancelled" and order["payment_status"] in ("refunded", "unpaid")
    ),
    Ending.SOLD_OUT: lambda order: _stands(order)[1:] == ("refunded", "stopped"),
}


def _stands(order: Json) -> tuple[str, str, str]:
    return order["status"], order["payment_status"], order["fulfillment_status"]


@dataclass
class Outcome:
    """What the shop says in the end. Money in centavos."""

    reached: Counter[str] = field(default_factory=Counter)
    """How many orders of each state in the files are where they should be."""
    elsewhere: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Of each state in the files, how the other orders stand."""
    on_their_day: int = 0
    """Parcels that were signed for at the moment the files say."""
    money_in: int = 0
    money_out: int = 0
    money_by_kind: Counter[str] = field(default_factory=Counter)
    reviews: int = 0
    """That products are rated by, and their stars."""
    stars: int = 0
    differences: list[Difference] = field(default_factory=list)


async def compare(
    shop: Shop,
    operator: Login,
    memory: Memory,
    script: Script,
    skus: Mapping[GoodKey, Sku],
    progress: Callable[[str, int, int], None],
) -> Outcome:
    """Look at every played order, its payment and its review, then at products' ratings; money on its way back is waited for."""
    outcome, facts, ratings = Outcome(), memory.all("order"), Ratings(shop, operator, skus)
    until = time.monotonic() + _SETTLED_WITHIN

    async def look(played: PlayedOrder) -> None:
        fact = facts.get(played.order_id, {})
        await ratings.judge_review(played, fact.get("review_id"))
        if not fact.get("placed"):
            outcome.elsewhere[played.filed_state]["never placed"] += 1
            _miss(outcome, played, "never placed")
            return
        order = await _settled(shop, operator, fact["order_id"], played.ending, until)
        _judge_state(outcome, played, order)
        if played.signed_at is not None and played.ending is Ending.DELIVERED:
            parcels = await shop.ask("GET", f"/v1/orders/{fact['order_id']}/shipments", who=operator)
            _judge_dates(outcome, played, parcels.body)
        for lapsed in fact["lapsed"]:
            detail = f"{lapsed} lapsed while the replay was interrupted; placed again"
            outcome.differences.append(from_the_files(played.order_id, "placed again", detail))
        if order["total"]["minor"]:
            payment = await shop.ask("GET", f"/payments/{fact['payment_id']}", who=operator)
            _judge_money(outcome, played, payment.body)

    done = 0
    async for _ in side_by_side(script.orders, look, _AT_ONCE):
        done += 1
        progress("Comparing", done, len(script.orders))
    await ratings.judge_products()
    outcome.reviews, outcome.stars = ratings.reviews, ratings.stars
    outcome.differences += ratings.differences
    return outcome


async def _settled(shop: Shop, operator: Login, order_id: str, ending: Ending, until: float) -> Json:
    """The order, once it is where it should be, or when there is no time left to wait for it."""

    async def look() -> Json:
        order: Json = (await shop.ask("GET", f"/orders/{order_id}", who=operator)).body
        return order

    def settled(order: Json) -> bool:
        moving = order["payment_status"] == "refunding" or ending is Ending.SOLD_OUT
        return _REACHED[ending](order) or not moving

    return await looked_at_until(look, settled, max(0.0, until - time.monotonic()))


def _judge_state(outcome: Outcome, played: PlayedOrder, order: Json) -> None:
    if _REACHED[played.ending](order):
        outcome.reached[played.filed_state] += 1
        return
    stands = " · ".join(_stands(order))
    outcome.elsewhere[played.filed_state][stands] += 1
    if played.ending is Ending.PLACED and order["cancel_reason"] == "payment_timeout":
        detail = "only placed, and its payment window has ended since"
        outcome.differences.append(from_the_files(played.order_id, "expired", detail))
    else:
        outcome.differences.append(
            in_the_shop(played.order_id, "another state", f"{played.filed_state} in the files; here {stands}")
        )


def _judge_dates(outcome: Outcome, played: PlayedOrder, parcels: list[Json]) -> None:
    """Whether each parcel was signed for when the files say so."""
    for parcel in parcels:
        if parcel["signed_at"] and datetime.fromisoformat(parcel["signed_at"]) == played.signed_at:
            outcome.on_their_day += 1
        else:
            detail = (
                f"{parcel['shipment_id']} was signed for {parcel['signed_at'] or 'never'}; filed {played.signed_at}"
            )
            outcome.differences.append(in_the_shop(played.order_id, "another date", detail))


def _judge_money(outcome: Outcome, played: PlayedOrder, payment: Json) -> None:
    came, back = payment["captured"]["minor"], payment["refunded"]["minor"]
    outcome.money_in += came
    outcome.money_out += back
    for attempt in payment["attempts"]:
        if attempt["state"] == "captured":
            outcome.money_by_kind[attempt["method"]] += attempt["amount"]["minor"]
    due, due_back = _money_of(played)
    if (came, back) != (due, due_back):
        detail = f"{came} came and {back} went back; it should be {due} and {due_back}"
        difference = in_the_shop(played.order_id, "other money", detail, money_in=came - due, money_out=back - due_back)
        outcome.differences.append(difference)


def _money_of(played: PlayedOrder) -> tuple[int, int]:
    """What should come for an order, and go back."""
    due = sum(payment.amount for payment in played.payments)
    return due, due if played.ending in (Ending.CANCELLED, Ending.SOLD_OUT) else 0


def _miss(outcome: Outcome, played: PlayedOrder, what: str) -> None:
    due, due_back = _money_of(played)
    outcome.differences.append(
        in_the_shop(played.order_id, what, f"{played.filed_state} in the files", money_in=-due, money_out=-due_back)
    )
