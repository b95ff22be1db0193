"""What a parcel can be told and asked while it is on its way: the updates, signals and the query of `Fulfillment`.

As with `checkout_desk.py`, handlers only put a wish on the desk; the process takes it where it listens. Whenever the parcel
changes, wishes that no longer fit it are refused, so none is granted to a parcel that is not the one it was meant for.
"""

from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.refusals import as_application_error
    from models.fulfillment.errors import ParcelNotWaiting, PickedTooMuch, SplitInvalid
    from models.fulfillment.messages import (
        DecideException,
        Dispatch,
        FulfillmentInput,
        GiveUpWaiting,
        ReceiveBack,
        ReportException,
        ShipmentAnswer,
        SignOff,
        SplitAnswer,
        SplitParcel,
        StopShipments,
        TrackingReport,
    )
    from models.fulfillment.rules import check_picked, split_off
    from models.fulfillment.types import Outbound, ShipmentStatus
    from models.orders.types import LineRequest
    from workflows.asks import Ask
    from workflows.saga import Saga

W = TypeVar("W")
_UNDER_WAY = (ShipmentStatus.SHIPPED, ShipmentStatus.DELIVERED)


class FulfillmentDesk:
    """Wishes that wait, reports that came, and the status that decides what may be asked."""

    def __init__(self, start: FulfillmentInput) -> None:
        self._start = start
        self._saga = Saga(start.placement)
        self._status = ShipmentStatus.WAITING if start.waits else ShipmentStatus.PICKING
        self._waiting_for = "the warehouse"
        self._in_parcel: tuple[LineRequest, ...] = start.items
        """What was found and is sent; less than belongs into it after a short pick."""
        self._left = False
        """Whether this packing was handed to a carrier."""
        self._round = 1
        """Which packing this is."""
        self._undecided = False
        """Whether a lost or damaged parcel waits for an operator."""
        self._dispatches: list[Ask[Dispatch, ShipmentAnswer]] = []
        self._sign_offs: list[Ask[SignOff, ShipmentAnswer]] = []
        self._troubles: list[Ask[ReportException, ShipmentAnswer]] = []
        self._decisions: list[Ask[DecideException, ShipmentAnswer]] = []
        self._returns: list[Ask[ReceiveBack, ShipmentAnswer]] = []
        self._tracking: list[TrackingReport] = []
        self._heard: set[str] = set()
        """Ids of the reports that came: each is looked at once."""
        self._give_ups: list[Ask[GiveUpWaiting, ShipmentAnswer]] = []
        self._goods_came = False
        self._splits: list[Ask[SplitParcel, SplitAnswer]] = []
        self._stopped = False
        self._address_corrected = False

    @workflow.update
    async def dispatch(self, wish: Dispatch) -> ShipmentAnswer:
        """The warehouse lets the parcel out, whole or short."""
        return await self._queued(self._dispatches, wish)

    @dispatch.validator
    def _may_dispatch(self, wish: Dispatch) -> None:
        waits = self._start.outbound is Outbound.MANUAL and self._status is ShipmentStatus.PICKING
        self._must(waits, "waiting to be let out")
        if wish.picked is not None:
            try:
                check_picked(self._start.shipment_id, self._in_parcel, wish.picked)
            except PickedTooMuch as refusal:
                raise as_application_error(refusal) from None

    @workflow.update
    async def split(self, wish: SplitParcel) -> SplitAnswer:
        """The warehouse packs two parcels instead of one."""
        ask: Ask[SplitParcel, SplitAnswer] = Ask(wish)
        self._splits.append(ask)
        return await ask.answered()

    @split.validator
    def _may_split(self, wish: SplitParcel) -> None:
        waits = self._start.outbound is Outbound.MANUAL and self._status is ShipmentStatus.PICKING
        planned = self._start.aftersale_id is None  # an after-sale counts the parcels of its exchange
        self._must(
            waits and planned and self._round == 1, "one of the order's own, waiting to be let out for the first time"
        )
        try:
            split_off(self._start.shipment_id, self._in_parcel, wish.items)
        except SplitInvalid as refusal:
            raise as_application_error(refusal) from None

    @workflow.update
    async def sign_off(self, wish: SignOff) -> ShipmentAnswer:
        """The buyer has the parcel: said by an operator, the buyer, or the carrier; also of one that was given up too soon."""
        return await self._queued(self._sign_offs, wish)

    @sign_off.validator
    def _may_sign_off(self, wish: SignOff) -> None:
        self._must(self._left and self._status in (*_UNDER_WAY, ShipmentStatus.EXCEPTION), "under way")

    @workflow.update
    async def report_exception(self, wish: ReportException) -> ShipmentAnswer:
        """Something went wrong: the address is wrong, the parcel is lost, damaged or refused."""
        return await self._queued(self._troubles, wish)

    @report_exception.validator
    def _may_report(self, wish: ReportException) -> None:
        self._must(self._status in _UNDER_WAY, "under way")

    @workflow.update
    async def decide_exception(self, wish: DecideException) -> ShipmentAnswer:
        """An operator's word on a lost or damaged parcel: `reship` or `refund`."""
        return await self._queued(self._decisions, wish)

    @decide_exception.validator
    def _may_decide(self, wish: DecideException) -> None:
        self._must(self._undecided, "waiting for a decision")

    @workflow.update
    async def receive_back(self, wish: ReceiveBack) -> ShipmentAnswer:
        """The warehouse has the returning parcel again."""
        return await self._queued(self._returns, wish)

    @receive_back.validator
    def _may_receive(self, wish: ReceiveBack) -> None:
        self._must(self._status is ShipmentStatus.RETURNING, "on its way back")

    @workflow.update
    async def give_up(self, wish: GiveUpWaiting) -> ShipmentAnswer:
        """A parcel that waits for its goods is waited for no longer; it is refunded."""
        return await self._queued(self._give_ups, wish)

    @give_up.validator
    def _may_give_up(self, wish: GiveUpWaiting) -> None:
        self._must(self._status is ShipmentStatus.WAITING, "waiting for its goods")

    @workflow.signal
    def goods_came(self) -> None:
        """Goods were received for this parcel."""
        self._goods_came = True

    @workflow.signal
    def tracking_reported(self, report: TrackingReport) -> None:
        """A carrier's verified report; late, doubled and reordered ones are harmless."""
        if report.event.event_id not in self._heard:
            self._heard.add(report.event.event_id)
            self._tracking.append(report)

    @workflow.signal
    def silence_taken_for_yes(self, sign_off: SignOff) -> None:
        """It was delivered days ago, and nobody said that it was not."""
        if self._left and self._status in _UNDER_WAY:
            self._sign_offs.append(Ask(sign_off))

    @workflow.signal
    def order_stopped(self, _stop: StopShipments) -> None:
        """The order was called off before hand-over; the store has stopped the parcel already."""
        self._stopped = True

    @workflow.signal
    def address_corrected(self) -> None:
        """The buyer or an operator changed the order's address."""
        self._address_corrected = True

    @workflow.query
    def progress(self) -> str:
        """Where the parcel is and what it waits for, in words."""
        return f"{self._status}, waiting for {self._waiting_for}"

    # ---- for the process ---------------------------------------------------------------------------------------------

    async def _queued(self, asks: list[Ask[W, ShipmentAnswer]], wish: W) -> ShipmentAnswer:
        ask: Ask[W, ShipmentAnswer] = Ask(wish)
        asks.append(ask)
        return await ask.answered()

    def _must(self, fits: bool, words: str) -> None:
        if not fits:
            raise as_application_error(
                ParcelNotWaiting(f"Parcel {self._start.shipment_id} is {self._status}, not {words}.")
            )

    def _answer(self) -> ShipmentAnswer:
        return ShipmentAnswer(shipment_id=self._start.shipment_id, status=self._status)

    def _now_it_is(self, status: ShipmentStatus, waiting_for: str) -> None:
        self._status, self._waiting_for = status, waiting_for
        workflow.set_current_details(
            f"**{status}**, waiting for {waiting_for}\n\nOrder `{self._start.order_id}`"
            f" · parcel `{self._start.shipment_id}` of {len(self._start.items)} SKU(s)"
        )
        self._refuse_what_no_longer_fits()

    def _refuse_what_no_longer_fits(self) -> None:
        desk: tuple[tuple[list[Any], Any], ...] = (
            (self._dispatches, self._may_dispatch),
            (self._splits, self._may_split),
            (self._sign_offs, self._may_sign_off),
            (self._troubles, self._may_report),
            (self._decisions, self._may_decide),
            (self._returns, self._may_receive),
            (self._give_ups, self._may_give_up),
        )
        for asks, may in desk:
            for ask in list(asks):
                try:
                    may(ask.wish)
                except ApplicationError as refusal:
                    asks.remove(ask)
                    ask.refuse(refusal)
