"""What operators do to goods: transfers, prices, the index; and what sagas of their own follow from it."""

import secrets

from models.search.messages import DriftInput, Scope, TellSales, catalog_sync_id
from models.shared.ids import SpuId
from search.configured import open_engine
from search.query import SearchQuery
from tests.chaos.stage import PRICE, Stage, story
from tests.e2e.calls import JSON, said
from tests.e2e.goods import Good
from workflows.options import TaskQueue

LEFT_TO_THE_NEXT_RUN = {"SalesToSearch": "sales-to-search", "SearchDrift": "search-drift"}
"""Sagas that fail by design when a fault stays, with what their ids begin with."""
_TRANSFERS = "/v1/inventory/transfers"


async def _planned(stage: Stage, good: Good, quantity: int) -> JSON:
    """A transfer between two warehouses of this story."""
    stage.actor.marks.update(good.warehouses)
    plan = {
        "from_warehouse_id": good.warehouses[0],
        "to_warehouse_id": good.warehouses[1],
        "lines": [{"sku_id": good.sku_id, "quantity": quantity}],
        "note": "chaos",
    }
    return said(await stage.operator.post(_TRANSFERS, plan), 201)


async def _told(stage: Stage, transfer: JSON, what: str, body: JSON | None = None) -> JSON:
    return said(await stage.operator.post(f"{_TRANSFERS}/{transfer['transfer_id']}/{what}", body), 200)


async def _on_hand(stage: Stage, good: Good) -> dict[str, int]:
    levels = (await stage.operator.read(f"/v1/inventory/levels?sku_id={good.sku_id}"))["items"]
    return {level["warehouse_id"]: level["on_hand"] for level in levels}


@story
async def transferred(stage: Stage) -> None:
    """It leaves, arrives in parts, one unit is lost."""
    good = await stage.shelf.own(10, 1)
    transfer = await _planned(stage, good, 8)
    line = {"sku_id": good.sku_id, "quantity": 5}
    await _told(stage, transfer, "dispatch")
    await _told(stage, transfer, "arrive", {"lines": [line]})
    await _told(stage, transfer, "lose", {"lines": [line | {"quantity": 1}], "reason": "in a ditch"})
    assert (await _told(stage, transfer, "arrive", {}))["state"] == "completed"
    assert await _on_hand(stage, good) == dict(zip(good.warehouses, (2, 8), strict=True))


@story
async def transfer_recalled(stage: Stage) -> None:
    """Turned round on its way, and back where it was."""
    good = await stage.shelf.own(10, 1)
    transfer = await _planned(stage, good, 4)
    await _told(stage, transfer, "dispatch")
    await _told(stage, transfer, "recall", {"reason": "wrong lorry"})
    await _told(stage, transfer, "arrive", {})
    assert await _on_hand(stage, good) == dict(zip(good.warehouses, (10, 1), strict=True))


@story
async def transfer_called_off(stage: Stage) -> None:
    """Before it left: everything is taken back."""
    good = await stage.shelf.own(10, 1)
    transfer = await _planned(stage, good, 4)
    assert (await _told(stage, transfer, "recall", {"reason": "not needed"}))["state"] == "cancelled"
    assert await _on_hand(stage, good) == dict(zip(good.warehouses, (10, 1), strict=True))
    assert await stage.operator.available(good.sku_id) == 11


@story
async def price_changed(stage: Stage) -> None:
    """The index shows it."""
    good = await stage.shelf.own(5)
    scope = Scope(products=(SpuId(good.spu_id),))
    stage.actor.marks |= {catalog_sync_id(scope), good.spu_id}
    await stage.operator.set_price(good.spu_id, good.sku_id, PRICE - 500)
    async with open_engine(stage.shop.settings) as engine:

        async def found() -> bool:
            try:
                hits = (await engine.search(SearchQuery(text=good.code, correct=False))).hits
            except Exception as away:
                raise OSError("the index is away") from away
            return [hit.price_from.minor for hit in hits if hit.spu_id == good.spu_id] == [PRICE - 500]

        await stage.holds("the new price is found", found)


async def ran(stage: Stage, workflow: str, arg: object, name: str) -> None:
    """A saga that a schedule starts, started now, until it has ended well. One that gives up leaves its work to the next run, so
    the next run is started."""
    workflow_id = f"{name}-chaos-{secrets.token_hex(6)}"
    stage.actor.marks.add(workflow_id)
    client = await stage.shop.temporal()
    handle = await client.start_workflow(workflow, arg, id=workflow_id, task_queue=TaskQueue.CHECKOUT)

    async def ended() -> bool:
        try:
            described = await handle.describe()
        except Exception as away:
            raise OSError("Temporal is away") from away
        return described.status is not None and described.status.name != "RUNNING"

    await stage.holds(f"{workflow_id} has ended", ended)
    status = (await handle.describe()).status
    if status is not None and status.name == "FAILED" and workflow in LEFT_TO_THE_NEXT_RUN:
        await ran(stage, workflow, arg, name)
    else:
        assert status is not None
        assert status.name == "COMPLETED", status


@story
async def index_built_anew(stage: Stage) -> None:
    """Built beside the old one, checked, swapped."""
    stage.actor.marks.add("reindex")
    said(await stage.operator.send("PUT", "/v1/catalogue/reindex"), 202)
    handle = (await stage.shop.temporal()).get_workflow_handle("reindex")

    async def ended() -> bool:
        try:
            status = (await handle.describe()).status
        except Exception as away:
            raise OSError("Temporal is away") from away
        return status is not None and status.name == "COMPLETED"

    await stage.holds("the index is built", ended)


@story
async def index_compared(stage: Stage) -> None:
    """Index and catalogue held against each other."""
    await ran(stage, "SearchDrift", DriftInput(), "search-drift")


@story
async def sales_told_to_the_index(stage: Stage) -> None:
    """The engine hears what sells."""
    await ran(stage, "SalesToSearch", TellSales(), "sales-to-search")
