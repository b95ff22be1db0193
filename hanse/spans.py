"""Finished spans of this process, masked before anyone sees them."""

from collections.abc import Mapping, Sequence

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.util.types import AttributeValue

from hanse.masking import mask_text

_MAY_QUOTE = ("url.", "http.url", "http.target", "exception.")
"""Attributes that repeat what someone sent: an address with its query, the message of an exception. The rest is made by
us or by instrumentations that leave values out."""


class MaskingExporter(SpanExporter):
    """Hands masked spans to the exporter that sends them away."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Called by OpenTelemetry with a batch, off the threads that do the work."""
        return self._exporter.export([masked(span) for span in spans])

    def shutdown(self) -> None:
        """Close the connection to the collector."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Send what is waiting."""
        return self._exporter.force_flush(timeout_millis)


def masked(span: ReadableSpan) -> ReadableSpan:
    """The same span without personal data and secrets in what it quotes."""
    description = span.status.description
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_masked(span.attributes),
        events=[Event(event.name, _masked(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code, mask_text(description)) if description else span.status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _masked(attributes: Mapping[str, AttributeValue] | None) -> dict[str, AttributeValue]:
    return {
        name: mask_text(value) if isinstance(value, str) and name.startswith(_MAY_QUOTE) else value
        for name, value in (attributes or {}).items()
    }
