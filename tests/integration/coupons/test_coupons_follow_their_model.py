"""Any sequence of calls leaves each coupon in the one state that a few lines of arithmetic say, and no limit passed."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from models.promotions.coupons import Coupon, CouponTemplate, GiveBack
from tests.integration.coupons.counter import NOW, Counter, order, refund, user
from tests.integration.stateful import StoreMachine, holds_whatever_happens

BUYERS = st.sampled_from(["anna", "eve"])
ORDERS = st.integers(0, 3)
TEMPLATES = st.integers(0, 2)
PICKS = st.lists(st.integers(0, 7), max_size=3)
QUANTITY, PER_BUYER = 4, 2


class CouponModel(StoreMachine):
    """Three templates that give back differently, two buyers, four orders. `counter` is set by the test."""

    counter: Counter

    @initialize()
    def open(self) -> None:
        self.now(self._empty())
        self.coupons: list[Coupon] = []
        self.state: dict[str, tuple[str, int | None]] = {}
        self.orders: dict[int, tuple[str, str, frozenset[str]]] = {}
        self.refunds = 0
        self.templates: list[CouponTemplate] = []
        for n, give_back in enumerate(GiveBack):
            made = self.now(
                self.counter.template(str(n), quantity=QUANTITY, per_user_limit=PER_BUYER, give_back=give_back)
            )
            assert isinstance(made, CouponTemplate)
            self.templates.append(made)

    async def _empty(self) -> None:
        async with self.counter.db.transaction() as tx:
            await tx.execute("ALTER TABLE coupon_template_versions DISABLE TRIGGER ALL")
            await tx.execute(
                "TRUNCATE coupon_templates, coupon_template_versions, coupon_claimants, coupon_batches, coupon_codes, coupons, "
                "held_benefits, settled_refunds, orders_with_uses, promotion_uses"
            )
            await tx.execute("ALTER TABLE coupon_template_versions ENABLE TRIGGER ALL")

    def claimed(self, template: int, who: str | None = None) -> int:
        template_id = self.templates[template].template_id
        return sum(c.template_id == template_id and who in (None, self.owner(c)) for c in self.coupons)

    def owner(self, coupon: Coupon) -> str:
        return "anna" if coupon.user_id == user("anna") else "eve"

    @rule(template=TEMPLATES, who=BUYERS)
    def claim(self, template: int, who: str) -> None:
        key = str(len(self.coupons))
        answer = self.now(self.counter.claim(self.templates[template], who, key))
        if self.claimed(template) == QUANTITY:
            assert answer == "coupon_sold_out"
        elif self.claimed(template, who) == PER_BUYER:
            assert answer == "coupon_limit_reached"
        else:
            assert isinstance(answer, Coupon)
            assert self.now(self.counter.claim(self.templates[template], who, key)) == answer
            self.coupons.append(answer)
            self.state[answer.coupon_id] = ("claimed", None)

    @rule(n=ORDERS, picks=PICKS, who=BUYERS)
    def hold(self, n: int, picks: list[int], who: str) -> None:
        wanted = {c.coupon_id: c for c in (self.coupons[p] for p in picks if p < len(self.coupons))}
        answer = self.now(self.counter.hold(order(n), *wanted, name=who))
        if n in self.orders:
            state, owner, held = self.orders[n]
            same = (owner, held) == (who, frozenset(wanted))
            expected = "benefits_returned" if state == "returned" else () if same else "benefits_conflict"
            assert answer == expected
        elif all(self.owner(c) == who and self.state[c.coupon_id][0] == "claimed" for c in wanted.values()):
            assert answer == ()
            self.orders[n] = ("held", who, frozenset(wanted))
            self.state |= dict.fromkeys(wanted, ("locked", n))
        else:
            assert answer in ("coupon_not_found", "coupon_locked", "coupon_already_used")

    @rule(n=ORDERS)
    def redeem(self, n: int) -> None:
        answer = self.now(self.counter.redeem(order(n)))
        state, who, held = self.orders.get(n, ("none", "", frozenset()))
        if state == "returned":
            assert answer == "benefits_returned"
            return
        assert not isinstance(answer, str)
        assert len(answer) == len(held)
        if state == "held":
            self.orders[n] = ("redeemed", who, held)
            self.state |= dict.fromkeys(held, ("redeemed", n))

    @rule(n=ORDERS)
    def give_back(self, n: int) -> None:
        assert not isinstance(self.now(self.counter.give_back(order(n))), str)
        _, who, held = self.orders.get(n, ("none", "", frozenset()))
        for coupon in self.of_order(n):
            if self.state[coupon.coupon_id][0] == "locked" or coupon.terms.give_back is not GiveBack.NEVER:
                self.state[coupon.coupon_id] = ("claimed", None)
        self.orders[n] = ("returned", who, held)

    @rule(n=ORDERS, whole=st.booleans())
    def settle(self, n: int, whole: bool) -> None:
        self.refunds += 1
        for _ in range(2):
            assert not isinstance(self.now(self.counter.settle(order(n), refund(self.refunds), whole=whole)), str)
        for coupon in self.of_order(n):
            spent = self.state[coupon.coupon_id][0] == "redeemed"
            if whole and spent and coupon.terms.give_back is GiveBack.ON_WHOLE_REFUND:
                self.state[coupon.coupon_id] = ("claimed", None)

    @rule(pick=st.integers(0, 7))
    def void(self, pick: int) -> None:
        if pick >= len(self.coupons):
            return
        coupon_id = self.coupons[pick].coupon_id
        answer = self.now(self.counter.coupons.void(coupon_id, NOW))
        match self.state[coupon_id][0]:
            case "locked":
                assert answer == "coupon_locked"
            case "redeemed":
                assert answer == "coupon_already_used"
            case _:
                self.state[coupon_id] = ("void", None)

    def of_order(self, n: int) -> list[Coupon]:
        return [coupon for coupon in self.coupons if self.state[coupon.coupon_id][1] == n]

    @invariant()
    def each_coupon_is_in_the_one_state_the_model_says(self) -> None:
        if hasattr(self, "state"):
            found = self.now(self._states())
            assert found == {
                coupon_id: (state, None if n is None else order(n)) for coupon_id, (state, n) in self.state.items()
            }

    async def _states(self) -> dict[str, tuple[str, str | None]]:
        async with self.counter.db.reader() as connection:
            rows = await connection.fetch("SELECT coupon_id, state, order_id FROM coupons")
        return {row["coupon_id"]: (row["state"], row["order_id"]) for row in rows}

    def teardown(self) -> None:
        assert self.now(self.counter.coupons.breaks()) == []


@pytest.mark.hypothesis
async def test_any_sequence_of_calls_leaves_each_coupon_in_the_state_the_model_says(counter: Counter) -> None:
    await holds_whatever_happens(CouponModel, 20, 25, counter=counter)
