"""Money that came unheard and orders that nobody looks after: `supplement-…`, every few minutes (R7.8)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.payments import PaymentActivities
    from activities.supplement import SupplementActivities
    from models.orders.messages import SettlementKind
    from models.payments.messages import CloseWindow, payment_of
    from models.payments.supplement import (
        REPAIRED_BY_ITSELF,
        AskAttempts,
        AttemptsAsked,
        FindStranded,
        Stranded,
        StrandedCase,
        StrandedOrders,
        Supplemented,
        SupplementInput,
        TakeUpWindow,
        WaitingSince,
    )
    from workflows.options import SEVERAL_TIMES, SIGN_OF_LIFE, TaskQueue
    from workflows.saga import Saga

_PAGE_CALL = timedelta(minutes=1)
_PAGES = 100
"""How many pages of one channel's attempts a run asks about; the rest is asked about at the end of its window at the latest."""
_SHOWN = 20


@workflow.defn(name="Supplement")
class Supplement:
    """One run: ask the channels, a lane for each so that a slow one delays no other; then look for orders that nobody
    looks after, and repair what is safe to repair (`models/payments/supplement.py` says what is and why).

    A channel that is down, or a part that stays broken, is left to the next run: nothing here is owed to anybody yet.
    """

    @workflow.init
    def __init__(self, start: SupplementInput) -> None:
        self._start = start
        self._saga = Saga(start.placement)
        self._done = Supplemented()

    @workflow.run
    async def run(self, start: SupplementInput) -> Supplemented:
        """What was found and done."""
        now = workflow.now()
        self._tell("Asking channels about payments that wait")
        await self._ask_channels(now - start.pending_for)
        self._tell("Looking for orders that nobody looks after")
        await self._look_after_orders(now - start.grace)
        self._tell("Done")
        return self._done

    # ---- money that came unheard -------------------------------------------------------------------------------------

    async def _ask_channels(self, moment: datetime) -> None:
        waiting = await self._saga.long_call(
            SupplementActivities.channels_waiting,
            WaitingSince(moment=moment),
            "which channels have payments that wait",
            TaskQueue.PAYMENTS,
        )
        await asyncio.gather(*(self._ask_channel(channel, moment) for channel in waiting.channels))

    async def _ask_channel(self, channel: str, moment: datetime) -> None:
        ask = AskAttempts(channel=channel, moment=moment)
        for _ in range(_PAGES):
            try:
                page: AttemptsAsked = await workflow.execute_activity_method(
                    SupplementActivities.ask_attempts,
                    ask,
                    task_queue=TaskQueue.CHANNELS_PAYMENT,
                    start_to_close_timeout=_PAGE_CALL,
                    heartbeat_timeout=SIGN_OF_LIFE,
                    retry_policy=SEVERAL_TIMES,
                    summary=f"ask {channel} about payments that wait",
                )
            except ActivityError as fault:
                workflow.logger.error("%s is left to the next run", channel, exc_info=fault)
                self._add(unfinished=True)
                return
            self._count(channel, page)
            if page.after is None:
                return
            ask = AskAttempts(channel=channel, moment=moment, after=page.after)
        self._add(unfinished=True)

    def _count(self, channel: str, page: AttemptsAsked) -> None:
        if page.down:
            workflow.metric_meter().create_counter("hanse_payment_channel_silent").add(1)
        self._add(
            **{name: getattr(self._done, name) + getattr(page, name) for name in ("asked", "paid", "closed", "silent")},
            channels_down=tuple(sorted({*self._done.channels_down, *([channel] if page.down else [])})),
        )
        self._tell("Asking channels about payments that wait")

    # ---- orders that nobody looks after ------------------------------------------------------------------------------

    async def _look_after_orders(self, moment: datetime) -> None:
        try:
            stranded: StrandedOrders = await self._saga.long_call(
                SupplementActivities.find_stranded,
                FindStranded(moment=moment),
                "find orders that nobody looks after",
                TaskQueue.PAYMENTS,
                tries=SEVERAL_TIMES,
            )
        except ActivityError as fault:
            workflow.logger.error("orders are looked after in the next run", exc_info=fault)
            self._add(unfinished=True)
            return
        self._add(unfinished=self._done.unfinished or stranded.more)
        for each in stranded.found:
            if each.case in REPAIRED_BY_ITSELF and await self._repaired(each):
                self._add(repaired=(*self._done.repaired, each))
            else:
                self._leave_to_a_person(each)

    async def _repaired(self, stranded: Stranded) -> bool:
        order_id = stranded.order_id
        try:
            if stranded.case is StrandedCase.WINDOW_WITHOUT_SAGA:
                take = TakeUpWindow(order_id=order_id, placement=self._start.placement)
                await self._saga.long_call(
                    SupplementActivities.take_up_window,
                    take,
                    f"run the payment window of {order_id} again",
                    TaskQueue.PAYMENTS,
                    tries=SEVERAL_TIMES,
                )
            else:  # the payment has ended, so nothing is closed by this: the order is told once more how it ended
                close = CloseWindow(
                    order_id=order_id,
                    payment_id=payment_of(order_id),
                    kind=SettlementKind.EXPIRED,
                    at=workflow.now(),
                )
                await self._saga.store_call(
                    PaymentActivities.close_window, close, f"tell {order_id} how its payment ended"
                )
        except ActivityError as fault:
            workflow.logger.error("not repaired: %s", order_id, exc_info=fault)
            return False
        return True

    def _leave_to_a_person(self, stranded: Stranded) -> None:
        workflow.metric_meter().create_counter("hanse_order_stranded").add(1, {"case": stranded.case.value})
        workflow.logger.error("order %s %s: a person must look at it", stranded.order_id, stranded.detail)
        self._add(for_a_person=(*self._done.for_a_person, stranded))

    # ---- what an operator sees ---------------------------------------------------------------------------------------

    def _add(self, **facts: Any) -> None:
        self._done = self._done.model_copy(update=facts)

    def _tell(self, doing: str) -> None:
        done = self._done
        lines = [
            f"**{doing}**",
            f"Attempts asked {done.asked} · paid {done.paid} · closed {done.closed} · no answer {done.silent}",
            *(f"- channel `{channel}` is down, asked again in the next run" for channel in done.channels_down),
            *(f"- repaired `{each.order_id}` ({each.case})" for each in done.repaired[:_SHOWN]),
            *(f"- **for a person:** `{each.order_id}` {each.detail}" for each in done.for_a_person[:_SHOWN]),
        ]
        workflow.set_current_details("\n".join(lines))
