"""Selling ahead of stock: which levels do it, up to what, and the claims that buyers get on goods to come.

A claim is exact where a negative stock figure would not be: it has its own row, its place in the queue and its promise, and
`on_hand` and `reserved` never hear of it until goods are there (docs/decisions/0022).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from models.inventory.errors import SoldOut
from models.inventory.rules import Shelf, nearness, total_by_sku
from models.inventory.types import Claim, ClaimState, Destination, Place, SellsAhead, SkuQuantity, Stock
from models.shared import Frozen, Instant
from models.shared.ids import EXAMPLE_BODY, MerchantId, OrderId, ShipmentId, SkuId, WarehouseId

Days = Annotated[int, Field(ge=1, le=365)]


_SETTING: dict[str, Any] = {"policy": "backorder", "limit": 200, "within_days": 14}
_SALE: dict[str, Any] = {
    **_SETTING,
    "release_at": None,
    "warehouse_id": f"wh_{EXAMPLE_BODY}",
    "sku_id": f"sku_{EXAMPLE_BODY}",
    "waiting": 3,
    "sold_ahead": 3,
    "version": 1,
    "changed_at": "2026-11-20T09:00:00Z",
    "changed_by": f"operator:usr_{EXAMPLE_BODY}",
}


class AheadSetting(Frozen):
    """What an operator says about selling ahead at a level.

    `backorder`: at most `limit` units may wait for goods at once, each order's promised within `within_days` of its hold.
    `preorder`: until `release_at` nothing ships, and at most `limit` units are sold, whether they have come already or not.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_SETTING]})

    policy: SellsAhead
    limit: Stock = 0
    within_days: Days | None = None
    release_at: Instant | None = None

    @model_validator(mode="after")
    def _says_what_its_policy_needs(self) -> Self:
        told = {"limit": self.limit > 0, "within_days": bool(self.within_days), "release_at": bool(self.release_at)}
        named = {name for name, is_told in told.items() if is_told}
        if named != _NEEDS[self.policy]:
            needs = " and ".join(sorted(_NEEDS[self.policy])) or "nothing else"
            raise ValueError(f"{self.policy} takes {needs}, not {' and '.join(sorted(named)) or 'nothing'}")
        return self


_NEEDS: Mapping[SellsAhead, set[str]] = {
    SellsAhead.NEVER: set(),
    SellsAhead.BACKORDER: {"limit", "within_days"},
    SellsAhead.PREORDER: {"limit", "release_at"},
}


class AheadSale(AheadSetting):
    """How a level sells ahead. Version 0 means that nobody spoke about it yet."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SALE]})

    warehouse_id: WarehouseId
    sku_id: SkuId
    waiting: Stock = 0
    """Units that open claims wait for."""
    sold_ahead: Stock = 0
    """Units that count against `limit`."""
    version: int = 0
    changed_at: Instant | None = None
    changed_by: str | None = None


class Availability(StrEnum):
    """What a buyer is told: it ships now, later, from a date on, or cannot be bought."""

    IN_STOCK = "in_stock"
    BACK_ORDER = "back_order"
    PRE_ORDER = "pre_order"
    SOLD_OUT = "sold_out"


class Sellable(Frozen):
    """What can be sold of a SKU now, over all active warehouses: from stock, and beyond it."""

    sku_id: SkuId
    in_stock: int = 0
    ahead: int = 0
    """Units that may be sold beyond stock."""
    policy: SellsAhead = SellsAhead.NEVER
    """How the first of them would be sold."""
    ships_by: Instant | None = None
    """When those ship at the latest (back-order), or from when on (pre-order)."""

    @property
    def most(self) -> int:
        """How many units one could order now."""
        return self.in_stock + self.ahead

    @property
    def availability(self) -> Availability:
        """In one word."""
        if self.in_stock > 0:
            return Availability.IN_STOCK
        if self.ahead < 1:
            return Availability.SOLD_OUT
        return Availability.PRE_ORDER if self.policy is SellsAhead.PREORDER else Availability.BACK_ORDER


class ClaimsReleased(Frozen):
    """What an order's claims gave back, and the claims of others that got goods by it."""

    released: tuple[Claim, ...]
    served: tuple[Claim, ...] = ()


class ClaimSearch(Frozen):
    """Which claims an operator looks for; every part that is given must hold."""

    state: ClaimState | None = None
    warehouse_id: WarehouseId | None = None
    sku_id: SkuId | None = None
    order_id: OrderId | None = None


def shipment_of(claim: Claim) -> ShipmentId:
    """The parcel of this claim: what was sold ahead travels by itself, since it comes on a day of its own."""
    return ShipmentId.derive(claim.claim_id.minted_at, claim.claim_id)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one level may still sell ahead of one SKU, and when that would ship."""

    warehouse_id: WarehouseId
    merchant_id: MerchantId
    sku_id: SkuId
    room: int
    policy: SellsAhead
    ships_by: datetime
    not_before: datetime | None
    place: Place


def outlook_room(setting: AheadSetting, sold_ahead: int, now: datetime) -> int:
    """How many units more the level may sell ahead now; a pre-order level none from its release on."""
    if setting.policy is SellsAhead.NEVER or (setting.release_at is not None and setting.release_at <= now):
        return 0
    return max(setting.limit - sold_ahead, 0)


def ships_by(setting: AheadSetting, now: datetime) -> datetime:
    """The promise of a level that sells ahead, made now."""
    return setting.release_at or now + timedelta(days=setting.within_days or 0)


def beyond_stock(
    lines: Sequence[SkuQuantity], shelves: Sequence[Shelf], outlooks: Sequence[Outlook], destination: Destination
) -> tuple[list[SkuQuantity], list[tuple[Outlook, int]]]:
    """What an order takes from stock, and what it claims where: stock first, then the level that ships first and has room
    for all of the rest, the nearer of equals; where none has, one after another. `SoldOut` names each line that does not fit.
    """
    from_stock: list[SkuQuantity] = []
    claimed: list[tuple[Outlook, int]] = []
    short: list[tuple[SkuId, int, int]] = []
    for sku_id, asked in total_by_sku(lines).items():
        there = sum(shelf.available for shelf in shelves if shelf.sku_id == sku_id and shelf.available > 0)
        own = [outlook for outlook in outlooks if outlook.sku_id == sku_id and outlook.room > 0]
        most = there + sum(outlook.room for outlook in own)
        if most < asked:
            short.append((sku_id, asked, most))
            continue
        if there:
            from_stock.append(SkuQuantity(sku_id=sku_id, quantity=min(there, asked)))
        if asked > there:
            claimed += _claims(asked - there, own, destination)
    if short:
        raise SoldOut.short(short)
    return from_stock, claimed


def _claims(units: int, outlooks: Sequence[Outlook], destination: Destination) -> list[tuple[Outlook, int]]:
    first = sorted(outlooks, key=lambda o: (o.ships_by, nearness(o.place, destination), o.warehouse_id))
    whole = next((outlook for outlook in first if outlook.room >= units), None)
    if whole is not None:
        return [(whole, units)]
    parts = []
    for outlook in first:
        taken = min(outlook.room, units)
        if taken:
            parts.append((outlook, taken))
            units -= taken
    return parts
