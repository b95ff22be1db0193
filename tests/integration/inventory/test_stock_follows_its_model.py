"""Any sequence of calls leaves the real store exactly where a dozen lines of arithmetic say."""

from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from models.inventory.hot import SplitMode, SplitSetting
from models.inventory.types import Warehouse
from tests.integration.inventory.lorry import Lorry
from tests.integration.inventory.shop import NOW, Shop, line, order, sku
from tests.integration.stateful import StoreMachine, holds_whatever_happens

ORDERS = st.integers(0, 4)
LORRIES = st.integers(0, 2)
SKUS = st.sampled_from(["tea", "cup"])
UNITS = st.integers(1, 6)
LINES = st.dictionaries(SKUS, UNITS | st.integers(7, 30), min_size=1)


@dataclass
class Road:
    """What the model knows of one transfer."""

    lorry: Lorry
    load: dict[str, int]
    state: str = "planned"
    under_way: dict[str, int] = field(default_factory=dict)


class StockModel(StoreMachine):
    """Two warehouses, two SKUs, five orders, three transfers. `shop` is set by the test."""

    shop: Shop

    @initialize()
    def open(self) -> None:
        self.now(self._empty())
        self.sellable = {"tea": 0, "cup": 0}
        self.holds: dict[int, tuple[str, dict[str, int]]] = {}
        self.returned: dict[int, dict[str, int]] = {}
        self.calls = 0
        self.lorries: dict[int, Road] = {}
        self.warehouses: list[Warehouse] = []
        for name in "ab":
            made = self.now(self.shop.warehouse(name))
            assert isinstance(made, Warehouse)
            self.warehouses.append(made)

    async def _empty(self) -> None:
        async with self.shop.db.transaction() as connection:
            await connection.execute("ALTER TABLE journal DISABLE TRIGGER ALL")
            await connection.execute(
                "TRUNCATE split_stock, stock_buckets, warehouses, skus, stock, reservations, reservation_lines, transfers, "
                "transfer_lines, operations, journal"
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
        is_short = any(self.sellable[what] < units for what, units in lines.items())
        if state == "released":
            assert answer == ("sold_out" if is_short and not held else "reservation_released")
        elif state != "none":
            same = held == lines
            assert answer == "reservation_conflict" if not same else not isinstance(answer, str)
        elif is_short:
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

    @rule(n=LORRIES, where=st.integers(0, 1), load=LINES)
    def plan_a_transfer(self, n: int, where: int, load: dict[str, int]) -> None:
        road = self.lorries.get(n)
        ends = self.warehouses[where], self.warehouses[1 - where]
        lines = tuple(line(units, what) for what, units in load.items())
        lorry = Lorry(self.shop, *ends, lines, f"lorry {n}")
        available = self._available_in(where)
        answer = self.now(lorry.plan())
        if road is not None:
            same = (road.lorry.start, road.load) == (lorry.start, load)
            assert (answer == "operation_key_reused") != same
        elif any(available[what] < units for what, units in load.items()):
            assert answer == "transfer_exceeds_available"
        else:
            assert not isinstance(answer, str)
            self.lorries[n] = Road(lorry, load)

    @rule(n=LORRIES)
    def let_it_leave(self, n: int) -> None:
        if (road := self.lorries.get(n)) is None:
            return
        available = self._available_in(self.warehouses.index(road.lorry.start))
        answer = self.now(road.lorry.leave())
        if road.state != "planned":
            return  # whether it ever left is in its first answer; the invariants see that nothing moves now
        if any(available[what] < units for what, units in road.load.items()):
            assert answer == "transfer_exceeds_available"
            return
        assert not isinstance(answer, str)
        road.state, road.under_way = "in_transit", dict(road.load)
        for what, units in road.load.items():
            self.sellable[what] -= units

    @rule(n=LORRIES, what=SKUS, units=UNITS, lost=st.booleans())
    def a_part_arrives_or_is_lost(self, n: int, what: str, units: int, lost: bool) -> None:
        if (road := self.lorries.get(n)) is None:
            return
        self.calls += 1
        step = road.lorry.lose if lost else road.lorry.arrive
        answers = [self.now(step(str(self.calls), line(units, what))) for _ in range(2)]
        if road.state not in ("in_transit", "returning"):
            assert answers[0] == "transfer_not_waiting"
        elif units > road.under_way.get(what, 0):
            assert answers[0] == "transfer_exceeds_transit"
        else:
            assert not isinstance(answers[0], str)
            assert answers[0] == answers[1]
            road.under_way[what] -= units
            self.sellable[what] += 0 if lost else units
            road.state = road.state if any(road.under_way.values()) else "completed"

    @rule(n=LORRIES)
    def turn_it_round(self, n: int) -> None:
        if (road := self.lorries.get(n)) is None:
            return
        answer = self.now(road.lorry.turn())
        if road.state in ("in_transit", "returning"):
            assert not isinstance(answer, str)
            road.state = "returning"
        else:
            assert answer == "transfer_not_waiting"

    @rule(n=LORRIES)
    def take_it_back(self, n: int) -> None:
        if (road := self.lorries.get(n)) is None:
            return
        self.now(self.shop.store.take_back_transfer(road.lorry.ref))
        if road.state != "completed":
            for what, units in road.under_way.items():
                self.sellable[what] += units
            road.state, road.under_way = "cancelled", {}

    def _available_in(self, where: int) -> dict[str, int]:
        levels = self.now(self.shop.store.levels(warehouse_id=self.warehouses[where].warehouse_id))
        assert not isinstance(levels, str)
        found = {level.sku_id: level.available for level in levels}
        return {what: found.get(sku(what), 0) for what in ("tea", "cup")}

    @invariant()
    def what_is_on_its_way_is_what_the_model_says(self) -> None:
        for road in getattr(self, "lorries", {}).values():
            kept = self.now(self.shop.store.transfer(road.lorry.transfer_id))
            assert not isinstance(kept, str)
            assert (kept.state, kept.in_transit) == (road.state, sum(road.under_way.values()))

    @invariant()
    def what_can_be_sold_is_what_the_model_says(self) -> None:
        if hasattr(self, "sellable"):
            assert self.now(self.shop.in_stock([sku("tea"), sku("cup")])) == {
                sku(what): units for what, units in self.sellable.items()
            }

    def teardown(self) -> None:
        assert self.now(self.shop.store.audit(NOW)) == []


@pytest.mark.hypothesis
async def test_any_sequence_of_calls_leaves_the_stock_the_model_says(shop: Shop) -> None:
    await holds_whatever_happens(StockModel, 25, 25, shop=shop)
