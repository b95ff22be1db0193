"""What inventory says over the wire beside the words of `models/inventory`."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints

from api.spoken import Spoken
from models.inventory.ahead import Availability, Sellable
from models.inventory.allocation import AllocationStrategy
from models.inventory.batches import BatchLines
from models.inventory.messages import Lines, Reason
from models.inventory.types import MAX_UNITS, Note, Quantity, Stock
from models.shared import Instant
from models.shared.ids import SkuId, WarehouseId

_WAREHOUSE = "wh_01jd8x4q2r7m9v3k5t6w8y0zab"
_SKU = "sku_01jd8x4q2r7m9v3k5t6w8y0zab"


class SkuAvailability(Spoken):
    """How many units of a SKU can be sold right now, over all warehouses: `in_stock` of them at once, the rest ahead of stock."""

    sku_id: SkuId
    available: int
    in_stock: int
    availability: Availability
    ships_by: Instant | None = None
    """For what is sold ahead of stock: when it ships at the latest (`back_order`), or from when on (`pre_order`)."""

    @classmethod
    def of(cls, sellable: Sellable) -> Self:
        """What inventory says, as buyers hear it."""
        return cls(
            sku_id=sellable.sku_id,
            available=sellable.most,
            in_stock=sellable.in_stock,
            availability=sellable.availability,
            ships_by=sellable.ships_by,
        )


class _OfOneLevel(Spoken):
    warehouse_id: WarehouseId
    sku_id: SkuId


class ReceiveRequest(_OfOneLevel):
    """Goods that arrived."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"warehouse_id": _WAREHOUSE, "sku_id": _SKU, "quantity": 24, "note": "PO 1187"}]
        }
    )

    quantity: Quantity
    note: Note = ""


class AdjustRequest(_OfOneLevel):
    """Units that were lost, broken or found, and how that came."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"warehouse_id": _WAREHOUSE, "sku_id": _SKU, "delta": -2, "note": "broken"}]}
    )

    delta: Annotated[int, Field(ge=-MAX_UNITS, le=MAX_UNITS)]
    note: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class CountRequest(_OfOneLevel):
    """How many units someone found."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"warehouse_id": _WAREHOUSE, "sku_id": _SKU, "on_hand": 118}]}
    )

    on_hand: Stock
    note: Note = ""


class ThresholdRequest(Spoken):
    """`safety` units are kept back from sale; at `low_at` available units or fewer an alert goes out."""

    safety: Stock
    low_at: Stock = 0


class BatchRequest(Spoken):
    """Many changes at once, all or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "lines": [
                        {"kind": "receive", "warehouse_id": _WAREHOUSE, "sku_id": _SKU, "units": 24, "note": "PO 1187"}
                    ]
                }
            ]
        }
    )

    lines: BatchLines


class TransferRequest(Spoken):
    """What shall go from where to where."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from_warehouse_id": _WAREHOUSE,
                    "to_warehouse_id": "wh_01jd8x4q2r7m9v3k5t6w8y0zac",
                    "lines": [{"sku_id": _SKU, "quantity": 24}],
                    "note": "for the feast",
                }
            ]
        }
    )

    from_warehouse_id: WarehouseId
    to_warehouse_id: WarehouseId
    lines: Lines
    note: Note = ""


class TransferArrival(Spoken):
    """What arrived; without `lines`, all that was still on its way."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"lines": [{"sku_id": _SKU, "quantity": 20}]}]})

    lines: Lines | None = None


class TransferLoss(Spoken):
    """What will not come, and why; without `lines`, all that was still on its way."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lines": [{"sku_id": _SKU, "quantity": 4}], "reason": "water damage"}]}
    )

    lines: Lines | None = None
    reason: Reason


class TransferRecall(Spoken):
    """Why the goods shall come back, or stay where they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "sent to the wrong warehouse"}]})

    reason: Reason


class AllocationRequest(Spoken):
    """How the merchant's orders shall be spread over its warehouses from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"strategy": "fewest_parcels"}]})

    strategy: AllocationStrategy
