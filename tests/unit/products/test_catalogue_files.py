"""Catalogue files as streams."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.products.errors import ImportUnreadable
from models.products.files import read_file, write_page
from models.products.lines import ImportLine, LineFault, NumberedLine, format_pairs, parse_pairs

LINE: dict[str, Any] = {
    "merchant_code": "hansa",
    "spu_code": "tee",
    "sku_code": "tee-m",
    "title": "T恤",
    "category_code": "shirts",
    "weight_g": 180,
    "price": "59.90",
}
_TEXT = (
    st.text(st.characters(exclude_characters="\x00\r", exclude_categories=["Cs"]), min_size=1, max_size=20)
    .map(str.strip)
    .filter(bool)
)


def lines_of(content: str | bytes, file_format: Any = "json") -> list[NumberedLine | LineFault]:
    return list(read_file(io.BytesIO(content.encode() if isinstance(content, str) else content), file_format))


@pytest.mark.parametrize("indent", [None, 2])
def test_json_is_read_as_an_array_or_line_by_line(indent: int | None) -> None:
    several = [{**LINE, "sku_code": f"s{number}"} for number in range(300)]
    array = lines_of(json.dumps(several, indent=indent, ensure_ascii=False))
    one_by_one = lines_of("\n".join(json.dumps(one) for one in several))
    values = [one.value for one in array if isinstance(one, NumberedLine)]
    assert len(values) == 300
    assert values == [one.value for one in one_by_one if isinstance(one, NumberedLine)]
    assert [one.line for one in one_by_one] == list(range(1, 301))


def test_broken_json_is_reported_where_it_breaks_after_all_good_lines() -> None:
    *good, bad = lines_of("\n".join([json.dumps(LINE), json.dumps({**LINE, "sku_code": "b"}), '{"title": ,}']))
    assert all(isinstance(one, NumberedLine) for one in good)
    assert len(good) == 2
    assert isinstance(bad, LineFault)
    assert bad.line == 3


def test_a_json_value_that_is_no_object_and_every_wrong_field_are_reported() -> None:
    found = lines_of(f'"text"\n{json.dumps({**LINE, "weight_g": "heavy", "x": 1})}')
    assert [(one.line, one.column) for one in found if isinstance(one, LineFault)] == [
        (1, ""),
        (2, "weight_g"),
        (2, "x"),
    ]


def test_text_that_is_not_utf8_stops_the_reading_with_its_line() -> None:
    *_, last = lines_of(json.dumps(LINE).encode() + b"\n\xff\xff")
    assert isinstance(last, LineFault)
    assert "UTF-8" in last.wrong


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "'", "''x"])
def test_a_cell_that_a_spreadsheet_would_run_is_defused_and_reads_back(start: str) -> None:
    line = ImportLine.model_validate({**LINE, "title": start})
    text = write_page([line], "csv", first=True)
    assert f",{start}," not in text
    [back] = lines_of(text, "csv")
    assert isinstance(back, NumberedLine)
    assert back.value == line


@given(st.dictionaries(_TEXT, _TEXT, max_size=5))
def test_pairs_read_back_whatever_they_hold(pairs: dict[str, str]) -> None:
    assert parse_pairs(format_pairs(pairs)) == pairs


@given(title=_TEXT, description=_TEXT, options=st.dictionaries(_TEXT, _TEXT, max_size=3), first=st.booleans())
def test_an_exported_line_reads_back(title: str, description: str, options: dict[str, str], first: bool) -> None:
    line = ImportLine.model_validate({**LINE, "title": title, "description": description, "options": options})
    for file_format in ("csv", "json"):
        [back] = lines_of(write_page([line], file_format, first=True), file_format)  # type: ignore[arg-type]
        assert isinstance(back, NumberedLine), back
        assert back.value == line


def test_reading_takes_no_more_of_the_file_than_it_needs() -> None:
    class Endless(io.RawIOBase):
        served = 0

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1, /) -> bytes:
            self.served += size
            return (json.dumps(LINE) + "\n").encode().ljust(256) * (size // 256) or b" " * size

    source = Endless()
    stream: Iterator[Any] = read_file(source, "json")  # type: ignore[arg-type]
    for _ in range(1000):
        next(stream)
    assert source.served < 2_000_000


def test_a_header_named_twice_is_refused() -> None:
    with pytest.raises(ImportUnreadable):
        lines_of("title,title\n", "csv")
