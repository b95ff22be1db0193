"""What a replay has done already, in a file of the data folder that survives kill -9."""

import json
import sqlite3
from pathlib import Path
from typing import Any


class Memory:
    """Facts by topic and name. Every fact is on disk before the next step is taken.

    Forgetting it all is safe for three days, as long as the shop knows the Idempotency-Keys; they follow from the files.
    """

    def __init__(self, data_dir: Path, fingerprint: str, *, fresh: bool = False) -> None:
        """`fresh` forgets everything and begins the next run: its orders are new ones."""
        folder = data_dir / "replay"
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / f"{fingerprint}.sqlite", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")  # enough for kill -9; the keys cover a power cut
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS facts (topic TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY (topic, name))"
        )
        run = self.get("replay", "run") or 1
        if fresh:
            self._db.execute("DELETE FROM facts")
            run += 1
        self.put("replay", "run", run)
        self.key = f"replay/{fingerprint}/{run}"
        """How every Idempotency-Key of this run begins."""

    def get(self, topic: str, name: str) -> Any:
        """The fact, or None."""
        row = self._db.execute("SELECT value FROM facts WHERE topic = ? AND name = ?", (topic, name)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, topic: str, name: str, value: Any) -> None:
        """Keep a fact, in the place of an earlier one."""
        self._db.execute("REPLACE INTO facts VALUES (?, ?, ?)", (topic, name, json.dumps(value)))

    def all(self, topic: str) -> dict[str, Any]:
        """Every fact of a topic, by name."""
        rows = self._db.execute("SELECT name, value FROM facts WHERE topic = ?", (topic,))
        return {name: json.loads(value) for name, value in rows}

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()
