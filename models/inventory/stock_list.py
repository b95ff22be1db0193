"""Stock lists as spreadsheets write them: CSV with the columns `warehouse_code,sku_id,on_hand`, in any order.

An exported list also has `reserved,safety,available,claimed,sells_ahead`, which an import passes over, so that it can be edited and sent back.
"""

import csv
import io
from collections.abc import Sequence

from pydantic import ValidationError

from models.inventory.types import CountLine, LineError, SellsAhead, StockLevel
from models.shared.refusals import InvalidRequest

COLUMNS = ("warehouse_code", "sku_id", "on_hand")
FIGURES = ("reserved", "safety", "available", "claimed")
SHOWN_ONLY = (*FIGURES, "sells_ahead")

NumberedLine = tuple[int, CountLine]
"""A line and its number in the file, the heading being 1."""


def read_stock_list(text: str) -> tuple[Sequence[NumberedLine], Sequence[LineError]]:
    """The lines that can be used, and why each other line cannot. `InvalidRequest` if the heading is not the one we know.

    A SKU of a warehouse counts once: its first line is used, each later one is an error.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        heading = [name.strip() for name in rows.fieldnames or ()]
        if sorted(set(heading) - set(SHOWN_ONLY)) != sorted(COLUMNS) or len(set(heading)) != len(heading):
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
        if None in row:
            bad.append(LineError(line=number, problem="has more fields than the heading"))
            continue
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


def write_stock_list(levels: Sequence[tuple[str, StockLevel, SellsAhead]], *, heading: bool) -> str:
    """Lines of a list that `read_stock_list` reads: each level with the code of its warehouse and how it sells ahead."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    if heading:
        rows.writerow((*COLUMNS, *SHOWN_ONLY))
    rows.writerows(
        (code, level.sku_id, level.on_hand, *(getattr(level, name) for name in FIGURES), policy.value)
        for code, level, policy in levels
    )
    return text.getvalue()
