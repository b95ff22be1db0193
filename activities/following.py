"""Starting and telling what keeps the index in step: by name, for the api, the command line and other activities.

`CatalogSync` of a scope is one workflow at a time; whoever finds none starts one.
"""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import Any

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.siblings import SAGA_QUEUE
from models.search.messages import (
    MAX_PRODUCTS,
    REINDEX_ID,
    EditAnnounced,
    EditEnded,
    ReindexInput,
    ReindexProgress,
    Scope,
    StockTurned,
    SyncInput,
    catalog_sync_id,
)
from models.shared import Frozen
from models.shared.ids import SkuId, SpuId
from stores.products import ListingStore

_EACH_BY_ITSELF = 20
"""Up to so many products have a process each, which other changes of the product meet; more share one."""


class Following:
    """Everything here may be repeated: the catalogue is read anew each time, and what is in step already stays."""

    def __init__(self, client: Client, listing: ListingStore) -> None:
        self._client = client
        self._listing = listing

    async def announce(self, scope: Scope, key: str) -> None:
        """An edit of that key is about to begin. When this returns, what it does will be followed, whatever dies then."""
        await self._tell(scope, "edit_announced", EditAnnounced(key=key))

    async def ended(self, scope: Scope, key: str, *, changed: bool) -> None:
        """The announced edit is over. Without this the process looks by itself, only later."""
        handle = self._client.get_workflow_handle(catalog_sync_id(scope))
        try:
            await handle.signal("edit_ended", EditEnded(key=key, changed=changed))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            if changed:  # it took longer than anybody waits; what it did is followed by a process of its own
                await self.follow(scope)

    async def follow(self, scope: Scope) -> None:
        """Something of the scope changed: bring index and listeners up to date."""
        await self._tell(scope, "edit_ended", EditEnded(key="", changed=True))

    async def follow_and_wait(self, scope: Scope) -> None:
        """As `follow`, and returns when it is done. For whoever brings in many products and must not run ahead."""
        handle = await self._tell(scope, "edit_ended", EditEnded(key="", changed=True))
        await handle.result()

    async def stock_turned(self, sku_ids: Collection[SkuId]) -> None:
        """These SKUs may have become available, or sold out. One statement and a message for each product; nothing for none."""
        if not sku_ids:
            return
        products = await self._listing.products_of(sorted(sku_ids))
        if len(products) <= _EACH_BY_ITSELF:
            for spu_id in products:
                await self._tell(Scope(products=(spu_id,)), "stock_turned", StockTurned())
            return
        for start in range(0, len(products), MAX_PRODUCTS):
            scope = Scope(products=tuple(products[start : start + MAX_PRODUCTS]))
            await self._tell(scope, "stock_turned", StockTurned())

    async def _tell(self, scope: Scope, signal: str, message: Frozen) -> WorkflowHandle[Any, Any]:
        return await self._client.start_workflow(
            "CatalogSync",
            SyncInput(scope=scope),
            id=catalog_sync_id(scope),
            task_queue=SAGA_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal=signal,
            start_signal_args=[message],
            static_summary=f"Keeps {scope.words} in step",
        )

    async def wake(self, spu_id: SpuId, at: datetime, now: datetime) -> None:
        """Look at the product again at that time, once: something about it changes then by itself. Decided anew meanwhile, the
        look finds nothing to do."""
        scope = Scope(products=(spu_id,))
        with suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                "CatalogSync",
                SyncInput(scope=scope, to_index="all", to_tell=True),
                id=f"{catalog_sync_id(scope)}/{at:%Y%m%dT%H%M%S.%f}",
                task_queue=SAGA_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                start_delay=at - now,
                static_summary=f"Keeps {scope.words} in step from {at:%Y-%m-%d %H:%M:%S} UTC on",
            )


class Reindexing:
    """Starts, looks at and ends the rebuild of the index: one at a time."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def begin(self, *, give_up: bool = False) -> WorkflowHandle[Any, ReindexProgress]:
        """Begin a rebuild, or find the one that goes on; one that was broken off is gone on with. `give_up` ends the one that
        goes on, waits until it has ended, and drops what was built."""
        if give_up:
            await self._end()
        return await self._client.start_workflow(
            "Reindex",
            ReindexInput(give_up=give_up),
            id=REINDEX_ID,
            task_queue=SAGA_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            result_type=ReindexProgress,
            static_summary="Drops the build of a search index" if give_up else "Builds the search index anew",
        )

    async def progress(self) -> ReindexProgress | None:
        """Where the latest rebuild stands; None if there never was one."""
        try:
            found: ReindexProgress = await self._client.get_workflow_handle(REINDEX_ID).query(
                "progress", result_type=ReindexProgress
            )
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        return found

    async def _end(self) -> None:
        handle = self._client.get_workflow_handle(REINDEX_ID)
        try:
            await handle.cancel()
            await handle.result()
        except WorkflowFailureError:
            return  # cancelled, which was wanted
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
