"""The words of inventory. Quantities are whole units of one SKU."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from models.shared import Frozen, Instant
from models.shared.ids import ClaimId, MerchantId, OrderId, SkuId, WarehouseId

MAX_UNITS = 10**9
"""No quantity of one SKU is larger; sums of it fit a PostgreSQL bigint."""

Quantity = Annotated[int, Field(ge=1, le=MAX_UNITS)]
"""How many units are moved: at least one."""
Stock = Annotated[int, Field(ge=0, le=MAX_UNITS)]
"""How many units there are: never negative."""

WarehouseCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")]
"""What people and spreadsheets call a warehouse; unique in the shop."""
OperationKey = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""Names one operation, so that repeating the request does not repeat the operation."""
Note = Annotated[str, StringConstraints(max_length=200)]
Latitude = Annotated[Decimal, Field(ge=-90, le=90, max_digits=9, decimal_places=6)]
Longitude = Annotated[Decimal, Field(ge=-180, le=180, max_digits=9, decimal_places=6)]


class SkuQuantity(Frozen):
    """So many units of one SKU."""

    sku_id: SkuId
    quantity: Quantity


class Place(Frozen):
    """Somewhere on earth, as far as it is known. Coordinates are degrees (WGS 84), both or neither."""

    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "CN"
    """ISO 3166-1 alpha-2."""
    region: Annotated[str, StringConstraints(max_length=80)] = ""
    city: Annotated[str, StringConstraints(max_length=80)] = ""
    postal_code: Annotated[str, StringConstraints(max_length=20)] = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("send latitude and longitude, or neither")
        return self


class Destination(Place):
    """Where an order goes, as much of the address as choosing a warehouse needs and no more."""


class Allocation(Frozen):
    """Units of one SKU that one warehouse ships."""

    warehouse_id: WarehouseId
    merchant_id: MerchantId
    sku_id: SkuId
    quantity: Quantity


class LowStock(Frozen):
    """One crossing: an operation took what can be sold from above `low_at` to `available`, at or below it."""

    warehouse_id: WarehouseId
    sku_id: SkuId
    available: Stock
    safety: Stock
    low_at: Stock


class ReservationState(StrEnum):
    """`held` until the order is paid (`committed`) or given up (`released`); the last two are final."""

    HELD = "held"
    COMMITTED = "committed"
    RELEASED = "released"


class SellsAhead(StrEnum):
    """Whether a level sells what is not there: `never`, for goods to come (`backorder`), or before a release (`preorder`)."""

    NEVER = "never"
    BACKORDER = "backorder"
    PREORDER = "preorder"


class ClaimState(StrEnum):
    """`open` until goods come for it (`filled`: they are reserved under its id), then `committed` when its parcel is packed.
    One that is given up is `released`; the last two are final."""

    OPEN = "open"
    FILLED = "filled"
    COMMITTED = "committed"
    RELEASED = "released"


class Claim(Frozen):
    """So many units of a SKU that an order bought beyond the stock of a level: the next that come, in the order of claims."""

    claim_id: ClaimId
    number: int = 0
    """Its place in the queue of its level: the smaller goes first. 0 until it has one."""
    order_id: OrderId
    warehouse_id: WarehouseId
    merchant_id: MerchantId
    sku_id: SkuId
    quantity: Quantity
    policy: SellsAhead
    ships_by: Instant
    """What the buyer was promised."""
    not_before: Instant | None = None
    """When a pre-order may leave."""
    state: ClaimState = ClaimState.OPEN
    claimed_at: Instant
    changed_at: Instant


class _Answer(Frozen):
    """An answer of the store with a word for the caller alone, in `turned`: that is no part of its value and travels no further."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        return hash(self.model_dump_json())


class Reservation(_Answer):
    """What is set aside for one order.

    `allocations` are in lock order (warehouse, SKU); a release that came before any reserve has none. `low_stock` names
    each threshold that reserving crossed; a repeated request is answered with the same crossings.
    """

    order_id: OrderId
    state: ReservationState
    allocations: tuple[Allocation, ...] = ()
    expires_at: Instant | None = None
    """When the process that holds it means to let go; information for people, the release is that process's duty."""
    low_stock: tuple[LowStock, ...] = ()
    ahead: tuple[Claim, ...] = ()
    """What the order bought beyond stock; `allocations` do not count it."""
    served: tuple[Claim, ...] = ()
    """Claims of others that got what a release gave back."""
    turned: tuple[SkuId, ...] = Field(default=(), exclude=True, repr=False)
    """SKUs that may have sold out by this, or be had again: for the caller to tell. A repeated request names all of them, since
    the first may have ended before it told."""


class WarehouseDetails(Place):
    """What an operator says about a warehouse. It belongs to one merchant for good; its code may change."""

    code: WarehouseCode
    merchant_id: MerchantId
    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    outbound: Literal["automatic", "manual"] = "manual"
    """Whether a picked parcel leaves by itself or when an operator says so."""
    active: bool = True
    """Whether new orders are served from here; held stock is shipped in any case."""


class Warehouse(WarehouseDetails):
    """A place that holds stock of one merchant and ships it."""

    warehouse_id: WarehouseId
    version: int = 1
    """Counts edits; an edit names the version it saw."""


class StockLevel(Frozen):
    """One SKU in one warehouse.

    `on_hand` lies there, `reserved` of it is promised to orders, `safety` is kept back from sale; `available` is what can
    still be sold and never below zero. At or below `low_at` available units the level counts as low.
    """

    warehouse_id: WarehouseId
    sku_id: SkuId
    merchant_id: MerchantId
    on_hand: Stock
    reserved: Stock
    safety: Stock
    low_at: Stock
    available: Stock
    split_over: int = 0
    """Over how many rows crowds buy from it (`hot.py`); 0 for one that is not hot. The figures are those of all rows."""
    claimed: Stock = 0
    """Units sold ahead that wait for goods (`ahead.py`). While some do, nothing is sold past them: the rest is theirs."""
    not_before: Instant | None = None
    """Until then the level sells by pre-order only."""


class StockChange(_Answer):
    """A level after an operator's change, and the threshold it crossed, if it did."""

    level: StockLevel
    low_stock: LowStock | None = None
    crossed_at: Instant | None = None
    """When it was crossed: for new thresholds, where a repetition is told of the same crossing."""
    served: tuple[Claim, ...] = ()
    """Claims that got their goods by it."""
    turned: bool = Field(default=False, exclude=True, repr=False)
    """Whether the SKU may have sold out by this, or be had again; as `Reservation.turned`."""


class MovementReason(StrEnum):
    """Why `on_hand` changed. Each movement has exactly one reason."""

    RECEIVE = "receive"
    ADJUST = "adjust"
    COUNT = "count"
    COMMIT = "commit"
    RESTOCK = "restock"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    TRANSFER_LOST = "transfer_lost"


class Movement(Frozen):
    """One line of the journal: it is written with the change it explains and never edited.

    `reference` is the order, the transfer or the operation key, `actor` the operator or `order`. `in_transit` says how many
    units came on their way between warehouses or left it: what a warehouse sends falls on_hand and rises here, and what was
    lost on the way leaves here without ever being on_hand again. `delta` is 0 for that, and for a count that found what was
    expected.
    """

    number: int
    warehouse_id: WarehouseId
    sku_id: SkuId
    delta: int
    in_transit: int = 0
    on_hand_after: Stock
    reason: MovementReason
    reference: str
    actor: str
    note: str = ""
    at: Instant


class Restocked(Frozen):
    """What came back from one order under one key, and where it lies now."""

    order_id: OrderId
    key: str
    allocations: tuple[Allocation, ...]
    served: tuple[Claim, ...] = ()
    """Claims of others that got these goods."""


class CountLine(Frozen):
    """One line of a stock list: so many units of a SKU were found in the warehouse of that code."""

    warehouse_code: WarehouseCode
    sku_id: SkuId
    on_hand: Stock


class LineError(Frozen):
    """Why one line of an imported list changed nothing. Lines are counted from 1, the heading included."""

    line: int
    problem: str


class ImportReport(Frozen):
    """What an imported stock list did."""

    counted: int
    errors: tuple[LineError, ...]
    low_stock: tuple[LowStock, ...] = ()
    served: tuple[Claim, ...] = ()
    """Claims that got their goods by it."""


class BreakKind(StrEnum):
    """Which promise of stock is broken."""

    ON_HAND_UNEXPLAINED = "on_hand_unexplained"
    RESERVED_UNEXPLAINED = "reserved_unexplained"
    OUT_OF_BOUNDS = "out_of_bounds"
    COMMIT_UNEXPLAINED = "commit_unexplained"
    LINE_WITHOUT_RESERVATION = "line_without_reservation"
    UNITS_STRANDED = "units_stranded"
    HOLD_OVERDUE = "hold_overdue"
    TRANSIT_UNEXPLAINED = "transit_unexplained"
    TRANSFER_NOT_SETTLED = "transfer_not_settled"
    CLAIMED_UNEXPLAINED = "claimed_unexplained"
    CLAIM_UNEXPLAINED = "claim_unexplained"
    CLAIM_OVERTAKEN = "claim_overtaken"


class StockBreak(Frozen):
    """One broken promise: which, about which row, and the figures that disagree, in one sentence."""

    kind: BreakKind
    warehouse_id: str | None
    sku_id: str | None
    order_id: str | None
    """Or the transfer, where the promise is one of transfers."""
    detail: str
