"""Records the histories that are missing: `make record-histories`, or `python -m tests.replay.record [--again NAME …]`.

A kept history is what orders that run in production have behind them, so it is recorded once. When workflow code changes in
a way that old orders must not follow (`workflow.patched`), keep the old file under another name and record the new way beside
it. `--again` replaces files, for a workflow that no shop has run yet.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress

from temporalio.client import Client, WorkflowFailureError, WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from tests.replay.golden import ALL, Golden, write
from tests.workflows.aftersales import OneCase
from tests.workflows.orders.one_order import OneOrder
from tests.workflows.orders.one_window import OneWindow
from tests.workflows.orders.server import OneWorkflow, client_of, running_server
from tests.workflows.parcels import Parcel
from tests.workflows.reconciliations import Reconciling
from tests.workflows.refunds import Refunding
from tests.workflows.sagas import Sagas, run_workers
from tests.workflows.scripted import Scripted
from tests.workflows.supplements import Supplementing
from tests.workflows.transfers import Lorry


async def record(again: Sequence[str]) -> list[str]:
    """Play what is missing or named; the names of the files that were written."""
    wanted = [golden for golden in ALL if not golden.path.exists() or golden.path.stem in again or "all" in again]
    async with running_server() as server:
        client = await client_of(server)
        for golden in wanted:
            await _play(golden, server, client)
    return [golden.path.name for golden in wanted]


async def _play(golden: Golden, server: WorkflowEnvironment, client: Client) -> None:
    steps = Scripted()
    async with AsyncExitStack() as stack:
        await run_workers(stack, client, steps)
        if golden.saga is not None:
            run = await golden.saga(Sagas(server, client, steps))
            write(golden.path, await run.fetch_history())
            return
        if golden.order is None and golden.window is None:
            write(golden.path, await _played(golden, Sagas(server, client, steps)))
            return
        played: OneWorkflow
        if golden.order is not None:
            played = order = OneOrder(server, client, steps, golden.placement)
            await golden.order(order)
        else:
            assert golden.window is not None
            played = window = OneWindow(server, client, steps, golden.placement)
            await golden.window(window)
        with suppress(WorkflowFailureError):  # some ways end so
            await played.result()
        write(golden.path, await played.handle.fetch_history())


async def _played(golden: Golden, sagas: Sagas) -> WorkflowHistory:
    """A way through `Fulfillment`, `Refund`, `Transfer` or what schedules start."""
    saga: Parcel | Refunding | Supplementing | Reconciling | Lorry | OneCase
    if golden.case is not None:
        saga = await golden.case(sagas, golden.placement)
    elif golden.transfer is not None:
        saga = lorry = Lorry(sagas, golden.placement)
        await golden.transfer(lorry)
    elif golden.parcel is not None:
        saga = parcel = Parcel(sagas, golden.placement)
        await golden.parcel(parcel)
    elif golden.supplement is not None:
        saga = supplementing = Supplementing(sagas, golden.placement)
        await golden.supplement(supplementing)
    elif golden.reconciliation is not None:
        saga = reconciling = Reconciling(sagas, golden.placement)
        await golden.reconciliation(reconciling)
    else:
        assert golden.refund is not None
        saga = refunding = Refunding(sagas, golden.placement)
        await golden.refund(refunding)
    with suppress(WorkflowFailureError):  # some ways end so
        await saga.ended()
    return await saga.handle.fetch_history()


if __name__ == "__main__":
    for name in asyncio.run(record([name for name in sys.argv[1:] if name != "--again"])):
        print("recorded", name)  # noqa: T201 - the command's answer
