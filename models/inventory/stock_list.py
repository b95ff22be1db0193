"""Stock lists as spreadsheets write them: CSV with the columns `warehouse_code,sku_id,on_hand`, in any order."""

import csv
import io
from collections.abc import Sequence

from pydantic import ValidationError

from models.inventory.types import CountLine, LineError
from models.shared.refusals import InvalidRequest

COLUMNS = ("warehouse_code", "sku_id", "on_hand")

NumberedLine = tuple[int, CountLine]
"""A line and its number in the file, the heading being 1."""


def read_stock_list(text: str) -> tuple[Sequence[NumberedLine], Sequence[LineError]]:
    """The lines that can be used, and why each other line cannot. `InvalidRequest` if the heading is not the one we know.

    A SKU of a warehouse counts once: its first line is used, each later one is an error.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        heading = [name.strip() for name in rows.fieldnames or ()]
        if sorted(heading) != sorted(COLUMNS):
            raise InvalidRequest(
                f"The first line must name the columns {','.join(COLUMNS)}; it says {','.join(heading)!r}."
            )
        rows.fieldnames = heading
        return _read_lines(rows)
    except csv.Error as fault:
        raise InvalidRequest(
            f"Line {rows.line_num} is not CSV: {fault}. Save the list again as CSV (UTF-8)."
        ) from fault


def _read_lines(rows: "csv.DictReader[str]") -> tuple[Sequence[NumberedLine], Sequence[LineError]]:
    good: list[NumberedLine] = []
    bad: list[LineError] = []
    first_seen: dict[tuple[str, str], int] = {}
    for row in rows:
        number = rows.line_num
        try:
            line = CountLine.model_validate({name: (row[name] or "").strip() for name in COLUMNS})
        except ValidationError as fault:
            first = fault.errors()[0]
            bad.append(LineError(line=number, problem=f"{first['loc'][0]}: {first['msg']}"))
            continue
        earlier = first_seen.setdefault((line.warehouse_code, line.sku_id), number)
        if earlier == number:
            good.append((number, line))
        else:
            bad.append(LineError(line=number, problem=f"counts the same SKU of the same warehouse as line {earlier}"))
    return good, bad
