"""A statement file is believed only when it adds up."""

import gzip
from pathlib import Path

import pytest

from channels.payment.errors import StatementCorrupt
from channels.payment.sandbox_statement import read_sandbox_statement

HEADER = "kind,occurred_at,transaction_id,reference,merchant_id,method,amount_minor,currency,lines\n"
PAYMENT = "payment,2026-11-01T10:00:00Z,txn_1,sbx_1,att_1,card,1000,CNY,\n"
FEE = "fee,2026-11-01T10:00:00Z,txn_1,sbx_1,att_1,card,-6,CNY,\n"
TOTALS = "totals,,,,,,994,CNY,2\n"


def statement(folder: Path, text: str) -> Path:
    """A statement file with that content."""
    file = folder / "statement.csv.gz"
    file.write_bytes(gzip.compress(text.encode()))
    return file


def test_lines_that_add_up_are_read(tmp_path: Path) -> None:
    lines = list(read_sandbox_statement(statement(tmp_path, HEADER + PAYMENT + FEE + TOTALS)))
    assert [(line.kind, line.amount.minor, line.merchant_id) for line in lines] == [
        ("payment", 1000, "att_1"),
        ("fee", -6, "att_1"),
    ]


def test_a_day_without_movements_has_a_totals_line_of_nothing(tmp_path: Path) -> None:
    assert list(read_sandbox_statement(statement(tmp_path, HEADER + "totals,,,,,,0,,0\n"))) == []


@pytest.mark.parametrize(
    "text",
    [
        HEADER + PAYMENT + TOTALS,
        HEADER + PAYMENT + FEE,
        HEADER + PAYMENT + FEE + TOTALS.replace("994", "995"),
        HEADER + PAYMENT + FEE + TOTALS.replace("CNY", "BRL"),
        HEADER + PAYMENT.replace("1000", "10.00") + FEE + TOTALS,
        HEADER + PAYMENT.replace("payment", "gift") + FEE + TOTALS,
        HEADER.replace("method,", "") + PAYMENT,
        "",
    ],
    ids=[
        "a line is missing",
        "no totals",
        "wrong sum",
        "wrong currency",
        "not minor units",
        "unknown kind",
        "columns",
        "empty",
    ],
)
def test_anything_else_is_corrupt(tmp_path: Path, text: str) -> None:
    with pytest.raises(StatementCorrupt):
        list(read_sandbox_statement(statement(tmp_path, text)))


def test_a_file_cut_in_half_is_corrupt(tmp_path: Path) -> None:
    file = statement(tmp_path, HEADER + PAYMENT + FEE + TOTALS)
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(StatementCorrupt):
        list(read_sandbox_statement(file))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEADER + PAYMENT + FEE.replace("-6", "six") + TOTALS, 3),
        (HEADER + PAYMENT + FEE + TOTALS.replace("994", "995"), 4),
        (HEADER + PAYMENT + "refund,too,short\n" + TOTALS, 3),
        (HEADER.replace("method", "means") + PAYMENT + FEE + TOTALS, 1),
        (HEADER + PAYMENT + "x" * 5_000, 3),
    ],
    ids=["not a number", "wrong sum", "a short line", "columns", "a line without end"],
)
def test_what_is_corrupt_names_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(StatementCorrupt) as told:
        list(read_sandbox_statement(statement(tmp_path, text)))
    assert told.value.line == line


def test_another_encoding_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "statement.csv.gz"
    lines = [HEADER.encode(), PAYMENT.encode(), PAYMENT.replace("card", "银行卡").encode("gbk"), TOTALS.encode()]
    file.write_bytes(gzip.compress(b"".join(lines)))
    with pytest.raises(StatementCorrupt, match="not UTF-8") as told:
        list(read_sandbox_statement(file))
    assert told.value.line == 3


def test_lines_know_where_they_stand(tmp_path: Path) -> None:
    lines = read_sandbox_statement(statement(tmp_path, HEADER + PAYMENT + FEE + TOTALS))
    assert [line.line for line in lines] == [2, 3]
