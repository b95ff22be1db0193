"""Logs are JSON, one object a line on stderr, tied to their trace, user and order, and masked."""

import json
import logging
import sys
import time
from typing import Any

from opentelemetry import trace
from pythonjsonlogger.json import JsonFormatter

from hanse.context import current
from hanse.masking import mask_value

_OF_EVERY_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}
_OWN_FIELDS = frozenset({"time", "level", "logger", "service", "trace_id", "span_id"})


class MaskedJsonFormatter(JsonFormatter):
    """Adds what the line is about and masks every value: message, arguments, extra fields, exception and stack.

    Masking sits in the formatter, behind all filters and handlers of others, so that nothing is written around it and the
    record itself stays as it was for them.
    """

    def __init__(self, service: str) -> None:
        super().__init__("%(message)s", json_ensure_ascii=False)
        self._service = service
        self._second, self._written = 0, ""
        self._encode = json.JSONEncoder(ensure_ascii=False, default=str).encode

    def format(self, record: logging.LogRecord) -> str:
        """The line. One without an exception is written here, at a third of what the library's general way costs: every request
        writes one."""
        if record.exc_info or record.exc_text or record.stack_info or not isinstance(record.msg, str):
            return super().format(record)
        line = self._begun(record)
        line["message"] = record.getMessage()
        line.update((name, value) for name, value in record.__dict__.items() if name not in _OF_EVERY_RECORD)
        return self._encode(self.process_log_record(line))

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """The common fields first, then the context, then what the caller gave."""
        log_data.update(self._begun(record))
        super().add_fields(log_data, record, message_dict)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Every field masked by its name or its look."""
        return {name: value if name in _OWN_FIELDS else mask_value(name, value) for name, value in log_data.items()}

    def _begun(self, record: logging.LogRecord) -> dict[str, Any]:
        line: dict[str, Any] = {
            "time": self._time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "service": self._service,
        }
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            line["trace_id"], line["span_id"] = f"{span.trace_id:032x}", f"{span.span_id:016x}"
        line.update(current())
        return line

    def _time(self, moment: float) -> str:
        second = int(moment)
        if second != self._second:
            self._second, self._written = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._written}.{int((moment - second) * 1000):03d}Z"


def setup_logs(service: str, level: str) -> None:
    """Send all logs to stderr in this form. Called again, it replaces what it set up before and nothing else."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(MaskedJsonFormatter(service))
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one.formatter, MaskedJsonFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # Nobody writes these down, and finding them out costs more than writing the line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.logAsyncioTasks = False  # type: ignore[attr-defined,unused-ignore] # from Python 3.12 on
    # While Kafka is away this library logs ten errors a second; bus/ reports the outage once for each failed send or read.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.getLogger("httpx").setLevel(logging.WARNING)
