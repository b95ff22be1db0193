"""Traces, logs and the metrics of the Temporal SDK, set up once at the start of a process.

A trace crosses every border by W3C trace context: HTTP by its headers, Temporal by its own header, Kafka by record headers.
Metrics of this process are in `metrics.py`, the api's part in `http_telemetry.py`.
"""

import logging
import os
from dataclasses import dataclass
from functools import cache

from opentelemetry import trace
from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from temporalio.contrib.opentelemetry import ReplaySafeTracerProvider, create_tracer_provider
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from hanse.absent import remember_absent
from hanse.logs import setup_logs
from hanse.settings import Settings
from hanse.spans import MaskingExporter


@dataclass(frozen=True)
class Telemetry:
    """What a process set up."""

    provider: ReplaySafeTracerProvider
    recorded: bool
    """Whether spans are made, or only their ids: those stand in log lines, answers and messages in any case."""


_installed: Telemetry | None = None


def setup_telemetry(settings: Settings, service_name: str, *, exporter: SpanExporter | None = None) -> Telemetry:
    """Logs, tracing and instrumentation of asyncpg, redis and httpx. OpenTelemetry allows one set-up a process: a second
    call changes nothing and answers the first.

    Call it before connecting to Temporal. Spans go to `exporter`, or else to `otlp_endpoint` (OTLP over HTTP) if it is set;
    then sampling follows `OTEL_TRACES_SAMPLER`, every trace by default. Where nobody could see them none is made, since they
    are a tenth of what an order costs: a trace then has its id alone.
    """
    global _installed
    if _installed is not None:
        return _installed
    setup_logs(service_name, settings.log_level)
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")
    resource = Resource.create(
        {
            "service.name": service_name,
            "service.namespace": "hanse",
            "service.version": settings.worker_version or "unversioned",
            "deployment.environment.name": settings.environment,
        }
    )
    exporter = exporter or _to_collector(settings)
    recorded = exporter is not None
    provider = create_tracer_provider(None if recorded else ALWAYS_OFF, resource=resource, shutdown_on_exit=False)
    if exporter is not None:
        provider.add_span_processor(BatchSpanProcessor(MaskingExporter(exporter)))
    # Temporal's plugin asks for its tracer at every border it crosses; making one anew takes 14 µs.
    provider.get_tracer = cache(provider.get_tracer)  # type: ignore[method-assign]
    trace.set_tracer_provider(provider)
    if recorded:
        AsyncPGInstrumentor().instrument()  # type: ignore[no-untyped-call]
        RedisInstrumentor().instrument()
    HTTPXClientInstrumentor().instrument()  # which hands on the trace's id, too
    remember_absent("sniffio")  # httpx looks for it four times a request
    _installed = Telemetry(provider, recorded)
    return _installed


def _to_collector(settings: Settings) -> SpanExporter | None:
    if not settings.otlp_endpoint:
        return None
    # Loaded where spans are sent: with what it needs to speak HTTP and protocol buffers 3 MB.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint.rstrip('/')}/v1/traces")


def spans_are_recorded() -> bool:
    """Whether this process makes spans."""
    return _installed is not None and _installed.recorded


def temporal_runtime(settings: Settings) -> Runtime:
    """The SDK's engine, one a process: its metrics on `http://…:metrics_port/metrics` (none if 0) with units in their names
    and seconds for durations, its warnings in our logs."""
    metrics = None
    if settings.metrics_port:
        metrics = PrometheusConfig(
            bind_address=f"{metrics_host(settings)}:{settings.metrics_port}",
            counters_total_suffix=True,
            unit_suffix=True,
            durations_as_seconds=True,
        )
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    core_logs = LoggingConfig(TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding)
    return Runtime(telemetry=TelemetryConfig(logging=core_logs, metrics=metrics))


def metrics_host(settings: Settings) -> str:
    """Metrics stay on loopback except in production, where the scraper is another machine."""
    return "0.0.0.0" if settings.environment == "production" else "127.0.0.1"
