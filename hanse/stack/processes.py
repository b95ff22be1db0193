"""Processes known for certain: a pid alone may have passed to a stranger, a pid with its start time has not."""

import signal
import time
from dataclasses import dataclass
from typing import Any, Self

import psutil

_CLOCK_SLACK = 2.0
"""Seconds by which the start time of one process may differ between two readings (the clock is corrected)."""


@dataclass(frozen=True)
class KnownProcess:
    """One process of this machine, recognisable after its pid was given to another."""

    pid: int
    started: float
    """Seconds since the epoch, as the system reports it."""

    @classmethod
    def of(cls, pid: int) -> Self:
        """The process that has this pid now; an error when there is none."""
        return cls(pid=pid, started=psutil.Process(pid).create_time())

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        """As written by `record`."""
        return cls(pid=int(record["pid"]), started=float(record["started"]))

    def record(self) -> dict[str, Any]:
        """For a JSON file."""
        return {"pid": self.pid, "started": self.started}

    def _find(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _CLOCK_SLACK
            alive = process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same and alive else None

    def is_alive(self) -> bool:
        """Whether exactly this process still runs."""
        return self._find() is not None

    def ask_to_end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal, if it still is this process."""
        process = self._find()
        if process is not None:
            process.send_signal(how)

    def wait_gone(self, seconds: float) -> bool:
        """Wait until it is gone; False when it is still there after so many seconds."""
        deadline = time.monotonic() + seconds
        while self.is_alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def end(self, how: signal.Signals = signal.SIGTERM, patience: float = 10.0) -> None:
        """Ask it to end; after `patience` seconds kill it."""
        self.ask_to_end(how)
        if not self.wait_gone(patience):
            self.ask_to_end(signal.SIGKILL)
            self.wait_gone(5.0)
