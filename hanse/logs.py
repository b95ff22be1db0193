"""Logs are JSON, one object a line on stderr, tied to their trace, user and order, and masked."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

from opentelemetry import trace
from pythonjsonlogger.json import JsonFormatter

from hanse.context import current
from hanse.masking import mask_value

_OWN_FIELDS = frozenset({"time", "level", "logger", "service", "trace_id", "span_id"})


class MaskedJsonFormatter(JsonFormatter):
    """Adds what the line is about and masks every value: message, arguments, extra fields, exception and stack.

    Masking sits in the formatter, behind all filters and handlers of others, so that nothing is written around it and the
    record itself stays as it was for them.
    """

    def __init__(self, service: str) -> None:
        super().__init__("%(message)s", json_ensure_ascii=False)
        self._service = service

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """The common fields first, then the context, then what the caller gave."""
        log_data.update(
            time=datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            level=record.levelname.lower(),
            logger=record.name,
            service=self._service,
        )
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            log_data.update(trace_id=f"{span.trace_id:032x}", span_id=f"{span.span_id:016x}")
        log_data.update(current())
        super().add_fields(log_data, record, message_dict)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Every field masked by its name or its look."""
        return {name: value if name in _OWN_FIELDS else mask_value(name, value) for name, value in log_data.items()}


def setup_logs(service: str, level: str) -> None:
    """Send all logs to stderr in this form. Called again, it replaces what it set up before and nothing else."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(MaskedJsonFormatter(service))
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one.formatter, MaskedJsonFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # While Kafka is away this library logs ten errors a second; bus/ reports the outage once for each failed send or read.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.getLogger("httpx").setLevel(logging.WARNING)
