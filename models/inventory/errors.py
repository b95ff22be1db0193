"""How inventory says no."""

from collections.abc import Sequence

from models.shared import Refusal
from models.shared.ids import OrderId, SkuId, TransferId, WarehouseId


class SoldOut(Refusal):
    """Some lines cannot be served whole, so nothing was held. `lines` says for each how many are left."""

    code = "sold_out"
    title = "Not enough stock"

    @classmethod
    def short(cls, lines: Sequence[tuple[SkuId, int, int]]) -> "SoldOut":
        """Each short line: the SKU, how many units were asked, how many could be sold."""
        told = ", ".join(f"{sku_id}: asked {asked}, left {left}" for sku_id, asked, left in lines)
        return cls(
            f"Not enough stock ({told}). Lower the quantity or remove the line.",
            lines=[{"sku_id": sku_id, "asked": asked, "left": left} for sku_id, asked, left in lines],
        )


class ReservationConflict(Refusal):
    """The order already holds other lines; a reservation is never changed, only released."""

    code = "reservation_conflict"
    title = "The order already holds other stock"

    @classmethod
    def of(cls, order_id: OrderId) -> "ReservationConflict":
        """The order whose lines differ."""
        return cls(
            f"Order {order_id} already holds stock for other lines. Repeat it with the same lines, or use a new order.",
            order_id=order_id,
        )


class ReservationReleased(Refusal):
    """The stock of this order was given back; a late duplicate never takes it again."""

    code = "reservation_released"
    title = "The stock was already given back"

    @classmethod
    def of(cls, order_id: OrderId) -> "ReservationReleased":
        """The order that was given up."""
        return cls(f"The stock of order {order_id} was already given back. Place a new order.", order_id=order_id)


class ReservationCommitted(Refusal):
    """The stock of this order has left the books; it comes back by a restock, not by a release."""

    code = "reservation_committed"
    title = "The stock has already been sold"

    @classmethod
    def of(cls, order_id: OrderId) -> "ReservationCommitted":
        """The order that was paid."""
        return cls(
            f"The stock of order {order_id} was already committed. Goods that come back are restocked instead.",
            order_id=order_id,
        )


class NothingReserved(Refusal):
    """Nothing was ever held for this order, so nothing can be committed."""

    code = "nothing_reserved"
    title = "No stock is held for this order"

    @classmethod
    def of(cls, order_id: OrderId) -> "NothingReserved":
        """The order that holds nothing."""
        return cls(f"No stock is held for order {order_id}. Reserve it first.", order_id=order_id)


class RestockExceedsSold(Refusal):
    """More came back than this order took, counting what came back before."""

    code = "restock_exceeds_sold"
    title = "More came back than was sold"

    @classmethod
    def of(cls, order_id: OrderId, lines: Sequence[tuple[SkuId, int, int]]) -> "RestockExceedsSold":
        """Each line that is too much: the SKU, how many units came back, how many still could."""
        told = ", ".join(f"{sku_id}: {asked} of at most {left}" for sku_id, asked, left in lines)
        return cls(
            f"Order {order_id} cannot give back so much ({told}). Receive other goods as new stock.",
            order_id=order_id,
            lines=[{"sku_id": sku_id, "asked": asked, "left": left} for sku_id, asked, left in lines],
        )


class OperationKeyReused(Refusal):
    """This key already names another operation."""

    code = "operation_key_reused"
    title = "The key belongs to another operation"

    @classmethod
    def of(cls, operation: str, key: str) -> "OperationKeyReused":
        """Which operation and which key."""
        return cls(f"The key {key!r} was used for another {operation}. Choose a new key.", operation=operation, key=key)


class StockIsReserved(Refusal):
    """The change would leave fewer units than are promised to orders."""

    code = "stock_is_reserved"
    title = "The stock is promised to orders"

    @classmethod
    def of(cls, warehouse_id: WarehouseId, sku_id: SkuId, wanted: int, reserved: int) -> "StockIsReserved":
        """`wanted` units would remain, `reserved` of them are promised."""
        return cls(
            f"{sku_id} in {warehouse_id} would fall to {wanted} units while {reserved} are promised to orders. "
            "Cancel or ship those orders first.",
            warehouse_id=warehouse_id,
            sku_id=sku_id,
            wanted=wanted,
            reserved=reserved,
        )


class SkuOfAnotherMerchant(Refusal):
    """A SKU is stocked under one merchant only, and this warehouse belongs to another."""

    code = "sku_of_another_merchant"
    title = "The SKU belongs to another merchant"

    @classmethod
    def of(cls, sku_id: SkuId, warehouse_id: WarehouseId) -> "SkuOfAnotherMerchant":
        """The SKU and the warehouse that do not fit."""
        return cls(
            f"{sku_id} is stocked under another merchant than the owner of {warehouse_id}. Choose a warehouse of its merchant.",
            sku_id=sku_id,
            warehouse_id=warehouse_id,
        )


class WarehouseCodeTaken(Refusal):
    """Another warehouse has this code."""

    code = "warehouse_code_taken"
    title = "Another warehouse has this code"

    @classmethod
    def of(cls, code: str) -> "WarehouseCodeTaken":
        """The code that is taken."""
        return cls(f"Another warehouse has the code {code!r}. Choose another code.", warehouse_code=code)


class TransferToItself(Refusal):
    """A transfer goes from one warehouse to another one."""

    code = "transfer_to_itself"
    title = "The transfer goes nowhere"

    @classmethod
    def of(cls, warehouse_id: WarehouseId) -> "TransferToItself":
        """The warehouse that is both ends."""
        return cls(
            f"The goods lie in {warehouse_id} already. Name another warehouse to send them to.",
            warehouse_id=warehouse_id,
        )


class WarehouseOfAnotherMerchant(Refusal):
    """Goods stay with their merchant: a transfer joins two warehouses of one."""

    code = "warehouse_of_another_merchant"
    title = "The warehouse belongs to another merchant"

    @classmethod
    def of(cls, from_id: WarehouseId, to_id: WarehouseId) -> "WarehouseOfAnotherMerchant":
        """The two warehouses that do not fit."""
        return cls(
            f"{to_id} belongs to another merchant than {from_id}. Choose a warehouse of the same merchant.",
            from_warehouse_id=from_id,
            to_warehouse_id=to_id,
        )


class TransferExceedsAvailable(Refusal):
    """More was to be sent than the warehouse can spare, so nothing left it."""

    code = "transfer_exceeds_available"
    title = "The warehouse cannot spare so much"

    @classmethod
    def of(cls, warehouse_id: WarehouseId, lines: Sequence[tuple[SkuId, int, int]]) -> "TransferExceedsAvailable":
        """Each short line: the SKU, how many units were to be sent, how many are available there."""
        told = ", ".join(f"{sku_id}: {asked} of {left}" for sku_id, asked, left in lines)
        return cls(
            f"{warehouse_id} cannot spare so much ({told}). What is promised to orders or kept back from sale stays.",
            warehouse_id=warehouse_id,
            lines=[{"sku_id": sku_id, "asked": asked, "left": left} for sku_id, asked, left in lines],
        )


class TransferExceedsTransit(Refusal):
    """More arrived, or was lost, than is still on its way; nothing was booked."""

    code = "transfer_exceeds_transit"
    title = "So much is not on its way"

    @classmethod
    def of(cls, transfer_id: TransferId, lines: Sequence[tuple[SkuId, int, int]]) -> "TransferExceedsTransit":
        """Each line that is too much: the SKU, how many units were named, how many are still on their way."""
        told = ", ".join(f"{sku_id}: {asked} of {left}" for sku_id, asked, left in lines)
        return cls(
            f"Transfer {transfer_id} does not carry so much ({told}). Receive what else came as new stock.",
            transfer_id=transfer_id,
            lines=[{"sku_id": sku_id, "asked": asked, "left": left} for sku_id, asked, left in lines],
        )


class TransferNotWaiting(Refusal):
    """The transfer is not at a point where this can be done to it."""

    code = "transfer_not_waiting"
    title = "The transfer does not wait for this"

    @classmethod
    def of(cls, transfer_id: TransferId, state: str, words: str) -> "TransferNotWaiting":
        """Where it is, and where it would have to be."""
        return cls(f"Transfer {transfer_id} is {state}, not {words}.", transfer_id=transfer_id, state=state)


class BatchRefused(Refusal):
    """Some lines of a batch cannot be done, so none was. `lines` names each of them and why."""

    code = "batch_refused"
    title = "The batch was not done"

    @classmethod
    def of(cls, problems: Sequence[tuple[int, str, str]]) -> "BatchRefused":
        """Each bad line: its number, counted from 1, the code of its refusal, and what is wrong."""
        return cls(
            f"{len(problems)} line(s) cannot be done, so nothing was changed. Correct them and send all lines again.",
            lines=[{"line": line, "code": code, "problem": problem} for line, code, problem in problems],
        )
