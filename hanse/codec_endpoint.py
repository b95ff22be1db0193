"""Temporal's remote codec protocol: the Web UI and the CLI send batches of payloads as JSON to be read by authorised people.

The api mounts it at `/codec/encode` and `/codec/decode`, behind its own authentication.
"""

from typing import Any, Literal

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from temporalio.api.common.v1 import Payloads
from temporalio.converter import PayloadCodec


class NotPayloads(ValueError):
    """The body is not a `Payloads` message in protobuf's JSON form."""


async def convert(codec: PayloadCodec, direction: Literal["encode", "decode"], body: Any) -> dict[str, Any]:
    """The same `{"payloads": […]}`, encrypted or readable; `body` is parsed JSON.

    Raises NotPayloads, and what the codec raises (UnknownPayloadKey, PayloadDamaged).
    """
    try:
        if not isinstance(body, dict):
            raise TypeError("not an object")
        batch = ParseDict(body, Payloads())
    except (ParseError, AttributeError, TypeError) as error:
        raise NotPayloads('expected {"payloads": [{"metadata": {…}, "data": …}]} with base64 values') from error
    work = codec.encode if direction == "encode" else codec.decode
    return MessageToDict(Payloads(payloads=await work(batch.payloads)))
