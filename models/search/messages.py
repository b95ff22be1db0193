"""What the processes that keep the index in step are started with and told."""

import hashlib
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from models.shared import Frozen, Instant
from models.shared.ids import BrandId, CategoryId, MerchantId, SpuId, WarehouseId

MAX_PRODUCTS = 1_000
"""How many products are read, written or named at once."""

BuildName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]


class Scope(Frozen):
    """Which products to look at: exactly one of these is said."""

    products: Annotated[tuple[SpuId, ...], Field(max_length=MAX_PRODUCTS)] = ()
    category_id: CategoryId | None = None
    """All in this category and below it."""
    brand_id: BrandId | None = None
    merchant_id: MerchantId | None = None
    warehouse_id: WarehouseId | None = None
    """All that ever lay in this warehouse."""
    touched_since: Instant | None = None
    """All that were edited or imported since."""

    @model_validator(mode="after")
    def _one_is_said(self) -> Self:
        if len(self.said) != 1:
            raise ValueError("a scope says exactly one thing")
        return self

    @property
    def said(self) -> tuple[str, ...]:
        """The name of what is said."""
        return tuple(name for name in type(self).model_fields if getattr(self, name))

    @property
    def words(self) -> str:
        """For people."""
        if not self.products:
            (name,) = self.said
            return f"every product of {name.removesuffix('_id').replace('_', ' ')} {getattr(self, name)}"
        return f"product {self.products[0]}" if len(self.products) == 1 else f"{len(self.products)} products"


PATIENCE = timedelta(seconds=3)
"""How long after the announcement of an edit it is first looked for what it did, if nobody says that it is over: soon, because
whoever announced it may have died right after it."""


class EditAnnounced(Frozen):
    """Somebody is about to change something of the scope, or is still at it. `key` names the edit."""

    key: str
    patience: timedelta = PATIENCE


class EditEnded(Frozen):
    """The edit of that key is over; `changed` says whether it changed anything."""

    key: str
    changed: bool


class StockTurned(Frozen):
    """Whether some SKU of the scope can be bought may have changed; nothing else did."""


class SyncInput(Frozen):
    """What to keep in step. All but the scope is carried from run to run when one goes on in a new one."""

    scope: Scope
    announced: tuple[str, ...] = ()
    """Edits that are not over yet."""
    looks: int = 0
    """How often was looked for what those edits did."""
    patience: timedelta = PATIENCE
    to_index: Literal["nothing", "offers", "all"] = "nothing"
    to_tell: bool = False


def catalog_sync_id(scope: Scope) -> str:
    """The workflow of a scope; one for a list of products is named after the list."""
    (name,) = scope.said
    if scope.touched_since is not None:
        return f"catalog-sync/touched-since-{scope.touched_since.isoformat()}"
    if name != "products":
        return f"catalog-sync/{name.removesuffix('_id')}-{getattr(scope, name)}"
    if len(scope.products) == 1:
        return f"catalog-sync/{scope.products[0]}"
    listed = hashlib.sha256(" ".join(scope.products).encode()).hexdigest()[:32]
    return f"catalog-sync/list-{listed}"


class IndexProducts(Frozen):
    """Bring the index to what the catalogue says of the scope now."""

    scope: Scope
    offers_only: bool = False
    """Nothing but prices and availability can have changed."""


class TellProducts(Frozen):
    """Tell Kafka what changed of the scope since it was last told."""

    scope: Scope


class Followed(Frozen):
    """What was done."""

    products: int
    again_at: Instant | None = None
    """When something of it changes by itself, if that is a matter of seconds."""


REINDEX_ID = "reindex"
"""There is one rebuild at a time."""


class ReindexInput(Frozen):
    """Rebuild the index. What one run has done is carried to the next."""

    give_up: bool = False
    """Drop the build that was begun instead of going on with it."""
    build: BuildName | None = None
    done: int = 0
    total: int = 0


class BuildBegun(Frozen):
    """A build that is there to be filled: a new one, or one that was begun before."""

    build: BuildName
    done: int
    total: int


class BeginBuild(Frozen):
    """Begin a build of that name, or find the one that was begun before."""

    name: BuildName


class BuildStretch(Frozen):
    """Read on in the catalogue and put what is found into the build, for at most so many products."""

    build: BuildName
    most: int


class BuildRef(Frozen):
    """Which build."""

    build: BuildName


class StretchBuilt(Frozen):
    """How far the build is."""

    done: int
    complete: bool


class ReindexProgress(Frozen):
    """Where a rebuild stands."""

    doing: Literal["beginning", "building", "checking", "swapping", "dropping", "done"]
    build: str | None
    done: int
    total: int


class DriftInput(Frozen):
    """Compare index and catalogue, from `after` on."""

    after: SpuId | None = None
    compared: int = 0
    repaired: int = 0
    """In all stretches so far."""


class CompareStretch(Frozen):
    """Compare so many products behind `after`."""

    after: SpuId | None
    most: int


class StretchCompared(Frozen):
    """What a stretch was like: the products that index and catalogue disagree on."""

    compared: int
    drifted: tuple[SpuId, ...]
    after: SpuId | None
    """Where to go on; None at the end."""


class RepairDrift(Frozen):
    """Look again at these and repair those that still differ."""

    products: Annotated[tuple[SpuId, ...], Field(max_length=MAX_PRODUCTS)]


class TellSales(Frozen):
    """Tell the search engine what sells."""


class SalesTold(Frozen):
    """For how many products it was told a new number."""

    products: int


class DriftRepaired(Frozen):
    """How many of them did."""

    repaired: int
