"""Any sequence of calls leaves the real store exactly where a dozen lines of arithmetic say."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from models.inventory.hot import SplitMode, SplitSetting
from models.inventory.types import Warehouse
from models.shared import Refusal
from tests.integration.inventory.shop import NOW, Shop, line, order, sku

Answer = TypeVar("Answer")
ORDERS = st.integers(0, 4)
SKUS = st.sampled_from(["tea", "cup"])
UNITS = st.integers(1, 6)
LINES = st.dictionaries(SKUS, UNITS | st.integers(7, 30), min_size=1)


class StockModel(RuleBasedStateMachine):
    """Two warehouses, two SKUs, five orders. `shop` and `loop` are set by the test."""

    shop: Shop
    loop: asyncio.AbstractEventLoop

    def now(self, call: Coroutine[Any, Any, Answer]) -> Answer | str:
        """Do it and wait; a refusal is its code."""
        try:
            return asyncio.run_coroutine_threadsafe(call, self.loop).result(20)
        except Refusal as refusal:
            return refusal.code

    @initialize()
    def open(self) -> None:
        self.now(self._empty())
        self.sellable = {"tea": 0, "cup": 0}
        self.holds: dict[int, tuple[str, dict[str, int]]] = {}
        self.returned: dict[int, dict[str, int]] = {}
        self.calls = 0
        self.warehouses: list[Warehouse] = []
        for name in "ab":
            made = self.now(self.shop.warehouse(name))
            assert isinstance(made, Warehouse)
            self.warehouses.append(made)

    async def _empty(self) -> None:
        async with self.shop.db.transaction() as connection:
            await connection.execute("ALTER TABLE journal DISABLE TRIGGER ALL")
            await connection.execute(
                "TRUNCATE split_stock, stock_buckets, warehouses, skus, stock, reservations, reservation_lines, operations, journal"
            )
            await connection.execute("ALTER TABLE journal ENABLE TRIGGER ALL")

    @rule(where=st.integers(0, 1), what=SKUS, units=st.integers(1, 40))
    def receive(self, where: int, what: str, units: int) -> None:
        self.calls += 1
        warehouse_id = self.warehouses[where].warehouse_id
        for _ in range(2):
            self.now(self.shop.store.receive(warehouse_id, sku(what), units, key=str(self.calls), actor="t", now=NOW))
        self.sellable[what] += units

    @rule(where=st.integers(0, 1), what=SKUS, mode=st.sampled_from(list(SplitMode)), rows=st.integers(2, 4))
    def split(self, where: int, what: str, mode: SplitMode, rows: int) -> None:
        """Whatever becomes of the rows, what can be sold stays the same."""
        warehouse_id = self.warehouses[where].warehouse_id
        before = self.now(self.shop.store.splitting(warehouse_id, sku(what)))
        if isinstance(before, str):
            assert before == "not_found"
            return
        setting = SplitSetting(mode=mode, rows=rows)
        after = self.now(self.shop.store.set_splitting(warehouse_id, sku(what), setting, before.version, NOW))
        assert not isinstance(after, str)
        assert after.split_over in ((0,) if mode is SplitMode.NEVER else (0, rows))

    @rule(n=ORDERS, lines=LINES)
    def reserve(self, n: int, lines: dict[str, int]) -> None:
        answer = self.now(self.shop.reserve(order(n), *(line(units, what) for what, units in lines.items())))
        state, held = self.holds.get(n, ("none", {}))
        if state == "released":
            assert answer == "reservation_released"
        elif state != "none":
            same = held == lines
            assert answer == "reservation_conflict" if not same else not isinstance(answer, str)
        elif any(self.sellable[what] < units for what, units in lines.items()):
            assert answer == "sold_out"
        else:
            assert not isinstance(answer, str)
            self.holds[n] = ("held", lines)
            for what, units in lines.items():
                self.sellable[what] -= units

    @rule(n=ORDERS)
    def release(self, n: int) -> None:
        answer = self.now(self.shop.store.release(order(n), NOW))
        state, held = self.holds.get(n, ("none", {}))
        if state == "committed":
            assert answer == "reservation_committed"
            return
        assert not isinstance(answer, str)
        self.holds[n] = ("released", held)
        if state == "held":
            for what, units in held.items():
                self.sellable[what] += units

    @rule(n=ORDERS)
    def commit(self, n: int) -> None:
        answer = self.now(self.shop.store.commit(order(n), NOW))
        state, held = self.holds.get(n, ("none", {}))
        if state in ("none", "released"):
            assert answer == {"none": "nothing_reserved", "released": "reservation_released"}[state]
        else:
            assert not isinstance(answer, str)
            self.holds[n] = ("committed", held)

    @rule(n=ORDERS, lines=LINES)
    def restock(self, n: int, lines: dict[str, int]) -> None:
        self.calls += 1
        wish = [line(units, what) for what, units in lines.items()]
        answer = self.now(self.shop.store.restock(order(n), str(self.calls), wish, NOW))
        state, sold = self.holds.get(n, ("none", {}))
        back = self.returned.setdefault(n, {})
        fits = state == "committed" and all(
            back.get(what, 0) + units <= sold.get(what, 0) for what, units in lines.items()
        )
        if not fits:
            assert answer == "restock_exceeds_sold"
            return
        assert answer == self.now(self.shop.store.restock(order(n), str(self.calls), wish, NOW))
        for what, units in lines.items():
            back[what] = back.get(what, 0) + units
            self.sellable[what] += units

    @invariant()
    def what_can_be_sold_is_what_the_model_says(self) -> None:
        if hasattr(self, "sellable"):
            assert self.now(self.shop.store.available([sku("tea"), sku("cup")])) == {
                sku(what): units for what, units in self.sellable.items()
            }

    def teardown(self) -> None:
        assert self.now(self.shop.store.audit(NOW)) == []


async def test_any_sequence_of_calls_leaves_the_stock_the_model_says(shop: Shop) -> None:
    machine = type("Machine", (StockModel,), {"shop": shop, "loop": asyncio.get_running_loop()})
    bounded = settings(
        max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=bounded)
