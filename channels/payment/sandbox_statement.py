"""Reads the statement files of the sandbox: gzipped CSV, one movement a line, closed by a totals line per currency."""

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from channels.payment.contract import StatementLine
from channels.payment.errors import StatementCorrupt
from channels.payment.sandbox.wire import STATEMENT_COLUMNS
from models.shared import Money


def read_sandbox_statement(path: Path) -> Iterator[StatementLine]:
    """The movements of the file, in its order. Raises StatementCorrupt if it cannot be read or its totals disagree; that
    shows after the last line, so take all lines before acting on one."""
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    totals: dict[str, tuple[int, int]] = {}
    try:
        for row in _rows(path):
            if row["kind"] == "totals":
                totals[row["currency"]] = (int(row["amount_minor"]), int(row["lines"]))
                continue
            line = _line(row)
            sums[line.amount.currency] += line.amount.minor
            counts[line.amount.currency] += 1
            yield line
    except (OSError, EOFError, zlib.error, csv.Error, ValidationError, ValueError) as problem:
        raise StatementCorrupt(f"{path.name} cannot be read: {problem}") from problem
    found = {currency: (sums[currency], counts[currency]) for currency in counts} or {"": (0, 0)}
    if found != totals:
        raise StatementCorrupt(f"{path.name}: the lines add up to {found}, its totals say {totals}")


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        rows = csv.DictReader(text)
        if tuple(rows.fieldnames or ()) != STATEMENT_COLUMNS:
            raise ValueError("its columns are not those of a statement")
        yield from rows


def _line(row: dict[str, str]) -> StatementLine:
    return StatementLine.model_validate(
        {
            "kind": row["kind"],
            "transaction_id": row["transaction_id"],
            "channel_reference": row["reference"],
            "merchant_id": row["merchant_id"],
            "amount": Money(minor=int(row["amount_minor"]), currency=row["currency"]),
            "occurred_at": row["occurred_at"],
        }
    )
