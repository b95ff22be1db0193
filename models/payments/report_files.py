"""The differences of a reconciliation as a CSV file."""

import csv
import io
from collections.abc import Sequence

from models.payments.reconciliation import Difference

COLUMNS = (
    "number",
    "kind",
    "line",
    "transaction_id",
    "merchant_id",
    "attempt_id",
    "payment_id",
    "order_id",
    "currency",
    "ours",
    "theirs",
    "occurred_at",
    "repair",
    "repaired_at",
)
_FROM_OUTSIDE = {"transaction_id", "merchant_id"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_differences(page: Sequence[Difference], *, first: bool) -> str:
    """Some rows, below the header if they are the first. Amounts are minor units. A cell with a channel's words that a
    spreadsheet would take for a formula starts with an apostrophe (OWASP, CSV injection)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    if first:
        writer.writerow(COLUMNS)
    for difference in page:
        cells = difference.model_dump(mode="json", include=set(COLUMNS))
        writer.writerow([_defused(name, cells[name]) for name in COLUMNS])
    return text.getvalue()


def _defused(name: str, cell: object) -> object:
    if name in _FROM_OUTSIDE and str(cell or "").startswith(_FORMULA):
        return f"'{cell}"
    return cell
