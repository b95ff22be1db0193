"""What operators, carriers and time do; and how an example is brought to its end."""

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.model import refusals
from tests.model.buying import BASKETS, PERSON, WHO, Buying
from tests.model.commands import Case, code_of
from tests.model.expected import Back
from tests.model.machine import Shop

_WINDOW = timedelta(minutes=30)
_A_WEEK = timedelta(days=8)
_HAPPENS = ["delivered", "signed", "signed", "lost", "damaged", "refused"]


class Operating(Buying):
    """Everything that is not the buyer's."""

    # ---- a head start ------------------------------------------------------------------------------------------------

    @rule(
        target=Shop.cases,
        person=PERSON,
        lines=BASKETS,
        spends=st.booleans(),
        far=st.sampled_from(["undecided", "paid", "shipped", "shipped", "lost", "signed"]),
    )
    def has_come_far(self, person: int, lines: dict[str, int], spends: bool, far: str) -> Any:
        """An order that is paid and further on, since chance alone seldom gets there."""
        found = Operating.orders(self, person, lines, spends, spends, "place")
        if not isinstance(found, Case):
            return found
        if far == "undecided":
            Operating.its_stock_is_released(self, found)
        Operating.pays(self, found, "sandbox", 1)
        if far in ("shipped", "lost", "signed"):
            Operating.is_let_out(self, found, False)
        if far in ("lost", "signed"):
            Operating.its_carrier_says(self, found, far)
        return found

    # ---- time --------------------------------------------------------------------------------------------------------

    @rule(case=Shop.cases, by=st.sampled_from([timedelta(minutes=7), timedelta(minutes=31), _A_WEEK]))
    def time_passes(self, case: Case, by: timedelta) -> None:
        """For one order."""
        model = case.model
        if model.stage == "pending":
            by = min(by, timedelta(minutes=31))
        self.do(self.world.later(case.order_id, by))
        case.ahead += by
        match model.stage:
            case "held":
                model.lapsed()
            case "pending":
                case.waited += by
                if case.waited >= _WINDOW:
                    self._window_ends(case)
            case "undecided" if by == _A_WEEK:
                model.cancelled("stock_commit_failed")
            case "delivered" if by == _A_WEEK:
                model.completed()
        self.comes_to(case)

    def _window_ends(self, case: Case) -> None:
        case.model.window_ends()
        if case.model.payment == "paid":
            case.model.paid()
        else:
            case.model.cancelled("payment_timeout")

    @rule(refuses=st.booleans(), silent=st.integers(0, 1))
    def the_provider_is_in_a_mood(self, refuses: bool, silent: int) -> None:
        """It refuses refunds for good, or does not answer its next call."""
        self.provider.refuses_refunds = refuses
        self.world.outside.refuses_refunds(refuses=refuses)
        self.world.outside.silent_calls = silent

    # ---- the order ---------------------------------------------------------------------------------------------------

    @rule(case=Shop.cases, who=st.sampled_from(["owner", "owner", "other", "operator"]))
    def is_called_off(self, case: Case, who: str) -> None:
        """By its buyer, by somebody else, or by an operator."""
        self.commands.turn_to(case)
        wanted = refusals.cancelling(case.model, who)
        code = self.do(self.commands.cancel(case, self.door(case, who)))
        assert code == wanted, f"{code or 'yes'}, not {wanted or 'yes'}"
        if not wanted:
            case.model.cancelled("by_operator" if who == "operator" else "by_user")
        self.comes_to(case)

    @rule(case=Shop.cases, off=st.sampled_from([-1, 0, 300, 300, 800, 1_000]))
    def its_price_is_changed(self, case: Case, off: int) -> None:
        """So much less than it was quoted, whatever it costs now; money that nobody told of is found, and the old price stays."""
        model, before = case.model, case.model.payment
        self.commands.turn_to(case)
        wanted = refusals.repricing(model, model.quoted - off)
        code = self.do(self.commands.reprice(case, model.quoted - off))
        within = 0 < model.quoted - off <= model.quoted
        if within and model.stage == "pending" and not model.costs(model.quoted - off):
            wanted = wanted or "price_not_adjustable"
            if before == "pending" and model.payment == "paid":
                model.paid()
        assert code == wanted, f"{code or 'yes'}, not {wanted or 'yes'}"
        self.comes_to(case)

    @rule(case=Shop.cases)
    def its_stock_is_released(self, case: Case) -> None:
        """Somebody's mistake: the commit will fail."""
        self.commands.turn_to(case)
        answer = self.do(self.world.operator.post("/inventory/release", {"order_id": case.order_id}))
        wanted = refusals.releasing_stock(case.model)
        assert code_of(answer) == wanted, answer.text
        if not wanted:
            case.model.taken_away()
        self.comes_to(case)

    @rule(case=Shop.cases, decision=st.sampled_from(["retry", "refund"]))
    def its_commit_is_decided(self, case: Case, decision: str) -> None:
        """To try once more fails once more."""
        self.commands.turn_to(case)
        wanted = refusals.deciding_commit(case.model)
        path = f"/v1/orders/{case.order_id}/decide-commit"
        answer = self.do(self.world.operator.post(path, {"decision": decision}))
        assert code_of(answer) == wanted, answer.text
        if not wanted and decision == "refund":
            case.model.cancelled("stock_commit_failed")
        self.comes_to(case)

    @rule(case=Shop.cases, who=WHO)
    def is_confirmed(self, case: Case, who: str) -> None:
        """The buyer has everything."""
        self.commands.turn_to(case)
        wanted = refusals.confirming(case.model, own=who == "owner")
        answer = self.do(self.person(case, who).door.post(f"/v1/orders/{case.order_id}/confirm"))
        assert code_of(answer) == wanted, answer.text
        if not wanted:
            case.model.signed()
            case.model.completed()
        self.comes_to(case)

    # ---- the parcel --------------------------------------------------------------------------------------------------

    @rule(case=Shop.cases, short=st.booleans())
    def is_let_out(self, case: Case, short: bool) -> None:
        """Whole, or one unit short. What points or a coupon paid a part of is only ever missing as a whole."""
        model = case.model
        name = next(iter(model.inside), "")
        missing = {name: 1} if short and name else {}
        if model.in_one_piece and sum(model.inside.values()) > 1:
            missing = {}
        picked = {sku: units - missing.get(sku, 0) for sku, units in model.inside.items()}
        lines = [{"sku_id": self.skus[sku], "quantity": units} for sku, units in picked.items() if units]
        self.commands.turn_to(case)
        wanted = refusals.about_parcel(model, "dispatch")
        assert self.do(self.commands.parcel(case, "dispatch", {"picked": lines} if missing else {})) == wanted
        if not wanted:
            model.let_out(missing)
        self.comes_to(case)

    @rule(case=Shop.cases, code=st.sampled_from(_HAPPENS))
    def its_carrier_says(self, case: Case, code: str) -> None:
        """What happens on the way, of a parcel that has a waybill."""
        model = case.model
        if model.parcel not in ("shipped", "delivered"):
            return
        self.commands.turn_to(case)
        assert self.do(self.commands.carrier_says(case, code)) == ""
        self._happens(case, code)
        self.comes_to(case)

    def _happens(self, case: Case, code: str) -> None:
        model = case.model
        if code == "signed":
            model.signed()
        elif code == "refused":
            model.parcel = "returning"
        elif code == "delivered":
            model.parcel = "delivered"
        else:
            model.parcel, model.decidable = "exception", True

    @rule(case=Shop.cases, kind=st.sampled_from(["lost", "damaged", "refused"]))
    def goes_wrong(self, case: Case, kind: str) -> None:
        """An operator says so."""
        self.commands.turn_to(case)
        wanted = refusals.about_parcel(case.model, "exceptions")
        assert self.do(self.commands.parcel(case, "exceptions", {"kind": kind})) == wanted
        if not wanted:
            self._happens(case, kind)
        self.comes_to(case)

    @rule(case=Shop.cases)
    def is_signed_off(self, case: Case) -> None:
        """An operator says that it arrived."""
        self.commands.turn_to(case)
        wanted = refusals.about_parcel(case.model, "sign-off")
        assert self.do(self.commands.parcel(case, "sign-off", {})) == wanted
        if not wanted:
            case.model.signed()
        self.comes_to(case)

    @rule(case=Shop.cases, decision=st.sampled_from(["reship", "refund"]))
    def its_parcel_is_decided(self, case: Case, decision: str) -> None:
        """New goods, if there are some, or the money."""
        self.commands.turn_to(case)
        wanted = refusals.deciding_parcel(case.model, decision)
        assert self.do(self.commands.parcel(case, "decide", {"decision": decision})) == wanted
        if not wanted and decision == "reship":
            case.model.reshipped()
        elif not wanted:
            case.model.given_up("parcel_lost", ends="stopped", restock=False)
        self.comes_to(case)

    @rule(case=Shop.cases, resellable=st.booleans())
    def comes_back(self, case: Case, resellable: bool) -> None:
        """The warehouse has it again."""
        self.commands.turn_to(case)
        wanted = refusals.about_parcel(case.model, "receive-back")
        assert self.do(self.commands.parcel(case, "receive-back", {"resellable": resellable})) == wanted
        if not wanted:
            case.model.given_up("parcel_refused", ends="returned", restock=resellable)
        self.comes_to(case)

    # ---- refunds -----------------------------------------------------------------------------------------------------

    @rule(case=Shop.cases, share=st.sampled_from(["some", "half", "rest", "all", "more"]))
    def is_refunded(self, case: Case, share: str) -> None:
        """A part, all that is left, or too much."""
        left = case.model.left
        amount = {"some": 100, "half": max(left // 2, 1), "rest": max(left, 1), "all": None, "more": left + 1}[share]
        self.commands.turn_to(case)
        wanted = refusals.refunding(case.model, amount)
        code = self.do(self.commands.refund(case, amount))
        assert code == wanted, f"{code or 'yes'}, not {wanted or 'yes'}"
        if not wanted:
            case.model.refund(amount)
        self.comes_to(case)

    @rule(case=Shop.cases, share=st.sampled_from([1, 2, 3]))
    def is_refunded_twice_at_once(self, case: Case, share: int) -> None:
        """Never more than there is."""
        if self.provider.refuses_refunds or case.model.left < 3:
            return
        amount = case.model.left // share
        self.commands.turn_to(case)

        async def both() -> list[str]:
            return list(await asyncio.gather(*(self.commands.refund(case, amount) for _ in range(2))))

        codes = sorted(self.do(both()))
        first = refusals.refunding(case.model, amount)
        if not first:
            case.model.refund(amount)
        second = refusals.refunding(case.model, amount)
        if not second:
            case.model.refund(amount)
        assert codes == sorted([first, second])
        self.comes_to(case)

    @rule(case=Shop.cases, decision=st.sampled_from(["retry", "other_means"]))
    def its_refund_is_decided(self, case: Case, decision: str) -> None:
        """One that the provider refused, if there is one."""
        refused = [back for back in case.model.backs if back.state == "refused" and not back.over]
        self.commands.turn_to(case)
        if not refused:
            code = self.do(self.commands.decide_refund(case, "by_operator", 1, decision))
            assert code == "no_refund_decision_needed"
            return
        self._decides(case, refused[0], decision)

    def _decides(self, case: Case, back: Back, decision: str) -> None:
        self.commands.turn_to(case)
        reason, amount = back.reason, back.amount
        if decision == "retry":
            wanted = "" if case.model.tried_again(back) else "refund_exceeds_rest"
        else:
            wanted = "refund_exceeds_rest" if back.of is None and amount > case.model.left else ""
            if not wanted:
                case.model.gone(back, "other_means")
        assert self.do(self.commands.decide_refund(case, reason, amount, decision)) == wanted
        self.comes_to(case)

    # ---- the end -----------------------------------------------------------------------------------------------------

    def brings_to_its_end(self, case: Case) -> None:
        """As its people would, in the end: reports arrive, parcels arrive, time passes, refused refunds are tried again."""
        for which, _ in enumerate([one for one in case.model.tries if one.there == "paid"]):
            Operating.is_reported(self, case, which, 1)
        if case.model.stage in ("held", "pending"):
            Operating.time_passes(self, case, timedelta(minutes=31))
        if case.model.stage == "undecided":
            Operating.time_passes(self, case, _A_WEEK)
        if case.model.stage == "fulfilling":
            self._arrives(case)
        if case.model.stage == "delivered":
            Operating.time_passes(self, case, _A_WEEK)
        self._pays_back(case)
        Operating.time_passes(self, case, timedelta(days=30))

    def _arrives(self, case: Case) -> None:
        if case.model.decidable:
            Operating.its_parcel_is_decided(self, case, "refund")
        if case.model.parcel == "returning":
            Operating.comes_back(self, case, True)
        if case.model.parcel == "picking":
            Operating.is_let_out(self, case, False)
        if case.model.parcel in ("shipped", "delivered"):
            Operating.is_signed_off(self, case)

    def _pays_back(self, case: Case) -> None:
        """All that was refused is tried again; what has gone another way meanwhile is over with that."""
        for back in [back for back in case.model.backs if back.state == "refused" and not back.over]:
            self._decides(case, back, "retry")
