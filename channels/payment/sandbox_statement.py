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

_LONGEST_LINE = 4_096
"""Bytes. No line of a statement is nearly as long; a file without line ends must not fill the memory."""
_COLUMN = {name: place for place, name in enumerate(STATEMENT_COLUMNS)}
_KIND, _MINOR, _CURRENCY, _LINES = (_COLUMN[name] for name in ("kind", "amount_minor", "currency", "lines"))


def read_sandbox_statement(path: Path) -> Iterator[StatementLine]:
    """The movements of the file, in its order, in bounded memory. Raises StatementCorrupt, with the line, if it cannot be read
    or its totals disagree; that shows after the last line, so take all lines before acting on one."""
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    totals: dict[str, tuple[int, int]] = {}
    last = 0
    for last, row in _rows(path):
        try:
            if row[_KIND] == "totals":
                totals[row[_CURRENCY]] = (int(row[_MINOR]), int(row[_LINES]))
                continue
            line = _line(last, row)
        except (ValidationError, ValueError) as problem:
            raise StatementCorrupt(f"{path.name} cannot be read: {_said(problem)}", last) from problem
        sums[line.amount.currency] += line.amount.minor
        counts[line.amount.currency] += 1
        yield line
    found = {currency: (sums[currency], counts[currency]) for currency in counts} or {"": (0, 0)}
    if found != totals:
        raise StatementCorrupt(f"the lines of {path.name} add up to {found}, its totals say {totals}", last or None)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header, with the number of their line."""
    try:
        with gzip.open(path, "rb") as packed:
            rows = csv.reader(_text(packed))
            if tuple(next(rows, ())) != STATEMENT_COLUMNS:
                raise StatementCorrupt(f"{path.name} has not the columns of a statement", 1)
            for row in rows:
                if len(row) != len(STATEMENT_COLUMNS):
                    raise StatementCorrupt(f"{path.name} has a line of {len(row)} columns", rows.line_num)
                yield rows.line_num, row
    except (OSError, EOFError, zlib.error, csv.Error) as problem:
        raise StatementCorrupt(f"{path.name} cannot be read: {problem}") from problem


def _text(packed: gzip.GzipFile) -> Iterator[str]:
    number = 0
    while raw := packed.readline(_LONGEST_LINE):
        number += 1
        if len(raw) == _LONGEST_LINE:
            raise StatementCorrupt(f"the line is longer than {_LONGEST_LINE} bytes", number)
        try:
            yield raw.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise StatementCorrupt(f"the line is not UTF-8 ({problem.reason})", number) from problem


def _line(number: int, row: list[str]) -> StatementLine:
    return StatementLine.model_validate(
        {
            "line": number,
            "kind": row[_KIND],
            "transaction_id": row[_COLUMN["transaction_id"]],
            "channel_reference": row[_COLUMN["reference"]],
            "merchant_id": row[_COLUMN["merchant_id"]],
            "amount": {"minor": int(row[_MINOR]), "currency": row[_CURRENCY]},
            "occurred_at": row[_COLUMN["occurred_at"]],
        }
    )


def _said(problem: Exception) -> str:
    if isinstance(problem, ValidationError):
        first = problem.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(problem)
