"""Hot stock: a level that crowds buy from is split over rows, and merged back when they are gone."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.shared import Frozen, Instant
from models.shared.ids import SkuId, WarehouseId

CROWD = 4
"""So many orders for one level in one turn are a crowd."""
HOT_ORDERS = 64
"""So many orders in crowds within `HOT_WINDOW`, seen by one process, make a level hot."""
HOT_WINDOW = timedelta(seconds=1)
CALM_AFTER = timedelta(minutes=2)
"""A level that split by itself is merged by the first order that comes alone so long after the last crowd."""
MIN_SHARE = 4
"""Stock is split only while each row would get so many units: the last ones are sold from one row."""

Rows = Annotated[int, Field(ge=2, le=64)]
ROWS = 8
"""Over how many rows a level is split unless an operator says otherwise: more crowds at once than a few processes form."""


class SplitMode(StrEnum):
    """Who decides whether a level is split: the load (`automatic`), or an operator (`always`, `never`)."""

    AUTOMATIC = "automatic"
    ALWAYS = "always"
    NEVER = "never"


class SplitSetting(Frozen):
    """What an operator says about splitting a level."""

    mode: SplitMode
    rows: Rows = ROWS


class StockSplit(SplitSetting):
    """How a level is split. `split_over` is 0 while it is wanted but too little is left to share."""

    warehouse_id: WarehouseId
    sku_id: SkuId
    since: Instant | None = None
    """Since when it is to be split; None when it is not."""
    split_over: int = 0
    version: int = 0
    """Counts what operators said; an edit names the version it saw."""
