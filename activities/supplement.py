"""Finding what got lost between a channel, a payment and its order. Nothing here books: it tells the saga that does."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from prometheus_client import Counter
from temporalio import activity

from activities.payments import report_from
from activities.siblings import Siblings
from channels.payment.contract import PaymentChannel
from channels.payment.contract import PaymentState as StateAtChannel
from channels.payment.errors import ChannelRefused, ChannelUnavailable
from models.orders.messages import Placement, checkout_id
from models.orders.types import OrderStatus
from models.payments.messages import PaymentTimeoutInput, payment_timeout_id
from models.payments.supplement import (
    AskAttempts,
    AttemptsAsked,
    ChannelsWaiting,
    FindStranded,
    Stranded,
    StrandedCase,
    StrandedOrders,
    TakeUpWindow,
    WaitingSince,
)
from models.payments.types import Attempt, PaymentState
from models.shared.ids import OrderId
from models.shared.time import Clock

if TYPE_CHECKING:
    from channels.payment.registry import PaymentChannels
    from stores.orders import OrderStore
    from stores.payments import PaymentStore

_log = logging.getLogger(__name__)
_supplemented = Counter(
    "hanse_supplemented", "Payments whose callback was lost, found by asking the channel", ["channel"]
)
_PAGE = 40
_AT_ONCE = 8
_PATIENCE = 5.0
"""Seconds for one question. A page of a channel that stumbles takes less than half a minute."""
_SHOWN = 100
_ORDERS = 500
_Order = tuple[OrderId, OrderStatus]


class SupplementActivities:
    """Asks channels, and compares orders with their payments and workflows. Everything here may be repeated."""

    def __init__(
        self,
        payments: "PaymentStore",
        orders: "OrderStore",
        channels: "PaymentChannels",
        siblings: Siblings,
        clock: Clock,
        *,
        placement: Placement,
    ) -> None:
        """`placement` is that of the windows that a report starts again."""
        self._payments = payments
        self._orders = orders
        self._channels = channels
        self._siblings = siblings
        self._clock = clock
        self._placement = placement

    # ---- money that came unheard -------------------------------------------------------------------------------------

    @activity.defn(name="supplement.channels_waiting")
    async def channels_waiting(self, since: WaitingSince) -> ChannelsWaiting:
        """The channels that have attempts waiting for so long."""
        return ChannelsWaiting(channels=await self._payments.channels_waiting_since(since.moment))

    @activity.defn(name="supplement.ask_attempts")
    async def ask_attempts(self, ask: AskAttempts) -> AttemptsAsked:
        """Ask a channel about a page of attempts, some at a time. A paid one is reported to its payment window exactly as its
        callback would have been. A channel that answers none of the first questions is `down` and left alone."""
        waiting = await self._payments.attempts_waiting_since(
            ask.moment, limit=_PAGE, after=ask.after, channel=ask.channel
        )
        channel = self._channels.named(ask.channel)
        said: list[StateAtChannel | None] = []
        for start in range(0, len(waiting), _AT_ONCE):
            some = waiting[start : start + _AT_ONCE]
            said += await asyncio.gather(*(self._asked(channel, attempt) for attempt in some))
            if not any(said):
                break
        heard = [state for state in said if state is not None]
        return AttemptsAsked(
            asked=len(said),
            paid=heard.count(StateAtChannel.PAID),
            closed=len(heard) - heard.count(StateAtChannel.PAID) - heard.count(StateAtChannel.PENDING),
            silent=len(said) - len(heard),
            down=bool(said) and not heard,
            after=waiting[-1].attempt_id if heard and len(waiting) == _PAGE else None,
        )

    async def _asked(self, channel: PaymentChannel, attempt: Attempt) -> StateAtChannel | None:
        """What the channel said, acted upon; None when it said nothing that could be used."""
        try:
            async with asyncio.timeout(_PATIENCE):
                there = await channel.query(attempt.channel_reference or "")
            report = None
            if there.status is StateAtChannel.PAID:
                report = report_from(attempt, there, "supplement", self._clock())
        except (ChannelUnavailable, ChannelRefused, TimeoutError) as fault:
            _log.warning("%s says nothing about %s: %r", attempt.channel, attempt.attempt_id, fault)
            return None
        if report is not None:
            payment = await self._payments.payment(attempt.payment_id)
            await self._siblings.report_payment(PaymentTimeoutInput.taking_up(payment, self._placement), report)
            _supplemented.labels(attempt.channel).inc()
        elif there.status is not StateAtChannel.PENDING:
            await self._payments.close_attempt(attempt.attempt_id)
        return there.status

    # ---- orders that nobody looks after ------------------------------------------------------------------------------

    @activity.defn(name="supplement.find_stranded")
    async def find_stranded(self, ask: FindStranded) -> StrandedOrders:
        """Unfinished orders, and payments whose time is over, that no running workflow looks after; the oldest first. Whatever
        Temporal's list says is made sure of, one by one, before it is told."""
        found = [each async for each in self._windows_without_saga(ask)]
        looked_at = len(found)
        async for orders in self._unfinished(ask):
            looked_at += len(orders)
            found += [each async for each in self._disagreeing(ask, orders)]
            activity.heartbeat(looked_at)
            if len(found) > _SHOWN:
                break
        return StrandedOrders(found=tuple(found[:_SHOWN]), looked_at=looked_at, more=len(found) > _SHOWN)

    @activity.defn(name="supplement.take_up_window")
    async def take_up_window(self, ask: TakeUpWindow) -> None:
        """Run the payment window of an order again: it asks the channels, closes there, and tells the order."""
        payment = await self._payments.payment_for_order(ask.order_id)
        await self._siblings.take_up_window(PaymentTimeoutInput.taking_up(payment, ask.placement))

    async def _windows_without_saga(self, ask: FindStranded) -> AsyncIterator[Stranded]:
        for payment in await self._payments.payments_overdue(ask.moment, limit=_SHOWN):
            if not await self._siblings.runs(payment_timeout_id(payment.order_id)):
                yield Stranded(
                    order_id=payment.order_id,
                    case=StrandedCase.WINDOW_WITHOUT_SAGA,
                    detail=f"{payment.amount} was due at {payment.due_at:%Y-%m-%d %H:%M} UTC",
                )

    async def _unfinished(self, ask: FindStranded) -> AsyncIterator[Sequence[_Order]]:
        after: OrderId | None = None
        while orders := await self._orders.unfinished_since(ask.moment, limit=_ORDERS, after=after):
            yield orders
            after = orders[-1][0]

    async def _disagreeing(self, ask: FindStranded, orders: Sequence[_Order]) -> AsyncIterator[Stranded]:
        listed = await self._siblings.checkouts_listed(orders[0][0], orders[-1][0])
        looked_after = []
        for order_id, status in orders:
            if order_id in listed or await self._siblings.runs(checkout_id(order_id)):
                looked_after += [order_id] if status is OrderStatus.PENDING_PAYMENT else []
            elif await self._still(order_id, status):
                detail = f"is {status}, and its Checkout does not run"
                yield Stranded(order_id=order_id, case=StrandedCase.ORDER_WITHOUT_SAGA, detail=detail)
        for payment in await self._payments.payments_ended(looked_after, ask.moment):
            if await self._still(payment.order_id, OrderStatus.PENDING_PAYMENT):
                paid = payment.state is PaymentState.PAID
                detail = f"waits for a payment that is {'complete' if paid else 'closed'} since {payment.settled_at}"
                yield Stranded(order_id=payment.order_id, case=StrandedCase.SETTLEMENT_UNHEARD, detail=detail)

    async def _still(self, order_id: OrderId, status: OrderStatus) -> bool:
        """Whether the order has not moved while we looked elsewhere."""
        return (await self._orders.order(order_id)).status is status
