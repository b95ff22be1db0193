"""What buyers and the payment provider do."""

import asyncio
import secrets
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, rule

from models.shared.ids import OrderId
from tests.e2e.calls import said
from tests.model import refusals
from tests.model.commands import COUPON_SAVES, POINTS, Case, Person, code_of
from tests.model.expected import Try
from tests.model.machine import PRICES, Shop

BASKETS = st.sampled_from([{"first": 1}, {"first": 2}, {"second": 1}, {"first": 1, "second": 1}, {"second": 3}])
WHO = st.sampled_from(["owner", "owner", "owner", "other"])
PERSON = st.integers(0, 1)
CHANNELS = st.sampled_from(["sandbox", "sandbox_card"])
FALSE_REPORTS = {
    "amount": "",
    "currency": "",
    "forged": "callback_signature_invalid",
    "stale": "callback_timestamp_stale",
    "unknown": "not_found",
}
"""How each is answered: a contradiction is the saga's to judge, so the provider is told that it was heard."""


class Buying(Shop):
    """Placing and paying."""

    # ---- placing -----------------------------------------------------------------------------------------------------

    def _basket(self, owner: Person, lines: dict[str, int], *, points: bool, coupon: bool) -> dict[str, Any]:
        basket: dict[str, Any] = {
            "lines": [{"sku_id": self.skus[name], "quantity": units} for name, units in lines.items()],
            "address_id": owner.door.address_id,
        }
        if points:
            basket["points"] = POINTS
        if coupon:
            basket["coupons"] = [owner.coupon_id]
        return basket

    def _sold_out(self, lines: dict[str, int]) -> bool:
        return any(units > self.shelves[name].on_hand - self.shelves[name].reserved for name, units in lines.items())

    def _no(self, owner: Person, lines: dict[str, int], *, points: bool, coupon: bool) -> set[str]:
        """Why this cannot be ordered; the shop may say any of the reasons there are."""
        reasons = {"sold_out"} if self._sold_out(lines) else set()
        if points and owner.has.points < POINTS:
            reasons.add("points_not_enough")
        if coupon and owner.has.coupon != "claimed":
            reasons.add("coupon_locked" if owner.has.coupon == "locked" else "coupon_already_used")
        return reasons

    def _total(self, lines: dict[str, int], *, points: bool, coupon: bool) -> int:
        goods = sum(PRICES[name] * units for name, units in lines.items())
        return goods - POINTS * points - COUPON_SAVES * coupon

    @rule(
        target=Shop.cases,
        person=PERSON,
        lines=BASKETS,
        points=st.booleans(),
        coupon=st.booleans(),
        how=st.sampled_from(["place", "place", "prepare"]),
    )
    def orders(self, person: int, lines: dict[str, int], points: bool, coupon: bool, how: str) -> Any:
        """An order at once, or stock held for one."""
        owner, key = self.people[person], secrets.token_hex(12)
        spends = {"points": points, "coupon": coupon}
        no, total = self._no(owner, lines, **spends), self._total(lines, **spends)
        basket = self._basket(owner, lines, **spends)
        body = basket if how == "prepare" else {"basket": basket, "expected_total": {"minor": total}}
        self.world.clock.ahead = timedelta(0)
        path = "/orders/prepare" if how == "prepare" else "/orders"
        answer = self.do(owner.door.post(path, body, key=key))
        if no:
            assert code_of(answer) in no, answer.text
            self.comes_to()
            return multiple()
        model = self.model(owner, lines, total, points=POINTS if points else 0, coupon=coupon)
        order = said(answer, 200 if how == "prepare" else 201)
        case = Case(OrderId(order["order_id"]), owner, key, {"path": path, "body": body}, model)
        model.hold()
        if how == "place":
            model.placed()
        self.all.append(case)
        self.comes_to(case)
        return case

    @rule(case=Shop.cases, who=WHO)
    def places_what_was_prepared(self, case: Case, who: str) -> None:
        """The order of a hold, by whoever."""
        self.commands.turn_to(case)
        wanted = refusals.placing_prepared(case.model, own=who == "owner")
        found = {wanted} if wanted else self._spent_meanwhile(case)
        answer = self.do(self.person(case, who).door.post("/orders", {"order_id": case.order_id}))
        assert code_of(answer) in (found or {""}), answer.text
        if not wanted and not found:
            case.model.placed()
        self.comes_to(case)

    def _spent_meanwhile(self, case: Case) -> set[str]:
        model = case.model
        return self._no(case.owner, {}, points=bool(model.points), coupon=model.coupon)

    @rule(case=Shop.cases)
    def asks_twice(self, case: Case) -> None:
        """The same request again is answered as before; another one under its key is refused."""
        self.commands.turn_to(case)
        path, body = case.body["path"], case.body["body"]
        again = self.do(case.owner.door.post(path, body, key=case.key))
        assert (code_of(again), again.json()["order_id"]) == ("", case.order_id)
        basket = {**body.get("basket", body), "note": "something else"}
        other = basket if path.endswith("prepare") else {"basket": basket}
        assert code_of(self.do(case.owner.door.post(path, other, key=case.key))) == "idempotency_key_reused"
        self.comes_to(case)

    @rule(person=PERSON, lines=BASKETS)
    def believes_in_another_price(self, person: int, lines: dict[str, int]) -> None:
        """The buyer saw a price that is not today's."""
        owner = self.people[person]
        basket = self._basket(owner, lines, points=False, coupon=False)
        answer = self.do(owner.door.post("/orders", {"basket": basket, "expected_total": {"minor": 1}}))
        assert code_of(answer) == "price_changed"
        self.comes_to()

    # ---- paying ------------------------------------------------------------------------------------------------------

    def _tries(self, case: Case, who: str, channel: str, amount: int | None) -> Try | None:
        self.commands.turn_to(case)
        wanted = refusals.paying(case.model, own=who == "owner", amount=amount)
        code, made = self.do(self.commands.try_to_pay(case, self.person(case, who), channel, amount))
        assert code == wanted, f"{code or 'yes'}, not {wanted or 'yes'}"
        if made is not None:
            assert made.amount == (case.model.owed if amount is None else amount)
            case.model.tries.append(made)
        return made if isinstance(made, Try) else None

    def _hears(self, case: Case, of: Try) -> None:
        """The shop books what is true of a try."""
        before = case.model.payment
        if of.there == "paid":
            case.model.money_came(of)
        elif of.here == "pending":
            of.here = "closed"
        if before == "pending" and case.model.payment == "paid":
            case.model.paid()

    @rule(case=Shop.cases, who=WHO, channel=CHANNELS, share=st.sampled_from(["all", "all", "half", "more"]))
    def tries_to_pay(self, case: Case, who: str, channel: str, share: str) -> None:
        """A try for all, a part, or more than is owed."""
        amount = {"all": None, "half": case.model.total // 2, "more": case.model.total + 1}[share]
        self._tries(case, who, channel, amount)
        self.comes_to(case)

    @rule(case=Shop.cases, channel=CHANNELS, times=st.sampled_from([1, 1, 3]))
    def pays(self, case: Case, channel: str, times: int) -> None:
        """All of it, and the provider reports it: once, or three times at once."""
        made = self._tries(case, "owner", channel, None)
        if made is not None:
            self.world.outside.buyer_pays(made.reference)
            made.there = "paid"
            assert self.do(self.commands.reported(made, times=times)) == {""}
            self._hears(case, made)
        self.comes_to(case)

    @rule(case=Shop.cases, which=st.integers(0, 3), late=st.booleans())
    def pays_unheard(self, case: Case, which: int, late: bool) -> None:
        """The buyer pays, perhaps what was closed; the report is under way."""
        if not case.model.tries:
            return
        self.commands.turn_to(case)
        one = case.model.tries[which % len(case.model.tries)]
        if one.there == "pending" or (one.there == "closed" and late):
            self.world.outside.buyer_pays(one.reference, late=late)
            one.there = "paid"
        self.comes_to(case)

    @rule(case=Shop.cases, which=st.integers(0, 3))
    def gives_up_paying(self, case: Case, which: int) -> None:
        """The buyer declines at the provider, which says so."""
        waiting = [one for one in case.model.tries if one.there == "pending"]
        if not waiting:
            return
        self.commands.turn_to(case)
        one = waiting[which % len(waiting)]
        self.world.outside.provider.decline(one.reference)
        one.there = "closed"
        assert self.do(self.commands.reported(one)) == {""}
        self._hears(case, one)
        self.comes_to(case)

    @rule(case=Shop.cases, which=st.integers(0, 3), times=st.sampled_from([1, 3]))
    def is_reported(self, case: Case, which: int, times: int) -> None:
        """A report arrives, however late and however often."""
        paid = [one for one in case.model.tries if one.there == "paid"]
        if paid:
            self.commands.turn_to(case)
            one = paid[which % len(paid)]
            assert self.do(self.commands.reported(one, times=times)) == {""}
            self._hears(case, one)
        self.comes_to(case)

    @rule(case=Shop.cases, which=st.integers(0, 3), how=st.sampled_from(sorted(FALSE_REPORTS)))
    def is_reported_falsely(self, case: Case, which: int, how: str) -> None:
        """Nothing is booked for a report that is wrong, forged, stale or about nobody."""
        paid = [one for one in case.model.tries if one.there == "paid"]
        if paid:
            self.commands.turn_to(case)
            assert self.do(self.commands.reported(paid[which % len(paid)], how)) == {FALSE_REPORTS[how]}
        self.comes_to(case)

    @rule(case=Shop.cases, who=st.sampled_from(["owner", "operator"]))
    def cancels_while_it_is_reported(self, case: Case, who: str) -> None:
        """The wish to cancel and the report of a payment at once: whichever is first, all of it goes back."""
        model = case.model
        waiting = [one for one in model.tries if one.there == "pending" and one.amount == model.total]
        unheard = [one for one in model.tries if one.there == "paid" and one.here == "pending"]
        if model.stage != "pending" or model.captured or not waiting or unheard or self.provider.refuses_refunds:
            return
        self.commands.turn_to(case)
        one = waiting[0]
        self.world.outside.buyer_pays(one.reference)
        one.there = "paid"

        async def both() -> tuple[str, set[str]]:
            return await asyncio.gather(self.commands.cancel(case, self.door(case, who)), self.commands.reported(one))

        assert self.do(both()) == ["", {""}]
        self.do(self.world.at_rest(case.order_id))
        found = self.do(self.commands.stands(case))
        if "paid" in found["steps"]:
            self._hears(case, one)
        model.cancelled("by_operator" if who == "operator" else "by_user")
        model.money_came(one)
        self.comes_to(case)
