"""An order whose payment callback was lost is found and completed (R7.8), on the running shop."""

import secrets
from datetime import timedelta

from models.payments.supplement import SupplementInput
from tests.e2e.calls import Buyer
from tests.e2e.goods import Shelves
from tests.e2e.running import RunningShop
from workflows.options import TaskQueue
from workflows.supplement import Supplement


async def test_an_order_whose_callback_was_lost_goes_on_without_the_buyer_doing_anything(
    shop: RunningShop, shelves: Shelves, buyer: Buyer
) -> None:
    good = await shelves.good(3, outbound="manual")
    order_id = str((await buyer.placed(good.sku_id))["order_id"])
    await buyer.pay(order_id, "lost")
    client = await shop.temporal()
    assert await client.get_schedule_handle("supplement").describe()
    await client.execute_workflow(
        Supplement.run,
        SupplementInput(pending_for=timedelta(0)),
        id=f"supplement-{secrets.token_hex(4)}",
        task_queue=TaskQueue.CHECKOUT,
    )
    await buyer.until(order_id, "paid")
