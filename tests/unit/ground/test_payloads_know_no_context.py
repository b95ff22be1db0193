"""`workers/sandbox.py` answers for the sandbox that payloads are converted without a context; that must be true."""

import base64
import os

import pytest
from pydantic import SecretStr
from temporalio.converter import SerializationContext, WorkflowSerializationContext

from hanse.settings import Settings
from hanse.temporal import data_converter
from models.orders.messages import OrderRef
from models.shared.ids import OrderId

SOMEWHERE = WorkflowSerializationContext(namespace="default", workflow_id="checkout/ord_1")
ELSEWHERE = WorkflowSerializationContext(namespace="other", workflow_id="refund/ref_1")
REF = OrderRef(order_id=OrderId("ord_01m81g3vv9j8hv84891f98w43y"))


@pytest.mark.parametrize("written", [None, SOMEWHERE, ELSEWHERE])
@pytest.mark.parametrize("read", [None, SOMEWHERE, ELSEWHERE])
async def test_a_payload_is_the_same_whatever_it_belongs_to(
    written: SerializationContext | None, read: SerializationContext | None
) -> None:
    key = base64.b64encode(os.urandom(32)).decode()
    plain = data_converter(Settings(payload_keys=SecretStr(f"k1:{key}")))
    writer = plain if written is None else plain.with_context(written)
    reader = plain if read is None else plain.with_context(read)
    assert writer.payload_converter.to_payloads([REF]) == plain.payload_converter.to_payloads([REF])
    assert await reader.decode(await writer.encode([REF]), [OrderRef]) == [REF]
    assert plain.external_storage is None
