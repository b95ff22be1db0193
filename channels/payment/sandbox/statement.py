"""The provider's statement of one day (UTC) and one method: what it took, gave back and kept, and what that adds up to."""

import csv
import gzip
import io
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from channels.payment.sandbox.faults import FaultRule, Schedule, read_rules
from channels.payment.sandbox.store import from_ms, to_ms
from channels.payment.sandbox.wire import FEE_BASIS_POINTS, STATEMENT_COLUMNS, Method

Line = dict[str, str | int]

_PAYMENTS = """
SELECT number, transaction_id, reference, attempt AS merchant_id, method, amount_minor, currency, paid_at AS at, metadata
FROM payments WHERE paid_at >= ? AND paid_at < ? AND method = ? ORDER BY paid_at, number
"""
_REFUNDS = """
SELECT r.transaction_id, r.reference, r.refund AS merchant_id, p.method, r.amount_minor, r.currency, r.settled_at AS at
FROM refunds r JOIN payments p USING (reference)
WHERE r.status = 'succeeded' AND r.settled_at >= ? AND r.settled_at < ? AND p.method = ? ORDER BY r.settled_at, r.rowid
"""


def fee_on(amount_minor: int) -> int:
    """0.6 % of a payment, rounded half up."""
    return (amount_minor * FEE_BASIS_POINTS + 5_000) // 10_000


def write_statement(books: Path, schedule: Schedule, day: date, method: Method) -> bytes:
    """The gzipped CSV. Reads the books over a connection of its own, so it may run beside the server in a thread."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    span = (to_ms(start), to_ms(start + timedelta(days=1)), method)
    with closing(sqlite3.connect(f"{books.resolve().as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        lines = [line for row in connection.execute(_PAYMENTS, span) for line in _payment_lines(row, schedule)]
        lines += [_line("refund", row, -row["amount_minor"]) for row in connection.execute(_REFUNDS, span)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, STATEMENT_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    writer.writerows(_totals(lines))
    return gzip.compress(text.getvalue().encode(), mtime=0)


def _payment_lines(row: sqlite3.Row, schedule: Schedule) -> Iterator[Line]:
    hits = {rule.fault: rule.strength for rule in _rules(row, schedule) if rule.chosen(schedule.seed, row["number"])}
    if "statement_missing" in hits:
        return
    amount = row["amount_minor"] + int(hits.get("statement_wrong_amount", 0))
    yield _line("payment", row, amount)
    yield _line("fee", row, -fee_on(amount))


def _rules(row: sqlite3.Row, schedule: Schedule) -> list[FaultRule]:
    own = read_rules(json.loads(row["metadata"]).get("faults", ""))
    return [rule for rule in schedule.rules + own if rule.happens_on("statement")]


def _line(kind: str, row: sqlite3.Row, amount: int) -> Line:
    return {
        "kind": kind,
        "occurred_at": from_ms(row["at"]).isoformat().replace("+00:00", "Z"),
        "transaction_id": row["transaction_id"],
        "reference": row["reference"],
        "merchant_id": row["merchant_id"],
        "method": row["method"],
        "amount_minor": amount,
        "currency": row["currency"],
    }


def _totals(lines: list[Line]) -> Iterator[Line]:
    sums: dict[str, int] = defaultdict(int)
    counts: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[str(line["currency"])] += int(line["amount_minor"])
        counts[str(line["currency"])] += 1
    if not counts:
        yield {"kind": "totals", "amount_minor": 0, "lines": 0}
    for currency in sorted(sums):
        yield {"kind": "totals", "amount_minor": sums[currency], "currency": currency, "lines": counts[currency]}
