"""What people, the provider and the carriers do to an order, over HTTP; and how the order really stands."""

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from api.errors import STATUS_OF
from models.points.messages import AdjustPoints
from models.points.types import PointsTerms
from models.promotions.coupons import CouponTerms, GiveBack
from models.promotions.offers import SaveTier, SpendSave
from models.promotions.types import RuleStatus
from models.shared import Money
from models.shared.ids import CouponId, CouponTemplateId, OrderId, UserId
from models.shared.refusals import NotFound
from tests.e2e.calls import Buyer, Operator
from tests.model.expected import Benefits, Expected, Try
from tests.model.outside import another
from tests.model.world import World

POINTS, COUPON_SAVES, STARTS_WITH = 100, 50, 1_000
JSON = dict[str, Any]


@dataclass
class Person:
    """A buyer, and what the model says that they have."""

    user_id: UserId
    door: Buyer
    coupon_id: CouponId
    has: Benefits


@dataclass
class Case:
    """One order in an example."""

    order_id: OrderId
    owner: Person
    key: str
    body: JSON
    model: Expected
    ahead: timedelta = timedelta(0)
    waited: timedelta = timedelta(0)
    seen: dict[str, str] = field(default_factory=dict)
    """The states in which it was seen last: of the order, its payment, each try, refund and parcel."""


def code_of(answer: httpx.Response) -> str:
    """Empty for yes, else the refusal's code. Whatever is said must be said as documented: never an error of the shop."""
    if answer.is_success:
        return ""
    code = str(answer.json().get("code", ""))
    assert answer.status_code < 500 or code == "service_busy", (
        f"{answer.request.method} {answer.request.url}: {answer.text}"
    )
    assert STATUS_OF.get(code) == answer.status_code, f"{code} came as {answer.status_code}"
    return code


async def new_person(world: World) -> Person:
    """A buyer with an address, points and a coupon."""
    user_id, door = await world.buyer()
    now = datetime.now(UTC)
    template_id = CouponTemplateId.mint(now, secrets.token_bytes(10))
    saves = SaveTier(at=Money(minor=100), off=Money(minor=COUPON_SAVES))
    terms = CouponTerms(
        label="model",
        offer=SpendSave(tiers=(saves,)),
        claim_from=now - timedelta(days=1),
        claim_until=now + timedelta(days=1),
        valid_days=3_000,
        give_back=GiveBack.ON_WHOLE_REFUND,
    )
    coupons = world.shop.coupons
    await coupons.create_template(template_id, terms, by=user_id, now=now)
    await coupons.set_template_status(template_id, 1, RuleStatus.ACTIVE, now)
    coupon = await coupons.claim_once(user_id, key="model", now=now, template_id=template_id)
    gift = AdjustPoints(user_id=user_id, delta=STARTS_WITH, actor="model", why="a gift", key=f"model {user_id}", at=now)
    await world.shop.points.adjust(gift, PointsTerms(**world.shop.settings.points_terms))
    return Person(user_id, door, coupon.coupon_id, Benefits(STARTS_WITH))


class Commands:
    """Short words for what happens. Each sets the shop's clock to that of the order."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def operator(self) -> Operator:
        """Someone who may do everything."""
        return self.world.operator

    def turn_to(self, case: Case) -> None:
        """From now on the shop's clock is this order's."""
        self.world.clock.ahead = case.ahead

    # ---- buyers ------------------------------------------------------------------------------------------------------

    async def try_to_pay(self, case: Case, who: Person, channel: str, amount: int | None) -> tuple[str, Try | None]:
        """A try to pay; one that the provider did not answer is asked for again under its key, as a good client does."""
        ask: JSON = {"order_id": case.order_id, "channel": channel}
        if amount is not None:
            ask["amount"] = {"minor": amount}
        key = secrets.token_hex(12)
        silent = self.world.outside.silent_calls > 0
        answer = await who.door.post("/payments", ask, key=key)
        if silent and code_of(answer) == "service_busy":
            answer = await who.door.post("/payments", ask, key=key)
        if code := code_of(answer):
            return code, None
        made = answer.json()
        attempt = await self.world.shop.payments.attempt(made["attempt_id"])
        assert attempt.channel_reference is not None
        return "", Try(made["attempt_id"], attempt.channel_reference, made["amount"]["minor"])

    async def cancel(self, case: Case, door: Buyer | Operator) -> str:
        """Call it off."""
        return code_of(await door.post(f"/orders/{case.order_id}/cancel", {"why": "changed my mind"}))

    # ---- the provider ------------------------------------------------------------------------------------------------

    async def reported(self, of: Try, how: str = "true", times: int = 1) -> set[str]:
        """The provider reports the newest of a payment: as it is, or wrong in some way, or somebody else does."""
        outside = self.world.outside
        url, body = outside.report(of.reference)
        match how:
            case "amount":
                body = another(body, amount_minor=of.amount + 1)
            case "currency":
                body = another(body, currency="EUR")
            case "unknown":
                url = url.replace(of.attempt_id, of.attempt_id[:-4] + "zzzz")
        forged = {"secret": "whoever signs this does not know it"} if how == "forged" else {}
        headers = outside.signed(body, age=3_600 if how == "stale" else 0, **forged)
        path = "/payments/" + url.partition("/payments/")[2]
        posts = [self.world.http.post(path, content=body, headers=headers) for _ in range(times)]
        return {code_of(answer) for answer in await asyncio.gather(*posts)}

    async def carrier_says(self, case: Case, code: str) -> str:
        """Something happens to the parcel on its way, and its carrier says so, twice."""
        (parcel,) = await self.world.shop.fulfillment.shipments_of(case.order_id)
        assert parcel.waybill is not None
        url, body = self.world.outside.parcel_moves(parcel.waybill, code)
        path = "/v1/carriers/" + url.partition("/v1/carriers/")[2]
        posts = [self.world.http.post(path, content=body, headers=self.world.outside.signed(body)) for _ in range(2)]
        (said,) = {code_of(answer) for answer in await asyncio.gather(*posts)}
        return said

    # ---- operators ---------------------------------------------------------------------------------------------------

    async def reprice(self, case: Case, less: int) -> str:
        """Ask less, as of the order's present version."""
        try:
            version = await self.world.shop.orders.version_of(case.order_id)
        except NotFound:
            version = 1
        path, body = f"/v1/operators/orders/{case.order_id}/price", {"new_total": {"minor": less}, "why": "model"}
        return code_of(await self.operator.post(path, body, headers={"if-match": f'"{version}"'}))

    async def parcel(self, case: Case, verb: str, body: JSON) -> str:
        """Something about the order's parcel."""
        parcels = await self.world.shop.fulfillment.shipments_of(case.order_id)
        shipment = parcels[0].shipment_id if parcels else "shp_" + "0" * 26
        return code_of(await self.operator.post(f"/v1/shipments/{shipment}/{verb}", body))

    async def refund(self, case: Case, amount: int | None) -> str:
        """Give back so much, or all that is left."""
        payment = "pay_" + case.order_id.removeprefix("ord_")
        ask = {} if amount is None else {"amount": {"minor": amount}}
        return code_of(await self.operator.post(f"/payments/{payment}/refund", ask))

    async def decide_refund(self, case: Case, reason: str, amount: int, decision: str) -> str:
        """A word about one of the refunds that the provider refused."""
        refunds = await self.world.shop.payments.refunds(case.order_id)
        refused = [one for one in refunds if (one.state, one.reason, one.amount.minor) == ("refused", reason, amount)]
        refund_id = refused[0].refund_id if refused else "rfd_" + "0" * 26
        return code_of(await self.operator.post(f"/v1/refunds/{refund_id}/decide", {"decision": decision}))

    # ---- how it stands -----------------------------------------------------------------------------------------------

    async def stands(self, case: Case) -> JSON:
        """What the books say of an order, in the words of `expected`."""
        shop = self.world.shop
        try:
            order = await shop.orders.order(case.order_id)
        except NotFound:
            return {"order": None, "payment": await self._payment(case), "tries": {}, "backs": [], "parcels": []}
        timeline = [entry.step for entry in await shop.orders.timeline(case.order_id)]
        attempts = await shop.payments.attempts(order.payment_id)
        refunds = await shop.payments.refunds(case.order_id)
        parcels = await shop.fulfillment.shipments_of(case.order_id)
        return {
            "order": {
                "status": order.status.value,
                "payment": order.payment_status.value,
                "refunded": order.refunded.minor,
                "reason": (order.cancel_reason or ""),
            },
            "steps": [
                "pending_payment" if step == "opened" else step
                for step in timeline
                if step in ("opened", "paid", "completed", "cancelled")
            ],
            "payment": await self._payment(case),
            "tries": {one.attempt_id: one.state.value for one in attempts},
            "backs": sorted((one.reason.value, one.amount.minor, one.state.value) for one in refunds),
            "parcels": [one.status.value for one in parcels],
            "ids": {
                **{one.refund_id: one.state.value for one in refunds},
                **{one.shipment_id: one.status.value for one in parcels},
            },
        }

    async def _payment(self, case: Case) -> tuple[str, int, int, int] | None:
        try:
            found = await self.world.shop.payments.payment("pay_" + case.order_id.removeprefix("ord_"))  # type: ignore[arg-type]
        except NotFound:
            return None
        return found.state.value, found.captured.minor, found.refunded.minor, found.held.minor


def should_stand(case: Case) -> JSON:
    """The same of the model."""
    want = case.model
    if not want.status:
        return {"order": None, "payment": None, "tries": {}, "backs": [], "parcels": []}
    return {
        "order": {
            "status": want.status,
            "payment": want.payment_status,
            "refunded": want.refunded,
            "reason": want.reason,
        },
        "steps": want.steps,
        "payment": (want.payment, want.captured, want.refunded, 0),
        "tries": {one.attempt_id: one.here for one in want.tries},
        "backs": sorted((back.reason, back.amount, back.state) for back in want.backs),
        "parcels": [want.parcel] if want.parcel else [],
    }
