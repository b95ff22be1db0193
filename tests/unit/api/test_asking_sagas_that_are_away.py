"""A process that began while Temporal was away, and has never reached it, is busy; it is not broken."""

import pytest
from temporalio.client import Client

from api.edge.refusals import ServiceBusy
from api.edge.sagas import ask_running


async def test_who_asks_a_temporal_that_was_never_reached_is_told_to_ask_again() -> None:
    client = await Client.connect("127.0.0.1:1", lazy=True)
    with pytest.raises(ServiceBusy):
        await ask_running(client.get_workflow_handle("checkout/any"), "cancel", None, "cancel/1")
