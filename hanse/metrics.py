"""Prometheus metrics of this process.

HTTP metrics bear the names of OpenTelemetry's semantic conventions; business metrics begin with `hanse_` and stand beside
what they count (sagas count through the SDK's meter, which knows a replay from a first run). Labels have few
values, always: a route and never a path, a reason code and never a message.
"""

from prometheus_client import Gauge, Histogram, disable_created_metrics, start_http_server

from hanse.settings import Settings
from hanse.telemetry import metrics_host

disable_created_metrics()  # type: ignore[no-untyped-call]

http_request_duration = Histogram(
    "http_server_request_duration_seconds",
    "Duration of HTTP server requests",
    ["http_request_method", "http_route", "http_response_status_code"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10),
)
http_active_requests = Gauge("http_server_active_requests", "HTTP requests being handled", ["http_request_method"])


def serve_metrics(settings: Settings) -> None:
    """Serve these metrics from a process that has no HTTP server of its own, one port above the Temporal SDK's.

    With `metrics_port` 0 they are served nowhere. The api serves its own at `/metrics`.
    """
    if settings.metrics_port:
        start_http_server(settings.metrics_port + 1, addr=metrics_host(settings))
