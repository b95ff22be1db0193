"""The way to Temporal: one client, set up the same in the api, in workers, in commands and in tests."""

import dataclasses
from typing import ClassVar, Self

from opentelemetry import trace
from temporalio.client import Client
from temporalio.contrib.opentelemetry import OpenTelemetryPlugin, ReplaySafeTracerProvider
from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression

from hanse.codec import EncryptingCodec, PayloadKeys
from hanse.settings import Settings
from hanse.telemetry import spans_are_recorded
from hanse.unreachable import Unreachable


class OnePayloadConverter(PydanticPayloadConverter):
    """Pydantic's converter, made once in a process.

    The SDK makes one for each workflow it runs and for each task it hands out, and each would make its validators anew: they are
    kept by the converter.
    """

    _made: ClassVar[Self | None] = None

    def __new__(cls) -> Self:
        """The one there is."""
        if cls._made is None:
            made = super().__new__(cls)
            PydanticPayloadConverter.__init__(made)
            cls._made = made
        return cls._made

    def __init__(self) -> None:
        """Nothing: it is made already."""


def data_converter(settings: Settings) -> DataConverter:
    """Pydantic values as JSON, then encrypted; failure messages and stack traces too, since they quote what failed.

    Raises PayloadKeysMissing.
    """
    keys = PayloadKeys.parse(settings.payload_keys.get_secret_value())
    return dataclasses.replace(
        pydantic_data_converter,
        payload_converter_class=OnePayloadConverter,
        payload_codec=EncryptingCodec(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(settings: Settings, runtime: Runtime | None = None, *, lazy: bool = False) -> Client:
    """A connected client; workers made from it inherit codec and tracing. `lazy` connects at the first call instead, so that
    an api starts, and serves what needs no saga, while Temporal is away; no worker can be made of such a client.

    Tracing is on once `hanse.telemetry.setup_telemetry` ran in this process, since workflow spans need its replay-safe
    provider; a process without telemetry traces nothing. gRPC is not compressed: payloads are ciphertext, and on loopback
    compression only costs time. Raises PayloadKeysMissing, or Unreachable when nobody answers.
    """
    traced = isinstance(trace.get_tracer_provider(), ReplaySafeTracerProvider)
    try:
        return await Client.connect(
            settings.temporal_address,
            namespace=settings.temporal_namespace,
            data_converter=data_converter(settings),
            plugins=[OpenTelemetryPlugin(add_temporal_spans=spans_are_recorded())] if traced else [],
            runtime=runtime,
            grpc_compression=GrpcCompression.NONE,
            lazy=lazy,
        )
    except RuntimeError as error:
        raise Unreachable("Temporal", settings.temporal_address) from error
