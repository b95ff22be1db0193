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

from channels.payment.sandbox.faults import FaultRule, Schedule
from channels.payment.sandbox.wire import FEE_BASIS_POINTS, STATEMENT_COLUMNS, Method
from channels.sandbox.times import from_ms, to_ms

Line = dict[str, str | int]

_PAYMENTS = """
SELECT number, transaction_id, reference, attempt AS merchant_id, method, amount_minor, currency, paid_at AS at, metadata
FROM payments WHERE paid_at >= ? AND paid_at < ? AND method = ? ORDER BY paid_at, number
"""
_REFUNDS = """
SELECT p.number, r.transaction_id, r.reference, r.refund AS merchant_id, p.method, r.amount_minor, r.currency,
       r.settled_at AS at, p.metadata
FROM refunds r JOIN payments p USING (reference)
WHERE r.status = 'succeeded' AND r.settled_at >= ? AND r.settled_at < ? AND p.method = ? ORDER BY r.settled_at, r.rowid
"""
_NOT_TAKEN = "JPY"


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
        lines += [line for row in connection.execute(_REFUNDS, span) for line in _refund_lines(row, schedule)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, STATEMENT_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    writer.writerows(_totals(lines, _hits_on_totals(schedule, day)))
    # What a line cannot say in UTF-8 (the fault `statement_wrong_encoding`) goes out as the single bytes it came from.
    return gzip.compress(text.getvalue().encode("utf-8", "surrogateescape"), mtime=0)


def _payment_lines(row: sqlite3.Row, schedule: Schedule) -> Iterator[Line]:
    hits = _hits(row, schedule)
    if "statement_missing" in hits:
        return
    paid = _line("payment", row, row["amount_minor"] + int(hits.get("statement_wrong_amount", 0)))
    if "statement_foreign_currency" in hits:
        paid["currency"] = _NOT_TAKEN
    if "statement_wrong_encoding" in hits:
        paid["method"] = "银行卡".encode("gbk").decode("utf-8", "surrogateescape")
    yield paid
    yield _line("fee", row, -fee_on(int(paid["amount_minor"])) - int(hits.get("statement_fee_differs", 0)))
    if "statement_chargeback" in hits:
        taken = int(hits["statement_chargeback"]) or int(row["amount_minor"])
        yield _line("chargeback", row, -taken) | {"transaction_id": f"{row['transaction_id']}_case"}
    if "statement_doubled" in hits:
        yield paid
    if "statement_paid_twice" in hits:
        yield paid | {"transaction_id": f"{row['transaction_id']}_again"}
    if "statement_unknown" in hits:
        yield paid | _of_nobody(row, "att")


def _refund_lines(row: sqlite3.Row, schedule: Schedule) -> Iterator[Line]:
    hits = _hits(row, schedule)
    if "statement_refund_missing" in hits:
        return
    back = _line("refund", row, -row["amount_minor"] - int(hits.get("statement_refund_wrong_amount", 0)))
    yield back
    if "statement_refund_unknown" in hits:
        yield back | _of_nobody(row, "rfd")


def _of_nobody(row: sqlite3.Row, prefix: str) -> Line:
    """The names of a movement that nobody asked for; the same each time the statement is fetched."""
    return {
        "transaction_id": f"{row['transaction_id']}_of_nobody",
        "reference": "sbx_of_nobody",
        "merchant_id": f"{prefix}_{'0' * 26}",
    }


def _hits(row: sqlite3.Row, schedule: Schedule) -> dict[str, float]:
    own = FaultRule.read(json.loads(row["metadata"]).get("faults", ""))
    rules = [rule for rule in schedule.rules + own if rule.happens_on("statement")]
    return {rule.fault: rule.strength for rule in rules if rule.chosen(schedule.seed, row["number"])}


def _hits_on_totals(schedule: Schedule, day: date) -> int:
    rules = [rule for rule in schedule.rules if rule.fault == "statement_wrong_totals"]
    return sum(int(rule.strength) for rule in rules if rule.chosen(schedule.seed, day.toordinal()))


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


def _totals(lines: list[Line], off_by: int) -> Iterator[Line]:
    sums: dict[str, int] = defaultdict(int)
    counts: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[str(line["currency"])] += int(line["amount_minor"])
        counts[str(line["currency"])] += 1
    for place, currency in enumerate(sorted(sums)):
        wrong = off_by if place == 0 else 0
        yield {
            "kind": "totals",
            "amount_minor": sums[currency] + wrong,
            "currency": currency,
            "lines": counts[currency],
        }
    if not counts:
        yield {"kind": "totals", "amount_minor": off_by, "lines": 0}
