"""Nobody outside the process sees what its spans quote of people and secrets."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hanse.spans import MaskingExporter


def test_addresses_exceptions_and_states_are_masked_on_the_way_out() -> None:
    sent = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(MaskingExporter(sent)))
    tracer = provider.get_tracer("test")
    with (
        pytest.raises(ValueError, match="zhang"),
        tracer.start_as_current_span("call", attributes={"url.full": "http://x/?token=s3cret", "db.name": "orders"}),
    ):
        raise ValueError("Key (email)=(zhang@example.com) already exists")
    (span,) = sent.get_finished_spans()
    told = span.to_json()
    assert "s3cret" not in told
    assert "zhang@" not in told
    assert "z***@example.com" in told
    assert (span.attributes or {})["db.name"] == "orders"
