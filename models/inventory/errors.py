"""How inventory says no."""

from collections.abc import Sequence

from models.shared import Refusal
from models.shared.ids import OrderId, SkuId, WarehouseId


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
