"""What a transfer can be told and asked: the updates and the query of `Transfer`.

As with `checkout_desk.py`, handlers only put a wish on the desk; the process takes the wishes one by one, in the order in
which they came. Whenever the transfer changes, wishes that no longer fit it are refused.
"""

from dataclasses import dataclass

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.refusals import as_application_error
    from models.inventory.errors import TransferNotWaiting
    from models.inventory.messages import (
        ArriveTransfer,
        DispatchTransfer,
        LoseTransfer,
        RecallTransfer,
        TransferInput,
    )
    from models.inventory.transfers import UNDER_WAY, Transfer, TransferState
    from workflows.asks import Ask
    from workflows.beginning import MayRefuseToBegin
    from workflows.saga import Saga
    from workflows.search_attributes import show

Wish = DispatchTransfer | ArriveTransfer | LoseTransfer | RecallTransfer
_S = TransferState
FITS: dict[type, tuple[tuple[TransferState, ...], str]] = {
    DispatchTransfer: ((_S.PLANNED,), "waiting to leave"),
    ArriveTransfer: (UNDER_WAY, "on its way"),
    LoseTransfer: (UNDER_WAY, "on its way"),
    RecallTransfer: ((_S.PLANNED, _S.IN_TRANSIT), "waiting to leave or on its way"),
}
"""Where a transfer must be for each wish, and the words for it."""


@dataclass(frozen=True)
class Asked:
    """A wish and the key under which it is booked once: the id of the update that brought it."""

    wish: Wish
    key: str


class TransferDesk(MayRefuseToBegin):
    """Wishes that wait, and the transfer as the store last said it is."""

    def __init__(self, start: TransferInput) -> None:
        self._start = start
        self._plan = start.plan
        self._saga = Saga(start.placement)
        self._wishes: list[Ask[Asked, Transfer]] = []
        self._transfer: Transfer | None = None
        """None until it is opened."""
        self._refused: BaseException | None = None
        self._waiting_for = "the inventory"
        self._overdue = False

    @workflow.update
    async def begin(self) -> Transfer:
        """What the one who asks for the transfer is told at once: planned, or why not."""
        await workflow.wait_condition(lambda: self._transfer is not None or self._refused is not None)
        if self._refused is not None:
            raise self._refused
        return self._now()

    @workflow.update
    async def dispatch(self, wish: DispatchTransfer) -> Transfer:
        """The goods leave the warehouse, all that was planned."""
        return await self._queued(wish)

    @workflow.update
    async def arrive(self, wish: ArriveTransfer) -> Transfer:
        """Goods arrived, whole or in part; after a recall, where they came from."""
        return await self._queued(wish)

    @workflow.update
    async def lose(self, wish: LoseTransfer) -> Transfer:
        """Goods will not come; they are written off, with the reason."""
        return await self._queued(wish)

    @workflow.update
    async def recall(self, wish: RecallTransfer) -> Transfer:
        """Call the transfer off, or turn its goods round when they have left."""
        return await self._queued(wish)

    @dispatch.validator
    def _may_dispatch(self, wish: DispatchTransfer) -> None:
        self._must_fit(wish)

    @arrive.validator
    def _may_arrive(self, wish: ArriveTransfer) -> None:
        self._must_fit(wish)

    @lose.validator
    def _may_lose(self, wish: LoseTransfer) -> None:
        self._must_fit(wish)

    @recall.validator
    def _may_recall(self, wish: RecallTransfer) -> None:
        self._must_fit(wish)

    @workflow.query
    def progress(self) -> str:
        """Where the goods are and what they wait for, in words."""
        state = self._transfer.state if self._transfer else "opening"
        return f"{state}{' (overdue)' if self._overdue else ''}, waiting for {self._waiting_for}"

    # ---- for the process ---------------------------------------------------------------------------------------------

    async def _queued(self, wish: Wish) -> Transfer:
        update = workflow.current_update_info()
        assert update is not None
        ask: Ask[Asked, Transfer] = Ask(Asked(wish, update.id))
        self._wishes.append(ask)
        return await ask.answered()

    def _must_fit(self, wish: Wish) -> None:
        states, words = FITS[type(wish)]
        state = self._transfer.state if self._transfer else "not opened yet"
        if state not in states:
            raise as_application_error(TransferNotWaiting.of(self._plan.transfer_id, state, words))

    def _now(self) -> Transfer:
        assert self._transfer is not None
        return self._transfer

    def _now_it_is(self, transfer: Transfer, waiting_for: str) -> None:
        self._transfer, self._overdue = transfer, False
        self._tell(waiting_for)
        show(ShipmentStatus=transfer.state)
        for ask in list(self._wishes):
            try:
                self._must_fit(ask.wish.wish)
            except ApplicationError as refusal:
                self._wishes.remove(ask)
                ask.refuse(refusal)

    def _tell(self, waiting_for: str) -> None:
        self._waiting_for = waiting_for
        transfer, plan = self._now(), self._plan
        units = sum(line.quantity for line in transfer.lines)
        workflow.set_current_details(
            f"**{transfer.state}**{' · **overdue**' if self._overdue else ''}, waiting for {waiting_for}\n\n"
            f"From `{plan.from_warehouse_id}` to `{plan.to_warehouse_id}` · {transfer.in_transit} of {units} unit(s)"
            f" in transit · {len(transfer.lines)} SKU(s)"
        )
