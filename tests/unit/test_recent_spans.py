"""Spans are kept in bounded memory, and nobody outside the process sees what they quote of people and secrets."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer

from hanse.spans import MaskingExporter, SpanRing


@pytest.fixture
def ring() -> SpanRing:
    return SpanRing(size=3)


@pytest.fixture
def sent() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(ring: SpanRing, sent: InMemorySpanExporter) -> Tracer:
    provider = TracerProvider()
    provider.add_span_processor(ring)
    provider.add_span_processor(SimpleSpanProcessor(MaskingExporter(sent)))
    return provider.get_tracer("test")


def test_only_the_most_recent_spans_are_kept(tracer: Tracer, ring: SpanRing) -> None:
    for name in "abcde":
        tracer.start_span(name).end()
    assert [span.name for span in ring.recent()] == ["c", "d", "e"]


def test_the_spans_of_one_trace_are_found_in_the_order_they_began(tracer: Tracer, ring: SpanRing) -> None:
    with tracer.start_as_current_span("outer") as outer:
        tracer.start_span("inner").end()
    tracer.start_span("another trace").end()
    trace_id = f"{outer.get_span_context().trace_id:032x}"
    assert [span.name for span in ring.trace(trace_id)] == ["outer", "inner"]


def test_addresses_exceptions_and_states_are_masked_in_memory_and_on_the_way_out(
    tracer: Tracer, ring: SpanRing, sent: InMemorySpanExporter
) -> None:
    with (
        pytest.raises(ValueError, match="zhang"),
        tracer.start_as_current_span("call", attributes={"url.full": "http://x/?token=s3cret", "db.name": "orders"}),
    ):
        raise ValueError("Key (email)=(zhang@example.com) already exists")
    for span in (*ring.recent(), *sent.get_finished_spans()):
        told = span.to_json()
        assert "s3cret" not in told
        assert "zhang@" not in told
        assert "z***@example.com" in told
        assert (span.attributes or {})["db.name"] == "orders"
