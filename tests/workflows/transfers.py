"""One transfer in a test: what it is started with, what its steps answer by default, and what people say."""

import secrets
from datetime import UTC, datetime
from typing import Any

from temporalio.client import WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy

from models.inventory.errors import TransferNotWaiting
from models.inventory.messages import (
    ArriveTransfer,
    BookTransfer,
    DispatchTransfer,
    LoseTransfer,
    OpenTransfer,
    RecallTransfer,
    TransferInput,
    TransferMoved,
    TransferRef,
    TurnTransfer,
    transfer_workflow_id,
)
from models.inventory.transfers import Transfer, TransferLine, TransferState, to_book
from models.inventory.types import SkuQuantity
from models.orders.messages import Placement
from models.shared.done import Done
from models.shared.ids import MerchantId, SkuId, TransferId, WarehouseId
from tests.workflows.sagas import Sagas
from workflows.options import TaskQueue
from workflows.transfer import TransferSaga

T0 = datetime(2026, 11, 22, 9, tzinfo=UTC)
TEA, POT = SkuId.derive(T0, "green tea"), SkuId.derive(T0, "tea pot")
LOAD = (SkuQuantity(sku_id=TEA, quantity=8), SkuQuantity(sku_id=POT, quantity=3))

OPEN, CANCEL = "inventory.open_transfer", "inventory.cancel_transfer"
DISPATCH, TAKE_BACK = "inventory.dispatch_transfer", "inventory.take_back_transfer"
RECEIVE, WRITE_OFF, RECALL = "inventory.receive_transfer", "inventory.write_off_transfer", "inventory.recall_transfer"
_S = TransferState


class Lorry:
    """Eight teas and three pots, from one warehouse to another. The scripted steps keep count as the store does."""

    def __init__(self, sagas: Sagas, placement: Placement = "inline") -> None:
        self.sagas, self.steps, self._placement = sagas, sagas.steps, placement
        self.transfer_id = TransferId.mint(T0, secrets.token_bytes(10))
        self.plan = OpenTransfer(
            transfer_id=self.transfer_id,
            from_warehouse_id=WarehouseId.derive(T0, "north"),
            to_warehouse_id=WarehouseId.derive(T0, "south"),
            lines=LOAD,
            actor="operator:1",
            at=T0,
        )
        self.now = Transfer(
            **self.plan.model_dump(include={"transfer_id", "from_warehouse_id", "to_warehouse_id"}),
            merchant_id=MerchantId.derive(T0, "shop"),
            state=_S.PLANNED,
            lines=tuple(TransferLine(**line.model_dump()) for line in LOAD),
            opened_by="operator:1",
            opened_at=T0,
            changed_at=T0,
        )
        self._parts: dict[str, Transfer] = {}
        self.handle: WorkflowHandle[Any, Any] = sagas.handle(TransferSaga.run, transfer_workflow_id(self.transfer_id))
        self.steps.answer(OPEN, lambda _: TransferMoved(transfer=self.now))
        self.steps.answer(DISPATCH, self._leave)
        self.steps.answer(RECEIVE, lambda book: self._book(book, "arrived"))
        self.steps.answer(WRITE_OFF, lambda book: self._book(book, "lost"))
        self.steps.answer(RECALL, self._turn)
        self.steps.answer(TAKE_BACK, self._taken_back)
        self.steps.answer(CANCEL, self._call_off)

    async def begin(self) -> Transfer:
        """Open it as the api does."""
        start = WithStartWorkflowOperation(
            TransferSaga.run,
            TransferInput(plan=self.plan, placement=self._placement),
            id=self.handle.id,
            task_queue=TaskQueue.CHECKOUT,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        answer: Transfer = await self.sagas.client.execute_update_with_start_workflow(
            TransferSaga.begin, start_workflow_operation=start, id="begin"
        )
        return answer

    async def rolling(self) -> "Lorry":
        """Open it and let it leave."""
        await self.begin()
        await self.dispatch()
        return self

    async def is_now(self, words: str) -> None:
        """Wait until the transfer is so."""
        await self.sagas.until(self.handle, words)

    async def dispatch(self) -> Transfer:
        answer: Transfer = await self.handle.execute_update(TransferSaga.dispatch, DispatchTransfer(actor="operator:1"))
        return answer

    async def arrive(self, *lines: SkuQuantity, update_id: str | None = None) -> Transfer:
        wish = ArriveTransfer(actor="operator:2", lines=lines or None)
        answer: Transfer = await self.handle.execute_update(TransferSaga.arrive, wish, id=update_id)
        return answer

    async def lose(self, *lines: SkuQuantity) -> Transfer:
        wish = LoseTransfer(actor="operator:2", reason="in a ditch", lines=lines or None)
        answer: Transfer = await self.handle.execute_update(TransferSaga.lose, wish)
        return answer

    async def recall(self) -> Transfer:
        wish = RecallTransfer(actor="operator:1", reason="not needed")
        answer: Transfer = await self.handle.execute_update(TransferSaga.recall, wish)
        return answer

    async def ended(self) -> Any:
        """How it ended."""
        return await self.sagas.ended(self.handle)

    # ---- what the store would do -------------------------------------------------------------------------------------

    def _leave(self, ref: TransferRef) -> TransferMoved:
        if self.now.state is _S.PLANNED:
            lines = tuple(line.model_copy(update={"in_transit": line.quantity}) for line in self.now.lines)
            self._is(lines=lines, state=_S.IN_TRANSIT, left_at=ref.at)
        return TransferMoved(transfer=self.now)

    def leaves_unheard(self) -> None:
        """A worker books that the goods leave, and dies before Temporal hears of it; the wish is lost with it."""
        self._leave(TransferRef(transfer_id=self.transfer_id, actor="operator:1", at=T0))

    def _taken_back(self, _: TransferRef) -> Done:
        lines = tuple(self._counted(line, "returned", line.in_transit) for line in self.now.lines)
        self._is(lines=lines, state=_S.CANCELLED)
        return Done()

    def _call_off(self, _: TransferRef) -> Done:
        if self.now.state not in (_S.PLANNED, _S.CANCELLED):
            raise TransferNotWaiting.of(self.transfer_id, self.now.state, "still in its warehouse")
        self._is(state=_S.CANCELLED)
        return Done()

    def _turn(self, _: TurnTransfer) -> TransferMoved:
        self._is(state=_S.RETURNING)
        return TransferMoved(transfer=self.now)

    def _book(self, book: BookTransfer, column: str) -> TransferMoved:
        if book.part not in self._parts:
            if column == "arrived" and self.now.state is _S.RETURNING:
                column = "returned"
            parts = to_book(self.now, book.lines)
            lines = tuple(self._counted(line, column, parts.get(line.sku_id, 0)) for line in self.now.lines)
            left = self.now.in_transit - sum(parts.values())
            self._is(lines=lines, state=self.now.state if left else _S.COMPLETED)
            self._parts[book.part] = self.now
        return TransferMoved(transfer=self._parts[book.part])

    @staticmethod
    def _counted(line: TransferLine, column: str, units: int) -> TransferLine:
        change = {column: getattr(line, column) + units, "in_transit": line.in_transit - units}
        return line.model_copy(update=change)

    def _is(self, **change: Any) -> None:
        self.now = self.now.model_copy(update=change)
