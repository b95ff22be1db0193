"""Any sequence of calls leaves a level that sells ahead exactly where a page of arithmetic says: who is served, who waits."""

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from models.inventory.ahead import AheadSetting, ClaimSearch
from models.inventory.types import SellsAhead, Warehouse
from tests.integration.inventory.shop import NOW, Shop, line, order, sku
from tests.integration.stateful import StoreMachine, holds_whatever_happens

UNITS = st.integers(1, 6)
WHICH = st.integers(0, 30)


@dataclass
class Bought:
    """What the model knows of one order."""

    stock: int
    claimed: int
    claim: str = "none"
    state: str = "held"


class ClaimModel(StoreMachine):
    """One SKU in one warehouse. `shop` is set by the test."""

    shop: Shop

    @initialize(units=st.integers(0, 5), limit=st.integers(0, 8))
    def open(self, units: int, limit: int) -> None:
        self.calls = 0
        self.on_hand = self.reserved = self.limit = 0
        self.bought: list[Bought] = []
        self.queue: list[Bought] = []
        self.now(self._empty())
        made = self.now(self.shop.warehouse("a"))
        assert isinstance(made, Warehouse)
        self.warehouse_id = made.warehouse_id
        self.now(self.shop.store.count(self.warehouse_id, sku(), 0, key="first", actor="t", now=NOW))
        self.receive(units)
        self.decide(limit)

    async def _empty(self) -> None:
        async with self.shop.db.transaction() as connection:
            await connection.execute("ALTER TABLE journal DISABLE TRIGGER ALL")
            await connection.execute(
                "TRUNCATE warehouses, skus, stock, reservations, reservation_lines, transfers, transfer_lines, operations, "
                "journal, claims, ahead_sales"
            )
            await connection.execute("ALTER TABLE journal ENABLE TRIGGER ALL")

    def _serve(self) -> None:
        while self.queue and self.queue[0].claimed <= self.on_hand - self.reserved:
            first = self.queue.pop(0)
            first.claim = "filled"
            self.reserved += first.claimed

    @rule(units=st.integers(0, 9))
    def receive(self, units: int) -> None:
        if units:
            self.calls += 1
            for _ in range(2):
                key = str(self.calls)
                self.now(self.shop.store.receive(self.warehouse_id, sku(), units, key=key, actor="t", now=NOW))
            self.on_hand += units
            self._serve()

    @rule(units=UNITS)
    def lose(self, units: int) -> None:
        self.calls += 1
        losing = self.shop.store.adjust(
            self.warehouse_id, sku(), -units, key=str(self.calls), actor="t", now=NOW, note="broken"
        )
        answer = self.now(losing)
        if self.on_hand - units < 0:
            assert answer == "invalid_request"
        elif self.on_hand - units < self.reserved:
            assert answer == "stock_is_reserved"
        else:
            self.on_hand -= units

    @rule(limit=st.integers(0, 8))
    def decide(self, limit: int) -> None:
        before = self.now(self.shop.store.ahead_sale(self.warehouse_id, sku()))
        assert not isinstance(before, str)
        setting = AheadSetting(policy=SellsAhead.NEVER)
        if limit:
            setting = AheadSetting(policy=SellsAhead.BACKORDER, limit=limit, within_days=3)
        self.now(self.shop.store.set_ahead_sale(self.warehouse_id, sku(), setting, before.version, "t", NOW))
        self.limit = limit

    @rule(units=UNITS)
    def buy(self, units: int) -> None:
        n = len(self.bought)
        answer = self.now(self.shop.reserve(order(n), line(units)))
        there = 0 if self.queue else self.on_hand - self.reserved
        room = max(self.limit - sum(waits.claimed for waits in self.queue), 0)
        if units > there + room:
            assert answer == "sold_out"
            self.now(self.shop.store.release(order(n), NOW))
            self.bought.append(Bought(0, 0, state="released"))
            return
        assert not isinstance(answer, str)
        new = Bought(min(units, there), max(units - there, 0))
        self.reserved += new.stock
        self.bought.append(new)
        if new.claimed:
            new.claim = "open"
            self.queue.append(new)
            self._serve()
        again = self.now(self.shop.reserve(order(n), line(units)))
        assert not isinstance(again, str)
        assert (again.allocations, again.ahead) == (answer.allocations, answer.ahead)

    @rule(which=WHICH)
    def give_back(self, which: int) -> None:
        if (found := self._order(which)) is None:
            return
        answer = self.now(self.shop.store.release(order(found[0]), NOW))
        if found[1].state == "committed":
            assert answer == "reservation_committed"
        elif found[1].state == "held":
            self.reserved -= found[1].stock
            found[1].state = "released"
            self._drop(found[1])

    @rule(which=WHICH)
    def pay(self, which: int) -> None:
        if (found := self._order(which)) is None:
            return
        answer = self.now(self.shop.store.commit(order(found[0]), NOW))
        if found[1].state == "released":
            assert answer == "reservation_released"
        elif found[1].state == "held":
            self.on_hand -= found[1].stock
            self.reserved -= found[1].stock
            found[1].state = "committed"

    @rule(which=WHICH)
    def pack(self, which: int) -> None:
        if (found := self._order(which)) is None or found[1].claim == "none":
            return
        claims = self.now(self.shop.store.claims(ClaimSearch(order_id=order(found[0]))))
        assert not isinstance(claims, str)
        answer = self.now(self.shop.store.take_claim(claims[0].claim_id, NOW))
        if found[1].claim == "released":
            assert answer == "reservation_released"
            return
        if found[1].claim == "filled" and found[1].state == "committed":
            self.on_hand -= found[1].claimed
            self.reserved -= found[1].claimed
            found[1].claim = "committed"
        assert not isinstance(answer, str)
        assert answer.state == found[1].claim

    @rule(which=WHICH)
    def wait_no_longer(self, which: int) -> None:
        if (found := self._order(which)) is not None:
            self.now(self.shop.store.release_claims(order(found[0]), NOW))
            self._drop(found[1])

    def _drop(self, bought: Bought) -> None:
        if bought.claim == "filled":
            self.reserved -= bought.claimed
        if bought.claim in ("open", "filled"):
            self.queue = [waits for waits in self.queue if waits is not bought]
            bought.claim = "released"
        self._serve()

    def _order(self, which: int) -> tuple[int, Bought] | None:
        return (which % len(self.bought), self.bought[which % len(self.bought)]) if self.bought else None

    @invariant()
    def the_level_is_what_the_model_says(self) -> None:
        if not hasattr(self, "warehouse_id"):
            return
        levels = self.now(self.shop.store.levels())
        assert not isinstance(levels, str)
        (level,) = levels
        waiting = sum(bought.claimed for bought in self.queue)
        assert (level.on_hand, level.reserved, level.claimed) == (self.on_hand, self.reserved, waiting)

    def teardown(self) -> None:
        claims = self.now(self.shop.store.claims(ClaimSearch()))
        assert not isinstance(claims, str)
        known = {order(n): bought.claim for n, bought in enumerate(self.bought) if bought.claim != "none"}
        assert {claim.order_id: claim.state.value for claim in claims} == known
        assert self.now(self.shop.store.audit(NOW)) == []


@pytest.mark.hypothesis
async def test_any_sequence_of_calls_leaves_the_claims_the_model_says(shop: Shop) -> None:
    await holds_whatever_happens(ClaimModel, 25, 25, shop=shop)
