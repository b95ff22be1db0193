"""A run of CatalogSync, Reindex, SearchDrift or SalesToSearch in a test."""

import secrets
from datetime import UTC, datetime
from typing import Any

from temporalio.client import WorkflowHandle

from models.search.messages import (
    BuildBegun,
    BuildStretch,
    DriftInput,
    DriftRepaired,
    EditAnnounced,
    EditEnded,
    Followed,
    ReindexInput,
    SalesTold,
    Scope,
    StretchBuilt,
    StretchCompared,
    SyncInput,
    TellSales,
)
from models.shared.ids import SpuId
from tests.workflows.sagas import Sagas
from workflows.catalog_sync import CatalogSync
from workflows.options import TaskQueue
from workflows.reindex import Reindex
from workflows.sales_to_search import SalesToSearch
from workflows.search_drift import SearchDrift

T0 = datetime(2026, 11, 22, 9, tzinfo=UTC)
SHIRT = SpuId.derive(T0, "shirt")


class Syncing:
    """Edits of one product, as the api announces and ends them."""

    def __init__(self, sagas: Sagas) -> None:
        self.sagas = sagas
        self.steps = sagas.steps
        self.steps.answer("search.index_products", Followed(products=1))
        self.steps.answer("products.tell_changes", Followed(products=1))
        self.workflow_id = f"catalog-sync/{secrets.token_hex(6)}"

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return self.sagas.handle(CatalogSync.run, self.workflow_id)

    async def told(self, signal: str, message: Any) -> None:
        """Signal with start, as whoever edits does it."""
        await self.sagas.client.start_workflow(
            CatalogSync.run,
            SyncInput(scope=Scope(products=(SHIRT,))),
            id=self.workflow_id,
            task_queue=TaskQueue.CHECKOUT,
            start_signal=signal,
            start_signal_args=[message],
        )

    async def announced(self, key: str = "edit") -> None:
        await self.told("edit_announced", EditAnnounced(key=key))

    async def ended(self, key: str = "edit", *, changed: bool = True) -> None:
        await self.handle.signal("edit_ended", EditEnded(key=key, changed=changed))

    def indexed(self) -> int:
        return len(self.steps.told("search.index_products"))


def building(sagas: Sagas) -> None:
    """A catalogue that takes two stretches to build."""
    done: list[BuildStretch] = []

    def stretch(ask: BuildStretch) -> StretchBuilt:
        done.append(ask)
        return StretchBuilt(done=len(done) * ask.most, complete=len(done) >= 2)

    sagas.steps.answer("search.begin_build", BuildBegun(build="build_1", done=0, total=5_000))
    sagas.steps.answer("search.build_stretch", stretch)
    sagas.steps.answer("search.check_build", StretchCompared(compared=5_000, drifted=(), after=None))


async def reindex(sagas: Sagas, *, give_up: bool = False) -> WorkflowHandle[Any, Any]:
    return await sagas.start(Reindex.run, ReindexInput(give_up=give_up), f"reindex-{secrets.token_hex(6)}")


async def drift(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    """One stretch with a product that differs and really does, one without."""
    answers = [
        StretchCompared(compared=5_000, drifted=(SHIRT,), after=SHIRT),
        StretchCompared(compared=10, drifted=(), after=None),
    ]
    sagas.steps.answer("search.compare_stretch", lambda _: answers.pop(0))
    sagas.steps.answer("search.repair_drift", DriftRepaired(repaired=1))
    return await sagas.start(SearchDrift.run, DriftInput(), f"search-drift-{secrets.token_hex(6)}")


async def tell_sales(sagas: Sagas) -> WorkflowHandle[Any, Any]:
    """The engine is told what sells: twelve products have a new number."""
    sagas.steps.answer("rankings.tell_sales", SalesTold(products=12))
    return await sagas.start(SalesToSearch.run, TellSales(), f"sales-to-search-{secrets.token_hex(4)}")
