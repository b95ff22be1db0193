"""The ground of the state machine: a fresh shelf and two buyers an example, a look at everything after each command, and an end
after which nothing is left in the air."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any, ClassVar

from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize

from models.shared.ids import SkuId
from tests.e2e.calls import Buyer, Operator, said
from tests.model import refusals
from tests.model.commands import Case, Commands, Person, new_person, should_stand
from tests.model.expected import (
    ORDER_STEPS,
    PARCEL_STEPS,
    PAYMENT_STEPS,
    REFUND_STEPS,
    TRY_STEPS,
    Expected,
    Provider,
    Shelf,
    leads,
)
from tests.model.told import owed
from tests.model.world import World, within_bounds

UNITS = {"first": 3, "second": 2}
PRICES = {"first": 1_000, "second": 3_000}
_SOON = 20.0
"""Seconds that what is at rest may take to look as it should: a workflow's last timer, Temporal's lists."""
OVER = ("gone", "cancelled", "completed")
_STEPS_OF = {"att": TRY_STEPS, "rfd": REFUND_STEPS, "shp": PARCEL_STEPS}


class Shop(RuleBasedStateMachine):
    """Its rules are in `buying.py` and `operating.py`."""

    runner: ClassVar[asyncio.Runner]
    world: ClassVar[World]
    cases = Bundle("cases")

    def __init__(self) -> None:
        super().__init__()
        self.all: list[Case] = []
        self.provider = Provider()
        self.ended = False

    @initialize()
    def open(self) -> None:
        """Few units of two goods in one warehouse, and two buyers who want them: each order is one parcel."""
        self.do(self._open())

    async def _open(self) -> None:
        self.world.clock.ahead = timedelta(0)
        self.world.outside.silent_calls = 0
        self.world.outside.refuses_refunds(refuses=False)
        self.commands = Commands(self.world)
        self.people: list[Person] = [await new_person(self.world) for _ in range(2)]
        self.shelves: dict[str, Shelf] = {}
        self.skus: dict[str, str] = {}
        first = await self.world.shelves.good(UNITS["first"], price=PRICES["first"], outbound="manual")
        second = await self.world.shelves.good(price=PRICES["second"])
        receipt = {"warehouse_id": first.warehouses[0], "sku_id": second.sku_id, "quantity": UNITS["second"]}
        said(await self.world.operator.post("/v1/inventory/receive", receipt), 200)
        for name, good in (("first", first), ("second", second)):
            self.skus[name] = good.sku_id
            self.shelves[name] = Shelf(PRICES[name], UNITS[name])

    def do(self, work: Any) -> Any:
        """Run something in the shop, within bounds."""
        return within_bounds(self.runner, work)

    # ---- words for rules ---------------------------------------------------------------------------------------------

    def door(self, case: Case, who: str) -> Buyer | Operator:
        """The door at which the owner of an order, the other buyer or an operator stands."""
        return self.world.operator if who == "operator" else self.person(case, who).door

    def person(self, case: Case, who: str) -> Person:
        """The owner of an order, or the other buyer."""
        return case.owner if who == "owner" else next(one for one in self.people if one is not case.owner)

    def model(self, owner: Person, lines: dict[str, int], total: int, **spends: Any) -> Expected:
        """An order as the model begins it."""
        return Expected(self.shelves, owner.has, self.provider, lines, total, **spends)

    # ---- after each command ------------------------------------------------------------------------------------------

    def comes_to(self, *cases: Case) -> None:
        """Everything is as it should be, once these orders are at rest."""
        self.do(self._come_to(cases))

    async def _come_to(self, cases: tuple[Case, ...]) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + _SOON
        while True:
            wrong = [words for case in cases for words in await self._wrong_with(case)]
            wrong = wrong or await self._wrong_in_books()
            if not wrong:
                return
            assert loop.time() < end, "\n".join(wrong)
            await asyncio.sleep(0.05)

    async def _wrong_with(self, case: Case) -> list[str]:
        self.commands.turn_to(case)
        looks = await self.world.at_rest(case.order_id)
        found, wanted = await self.commands.stands(case), should_stand(case)
        self._keeps_to_the_tables(case, found)
        running = Counter(name.partition("/")[0] for name, look in looks.items() if look.status == "running")
        wanted_runs = refusals.runs(case.model)
        wrong = [
            f"{case.order_id} {part}: is {found.get(part)}, should be {want}"
            for part, want in wanted.items()
            if found.get(part) != want
        ]
        wrong += [
            f"{case.order_id}: {running[kind]} × {kind} run, not {number}: {looks}"
            for kind, number in wanted_runs.items()
            if running[kind] != number
        ]
        return wrong + [f"{name} is {look.status}" for name, look in looks.items() if look.status == "failed"]

    def _keeps_to_the_tables(self, case: Case, found: dict[str, Any]) -> None:
        now = {"order": (found["order"] or {}).get("status", ""), "payment": (found["payment"] or ("",))[0]}
        now |= found["tries"] | found.get("ids", {})
        for name, state in now.items():
            before = case.seen.get(name, "")
            steps = {"order": ORDER_STEPS, "payment": PAYMENT_STEPS}.get(name) or _STEPS_OF[name[:3]]
            assert leads(steps, before, state), f"{case.order_id}: {name} went from {before} to {state}"
        told = ["", *found.get("steps", [])]
        for before, after in pairwise(told):
            assert after in ORDER_STEPS[before], f"{case.order_id}: its timeline goes from {before} to {after}"
        case.seen = now

    async def _wrong_in_books(self) -> list[str]:
        wrong: list[str] = []
        for name, shelf in self.shelves.items():
            (level,) = await self.world.shop.inventory.levels(sku_id=SkuId(self.skus[name]))
            if (level.on_hand, level.reserved) != (shelf.on_hand, shelf.reserved):
                wrong.append(f"{name}: {level.on_hand} lie there, {level.reserved} reserved; should be {shelf}")
        for person in self.people:
            coupon = await self.world.shop.coupons.coupon_of(person.coupon_id, person.user_id)
            purse = await self.world.shop.points.account(person.user_id, self.world.clock())
            if (purse.balance, coupon.state.value) != (person.has.points, person.has.coupon):
                wrong.append(f"{person.user_id}: {purse.balance} points, coupon {coupon.state}; should be {person.has}")
        return wrong or await self._found_by_an_audit()

    async def _found_by_an_audit(self) -> list[str]:
        """At the time of whoever is behind, lest one order's future be another's delay; once all are over, at the end of time."""
        open_still = [case.ahead for case in self.all if case.model.stage not in OVER]
        self.world.clock.ahead = min(open_still or [max([case.ahead for case in self.all], default=timedelta(0))])
        return await self.world.findings()

    # ---- the end -----------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Whatever was left open is brought to its end; then nothing runs, nothing is held, and no money is missing."""
        if hasattr(self, "people") and not self.ended:
            self.ended = True
            self.world.outside.silent_calls = 0
            self.calms_down()
            for case in self.all:
                self.brings_to_its_end(case)
            self.comes_to(*self.all)
            for case in self.all:
                assert case.model.stage in OVER, case.model.stage
                self.adds_up(case)
                self.do(self._was_told(case))
            assert all(shelf.reserved == 0 for shelf in self.shelves.values())

    async def _was_told(self, case: Case) -> None:
        told, wanted = await self.world.told.of(case.order_id), owed(case.model)
        assert told == wanted, f"{case.order_id}: Kafka was told {told}, not {wanted}"

    def calms_down(self) -> None:
        """The provider takes refunds again."""
        self.provider.refuses_refunds = False
        self.world.outside.refuses_refunds(refuses=False)

    def brings_to_its_end(self, case: Case) -> None:
        """See `operating.py`."""
        raise NotImplementedError

    def adds_up(self, case: Case) -> None:
        """What the provider took and did not send back is what the shop holds, or has paid back by other means."""
        store = self.world.outside.provider.store
        there = sum(one.amount - store.refunded_minor(one.reference) for one in case.model.tries if one.there == "paid")
        by_hand = sum(back.amount for back in case.model.backs if back.state == "other_means")
        assert there == case.model.left + by_hand, f"{case.order_id}: {there} at the provider, {case.model.left} held"
        if case.model.stage == "cancelled":
            assert case.model.left == 0, f"{case.order_id} is cancelled and holds {case.model.left}"
