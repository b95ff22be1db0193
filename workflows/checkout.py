"""An order from quote to completion: `checkout/{order_id}`."""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.fulfillment import FulfillmentActivities
    from activities.inventory import InventoryActivities
    from activities.orders import OrderActivities
    from activities.payments import PaymentActivities
    from activities.promotions import PromotionActivities
    from models.fulfillment.messages import HandOver, StopShipments
    from models.inventory.messages import CommitStock
    from models.orders.errors import NothingToDecide
    from models.orders.messages import (
        CancelAnswer,
        CancelOrder,
        CheckoutInput,
        CommitDecision,
        OrderRef,
        PaymentReceived,
        Settlement,
        SettlementKind,
    )
    from models.orders.types import CancelReason, OrderStatus
    from models.payments.messages import RequestStop
    from workflows.asks import Ask
    from workflows.checkout_desk import Stage
    from workflows.checkout_ending import CheckoutEnding
    from workflows.checkout_steps import (
        stock_commit_failed,
    )
    from workflows.saga import Deadline, ends_the_saga, is_refusal, refusal_code, unbroken
    from workflows.search_attributes import show


@workflow.defn(name="Checkout")
class Checkout(CheckoutEnding):
    """Quote, hold, place, pay, commit, ship, complete; every way out of it gives everything back exactly once.

    `checkout_desk.py` is what it can be told and asked, `checkout_placing.py` its way to an order that stands,
    `checkout_pricing.py` another price before it is paid, `checkout_ending.py` its ends. Payment window and parcels are
    workflows of their own that report here (docs/decisions/0005 says why siblings and not children).
    """

    @workflow.init
    def __init__(self, start: CheckoutInput) -> None:
        super().__init__(start)

    # ---- the process -------------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, start: CheckoutInput) -> OrderStatus | None:
        """The final status of the order; None when it never came to one (refused, or the hold lapsed)."""
        try:
            ended_as = await self._process()
        except BaseException as error:
            if ends_the_saga(error):
                await self._saga.compensate()
                await unbroken(self._close(OrderStatus.CANCELLED if self._placed_order else None))
            raise
        await unbroken(self._close(ended_as))
        return ended_as

    async def _process(self) -> OrderStatus | None:
        if not await self._placed():
            return OrderStatus.CANCELLED if self._placed_order else None
        settlement = await self._settled()
        if settlement.kind is not SettlementKind.PAID:
            return await self._closed_unpaid(settlement)
        if await unbroken(self._called_off_in_time()) or not await unbroken(self._stock_committed()):
            return await unbroken(self._money_goes_back())
        await unbroken(self._benefits_redeemed())
        if not await unbroken(self._handed_over()) or not await self._parcels_ended():
            return await unbroken(self._money_goes_back())
        await self._receipt_confirmed()
        return await unbroken(self._completed())

    # ---- payment -----------------------------------------------------------------------------------------------------

    async def _settled(self) -> Settlement:
        """`PaymentTimeout` decides; a wish to cancel makes it ask the channels a last time and close. Until then an operator may ask
        less."""
        while self._settlement is None:
            await self._listen(lambda: self._settlement or (self._cancels and not self._called_off) or self._prices)
            if self._settlement is None and not self._cancels and self._prices:
                await unbroken(self._price_adjusted(self._prices.pop(0)))
                continue
            self._refuse_all(self._not_awaiting_payment(), self._prices)
            if self._cancels and not self._called_off:
                self._called_off = self._cancels[0].wish
                stop = RequestStop(order_id=self._start.order_id, actor=self._called_off.actor)
                await unbroken(
                    self._saga.store_call(PaymentActivities.request_stop, stop, "stop waiting for the payment")
                )
        self._refuse_all(self._not_awaiting_payment(), self._prices)
        self._saga.keep(PaymentActivities.close_payment)
        # Whatever comes now ends in a status of its own; discarding first would cancel it for the wrong reason.
        self._saga.keep(OrderActivities.discard_order)
        return self._settlement

    async def _closed_unpaid(self, settlement: Settlement) -> OrderStatus:
        await self._saga.compensate()
        if self._called_off is not None:
            reason: CancelReason = self._called_off.by
        else:  # a window that nobody here called off was stopped by hand
            expired = settlement.kind is SettlementKind.EXPIRED
            reason = CancelReason.PAYMENT_TIMEOUT if expired else CancelReason.BY_OPERATOR
        return await unbroken(self._cancelled(reason))

    async def _called_off_in_time(self) -> bool:
        """Whether the order was called off before it was heard that it is paid. Giving its stock back shows whether a worker had
        heard so already, went further, and died before that was written down: then the parcels it may have handed over are
        stopped, or, when a carrier has one, the wish is refused and the order goes its way."""
        if not self._called_off:
            return False
        self._stock_free = await self._released()
        if not self._stock_free:
            self._went_further = self._stock_left = True
            if not await self._stopped(self._cancels[0]):
                self._called_off = None
        return self._called_off is not None

    # ---- paid --------------------------------------------------------------------------------------------------------

    async def _stock_committed(self) -> bool:
        """Whether the held stock has left the books. If it cannot, a person decides, or time does: refund."""
        commit = CommitStock(order_id=self._start.order_id)
        while True:
            self._go_to(Stage.COMMITTING, "the inventory")
            try:
                await self._saga.store_call(
                    InventoryActivities.commit_stock, commit, "commit the stock", self._terms.commit_tries
                )
            except ActivityError as error:
                if not await self._decided_to_retry(error):
                    return False
            else:
                self._stock_left = True
                return True

    async def _decided_to_retry(self, error: ActivityError) -> bool:
        await self._money_is_there()
        cause = refusal_code(error) if is_refusal(error) else type(error.cause).__name__
        workflow.metric_meter().create_counter("hanse_stock_commit_failed").add(1)
        self._saga.announce((stock_commit_failed(self._start.order_id, cause, workflow.now()),))
        self._go_to(Stage.UNDECIDED, f"an operator: the stock cannot be committed ({cause}); update `decide_commit`")
        limit = Deadline(self._terms.commit_decision, "limit for the operator's decision")
        await self._listen(lambda: self._decisions or self._cancels or limit.passed)
        limit.drop()
        retry = False
        if self._cancels:
            self._called_off = self._cancels[0].wish
        elif self._decisions:
            ask = self._decisions.pop(0)
            ask.answer(OrderRef(order_id=self._start.order_id))
            retry = ask.wish.decision is CommitDecision.RETRY
        self._refuse_all(NothingToDecide("It was decided a moment ago."), self._decisions)
        return retry

    async def _money_is_there(self) -> None:
        """The order waits for its stock and not for its payment: what goes back meanwhile is told to it, and nobody is late."""
        received = PaymentReceived(order_id=self._start.order_id, at=self._paid_at() or workflow.now())
        await self._saga.store_call_or_alert(
            OrderActivities.record_payment, received, "the money is there, the stock is not committed"
        )

    async def _benefits_redeemed(self) -> None:
        """What the order held is spent for good. It cannot be refused unless books disagree, and then the order goes on."""
        if self._spends:
            order = OrderRef(order_id=self._start.order_id)
            done = await self._saga.store_call_or_alert(
                PromotionActivities.redeem_benefits, order, "redeem coupons, points and limited promotions"
            )
            if done is not None:
                self._saga.announce(done.unannounced)

    async def _handed_over(self) -> bool:
        """The order is paid and its warehouses have its parcels: one step, so that it is never the one without the other. False
        when the books say that the order is over already: nobody may end it but this process, yet its buyer shall not pay for
        the mistake."""
        assert self._placed_order is not None
        handing = HandOver(
            order_id=self._start.order_id,
            payment_id=self._placed_order.payment_id,
            user_id=self._start.user_id,
            parcels=self._parcel_plans,
            paid_at=self._paid_at() or workflow.now(),
            at=workflow.now(),
            placement=self._terms.placement,
        )
        count = f"{len(self._parcel_plans)} parcel(s)"
        try:
            done = await self._saga.store_call(
                FulfillmentActivities.hand_over, handing, f"the order is paid; hand over {count} to fulfillment"
            )
        except ActivityError as refusal:
            workflow.logger.error("a paid order cannot be handed over; its money goes back", exc_info=refusal)
            return False
        self._saga.announce(done.unannounced)
        show(OrderStatus=OrderStatus.PAID, PaymentStatus="paid", Amount=self._placed_order.total.minor)
        self._go_to(Stage.FULFILLING, f"{count} to be signed for")
        return True

    async def _parcels_ended(self) -> bool:
        """Whether every parcel came to its end; False when the order was called off before any was handed over."""
        while len(self._parcels) < len(self._parcel_plans):
            await self._listen(lambda: len(self._parcels) == len(self._parcel_plans) or self._cancels)
            if self._cancels:
                stopped = await unbroken(self._stopped(self._cancels[0]))
                if stopped:
                    return False
        return True

    async def _stopped(self, ask: Ask[CancelOrder, CancelAnswer]) -> bool:
        stop = StopShipments(order_id=self._start.order_id, at=workflow.now(), actor=ask.wish.actor)
        try:
            await self._saga.store_call(FulfillmentActivities.stop_shipments, stop, "stop every parcel, all or none")
        except ActivityError as refusal:
            self._cancels.remove(ask)
            ask.refuse(refusal)
            return False
        self._called_off = ask.wish
        return True
