"""Catalogue files, CSV and JSON, read and written as streams: memory does not grow with the file."""

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Literal

from models.products.errors import ImportUnreadable
from models.products.lines import COLUMNS, REQUIRED, LineFault, NumberedLine, fault, format_pairs, read_line
from models.products.lines import ImportLine as Line

FileFormat = Literal["csv", "json"]
_MAX_LINE = 1_000_000
_CHUNK = 65_536
_NOT_UTF8 = "the text is not UTF-8; nothing after this place was read"
_SAVE_AS = 'Save the file as "CSV UTF-8" or convert it to UTF-8, then import it again.'
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")


def read_file(file: BinaryIO, file_format: FileFormat) -> Iterator[NumberedLine | LineFault]:
    """Every line of a file, or what is wrong with it. `ImportUnreadable` if the file as a whole is not of that format."""
    start = file.read(4)
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or b"\x00" in start:
        raise ImportUnreadable(f"The file is UTF-16, not UTF-8. {_SAVE_AS}")
    stream = io.BufferedReader(_Rejoined(start.removeprefix(codecs.BOM_UTF8), file), _CHUNK)
    return _read_csv(stream) if file_format == "csv" else _read_json(stream)


class _Rejoined(io.RawIOBase):
    """A stream with its first bytes put back."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        taken, self._start = self._start[: len(buffer)], self._start[len(buffer) :]
        taken = taken or self._rest.read(len(buffer))
        buffer[: len(taken)] = taken
        return len(taken)


def _read_csv(stream: BinaryIO) -> Iterator[NumberedLine | LineFault]:
    rows = csv.reader(_utf8_lines(stream))
    header = _header(rows)
    while True:
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield fault(rows.line_num, "", str(error), "Check the quotes around the cells of this line.")
            continue
        except UnicodeDecodeError:
            yield fault(rows.line_num + 1, "", _NOT_UTF8, _SAVE_AS)
            return
        if cells is None:
            return
        if not any(cells):
            continue
        if len(cells) != len(header):
            wrong = f"the line has {len(cells)} cells, the header {len(header)}"
            yield fault(rows.line_num, "", wrong, "Check commas and quotes; put text with commas in double quotes.")
            continue
        fields = {name: _unguarded(cell.strip()) for name, cell in zip(header, cells, strict=True) if cell.strip()}
        yield from read_line(rows.line_num, fields)


def _header(rows: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.strip() for name in next(rows, [])]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ImportUnreadable(f"The header line cannot be read. {_SAVE_AS}") from error
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing or unknown or len(set(header)) != len(header):
        raise ImportUnreadable(
            f"The first line must name the columns. Missing: {', '.join(missing) or 'none'}; unknown or twice:"
            f" {', '.join(name[:40] for name in unknown) or 'none'}. The columns are {', '.join(COLUMNS)}.",
            missing=missing,
            unknown=[name[:40] for name in unknown[:20]],
        )
    return header


def _utf8_lines(stream: BinaryIO) -> Iterator[str]:
    while line := stream.readline(_MAX_LINE):
        yield line.decode()


def _read_json(stream: BinaryIO) -> Iterator[NumberedLine | LineFault]:
    """An array of objects, or objects one after another (JSON Lines); `line` is where an object begins."""
    values = _json_values(stream)
    while True:
        try:
            number, value = next(values)
        except StopIteration:
            return
        except _Broken as broken:
            yield fault(broken.line, "", broken.wrong, broken.to_do)
            return
        if isinstance(value, dict):
            yield from read_line(number, {name: cell for name, cell in value.items() if cell is not None})
        else:
            yield fault(
                number, "", "not a JSON object", 'Write one object per SKU: {"merchant_code": …, "sku_code": …}.'
            )


class _Broken(Exception):
    def __init__(self, line: int, wrong: str, to_do: str) -> None:
        super().__init__(wrong)
        self.line, self.wrong, self.to_do = line, wrong, to_do


def _json_values(stream: BinaryIO) -> Iterator[tuple[int, Any]]:
    decode, to_text = json.JSONDecoder().raw_decode, codecs.getincrementaldecoder("utf-8")()
    text, line, at_end = "", 1, False
    while True:
        skipped = len(text) - len(text.lstrip(" \t\r\n,[]"))
        line, text = line + text.count("\n", 0, skipped), text[skipped:]
        position = 0
        while text:
            try:
                value, end = decode(text, position)
            except json.JSONDecodeError as error:
                if at_end or len(text) - position > _MAX_LINE:
                    raise _Broken(line, f"broken JSON: {error.msg}", "Check quotes and commas near here.") from error
                break
            yield line, value
            gap = end
            while gap < len(text) and text[gap] in " \t\r\n,[]":
                gap += 1
            line, position = line + text.count("\n", position, gap), gap
            if position == len(text):
                break
        if at_end:
            return
        chunk = stream.read(_CHUNK)
        at_end = not chunk
        try:
            text = text[position:] + to_text.decode(chunk, final=at_end)
        except UnicodeDecodeError as error:
            raise _Broken(line, _NOT_UTF8, _SAVE_AS) from error


def write_page(lines: Iterable[Line], file_format: FileFormat, *, first: bool) -> str:
    """A piece of a file that `read_file` reads back: CSV (the first piece carries the header) or JSON Lines.

    A CSV cell that a spreadsheet would take for a formula starts with an apostrophe (OWASP, CSV injection); reading takes it
    off again.
    """
    if file_format == "json":
        return "".join(json.dumps(line.model_dump(exclude_none=True), ensure_ascii=False) + "\n" for line in lines)
    out = io.StringIO()
    writer = csv.writer(out)
    if first:
        writer.writerow(COLUMNS)
    writer.writerows([_guarded(_cell(value)) for value in line.model_dump().values()] for line in lines)
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format_pairs(value) if isinstance(value, dict) else str(value)


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_STARTS) else cell
