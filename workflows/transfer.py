"""Goods from one warehouse to another: `transfer/{transfer_id}`."""

from asyncio import CancelledError
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.inventory import InventoryActivities
    from activities.refusals import as_application_error
    from models.inventory.errors import TransferNotWaiting
    from models.inventory.messages import (
        BookTransfer,
        DispatchTransfer,
        LoseTransfer,
        RecallTransfer,
        TransferInput,
        TransferMoved,
        TransferRef,
        TurnTransfer,
    )
    from models.inventory.transfers import UNDER_WAY, Transfer, TransferState
    from workflows.asks import Ask
    from workflows.low_stock import tell_low_stock
    from workflows.saga import ends_the_saga, is_refusal, unbroken
    from workflows.transfer_desk import Asked, TransferDesk, Wish

_S = TransferState


@workflow.defn(name="Transfer")
class TransferSaga(TransferDesk):
    """Plan, leave, be on the way, arrive in parts; what does not arrive is written off or comes back.

    Until the goods have left, calling it off or cancelling the workflow takes everything back. Goods on their way cannot be
    cancelled, only recalled: that is heard and let pass. Someone is reminded when the goods do not leave or do not arrive.
    `transfer_desk.py` is what it can be told.
    """

    @workflow.init
    def __init__(self, start: TransferInput) -> None:
        super().__init__(start)
        self._due = workflow.now()
        """When someone is reminded next."""

    @workflow.run
    async def run(self, start: TransferInput) -> TransferState | None:
        """How it ended; None when it was refused before it began."""
        try:
            left = await self._planned_and_left()
        except BaseException as error:
            if not ends_the_saga(error):
                raise
            await self._saga.compensate()
            await unbroken(self._called_off(error))
            if self._refused is not None:
                return None
            raise
        if left:
            return await unbroken(self._on_its_way())
        await self._saga.compensate()
        await unbroken(self._called_off())
        return _S.CANCELLED

    # ---- in the warehouse --------------------------------------------------------------------------------------------

    async def _planned_and_left(self) -> bool:
        """Whether the goods left; False when the transfer was called off first."""
        plan = self._plan
        self._saga.on_failure(InventoryActivities.cancel_transfer, self._ref("saga"), "call the transfer off")
        self._expect_a_dead_worker("saga")
        opened = await self._saga.store_call(InventoryActivities.open_transfer, plan, "write the transfer down")
        self._due = workflow.now() + self._start.terms.leaves_within
        self._now_it_is(opened.transfer, "the goods to leave: update `dispatch`, or `recall`")
        while True:
            ask = await self._next_wish("departure")
            wish = ask.wish.wish
            if isinstance(wish, RecallTransfer):
                self._wishes.insert(0, ask)  # answered when all is undone
                self._expect_a_dead_worker(wish.actor)
                return False
            assert isinstance(wish, DispatchTransfer)
            if await self._left(ask, wish):
                return True

    async def _left(self, ask: Ask[Asked, Transfer], wish: DispatchTransfer) -> bool:
        """Whether the goods could leave: what was planned may be promised to orders by now."""
        self._undo_leaving(wish.actor)
        try:
            moved = await self._saga.store_call(
                InventoryActivities.dispatch_transfer, self._ref(wish.actor), "the goods leave the warehouse"
            )
        except (ActivityError, CancelledError) as error:
            if isinstance(error, CancelledError) or not is_refusal(error):
                self._wishes.insert(0, ask)  # refused when all is undone
                raise
            ask.refuse(error)
            return False
        self._saga.keep(InventoryActivities.take_back_transfer)
        self._saga.keep(InventoryActivities.cancel_transfer)
        self._due = workflow.now() + self._start.terms.arrives_within
        tell_low_stock(self._saga, moved.low_stock, workflow.now())
        self._booked(ask, moved)
        return True

    def _expect_a_dead_worker(self, actor: str) -> None:
        """One may have booked that the goods left, and have died before that was written down, and the wish was lost with it. So
        their leaving is undone also where nobody is known to have wished it."""
        self._undo_leaving(actor)

    def _undo_leaving(self, actor: str) -> None:
        """In the name of the last who wished something, and at his time."""
        self._saga.keep(InventoryActivities.take_back_transfer)
        self._saga.on_failure(
            InventoryActivities.take_back_transfer, self._ref(actor), "put the goods back on the shelf"
        )

    async def _called_off(self, error: BaseException | None = None) -> None:
        """Everything is taken back: whoever asked for it is told, and everyone who wanted something else refused."""
        if self._transfer is None:
            self._refused = error if error is not None and is_refusal(error) else None
            if self._refused is None:
                self._refused = as_application_error(
                    TransferNotWaiting.of(self._plan.transfer_id, _S.CANCELLED, "opened any more")
                )
        else:
            asks = [ask for ask in self._wishes if isinstance(ask.wish.wish, RecallTransfer)]
            cancelled = {"state": _S.CANCELLED, "changed_at": workflow.now()}
            self._wishes = [ask for ask in self._wishes if ask not in asks]
            self._now_it_is(self._transfer.model_copy(update=cancelled), "nothing")
            for ask in asks:
                ask.answer(self._now())
        await self._saga.closed()

    # ---- on its way --------------------------------------------------------------------------------------------------

    async def _on_its_way(self) -> TransferState:
        """Until the last unit has arrived, come back or been written off."""
        while self._now().state in UNDER_WAY:
            ask = await self._next_wish("arrival")
            try:
                await self._done(ask, ask.wish.wish)
            except ActivityError as refusal:
                if not is_refusal(refusal):
                    raise
                ask.refuse(refusal)
        await self._saga.closed()
        return self._now().state

    async def _done(self, ask: Ask[Asked, Transfer], wish: Wish) -> None:
        """One part arrived or was lost, or the goods were turned round; the store may refuse any of it."""
        assert not isinstance(wish, DispatchTransfer)
        if isinstance(wish, RecallTransfer):
            turn = TurnTransfer(
                transfer_id=self._plan.transfer_id, actor=wish.actor, reason=wish.reason, at=workflow.now()
            )
            moved = await self._saga.store_call(InventoryActivities.recall_transfer, turn, "turn the goods round")
            self._due = workflow.now() + self._start.terms.arrives_within
        else:
            lost = isinstance(wish, LoseTransfer)
            book = BookTransfer(
                transfer_id=self._plan.transfer_id,
                part=ask.wish.key,
                lines=wish.lines,
                actor=wish.actor,
                at=workflow.now(),
                reason=wish.reason if isinstance(wish, LoseTransfer) else "",
            )
            moved = await self._saga.store_call(
                InventoryActivities.write_off_transfer if lost else InventoryActivities.receive_transfer,
                book,
                "write off what was lost" if lost else f"goods arrive in {self._now().goes_to}",
            )
        self._booked(ask, moved)

    # ---- for both ----------------------------------------------------------------------------------------------------

    def _booked(self, ask: Ask[Asked, Transfer], moved: TransferMoved) -> None:
        self._saga.announce(moved.unannounced)
        waits = moved.transfer.state in UNDER_WAY
        self._now_it_is(
            moved.transfer,
            f"the goods in {moved.transfer.goes_to}: update `arrive`, `lose` or `recall`" if waits else "nothing",
        )
        ask.answer(moved.transfer)

    async def _next_wish(self, waits_for: str) -> Ask[Asked, Transfer]:
        """The oldest wish. While none comes in time, someone is reminded again and again."""
        while not self._wishes:
            try:
                await workflow.wait_condition(
                    lambda: bool(self._wishes),
                    timeout=max(self._due - workflow.now(), timedelta(0)),
                    timeout_summary=f"reminder: {waits_for} is overdue",
                )
            except TimeoutError:
                workflow.metric_meter().create_counter("hanse_transfer_overdue").add(1, {"waits_for": waits_for})
                workflow.logger.warning("transfer %s still waits for its %s", self._plan.transfer_id, waits_for)
                self._overdue, self._due = True, workflow.now() + self._start.terms.reminder
                self._tell(self._waiting_for)
        return self._wishes.pop(0)

    def _ref(self, actor: str) -> TransferRef:
        return TransferRef(transfer_id=self._plan.transfer_id, actor=actor, at=workflow.now())
