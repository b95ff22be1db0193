"""Reads WeChat Pay's daily trade bill (bill_type ALL): gzipped CSV in UTF-8, yuan, every cell after a backtick, a section of
details and one of totals."""

import csv
import gzip
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from channels.payment.beijing import beijing_moment
from channels.payment.contract import StatementKind, StatementLine
from channels.payment.errors import StatementCorrupt
from channels.payment.units import from_decimal_text
from models.shared import Money

_WHEN, _NO, _OURS, _TYPE, _STATE = "交易时间", "微信订单号", "商户订单号", "交易类型", "交易状态"
_CURRENCY, _FEE, _AMOUNT = "货币种类", "手续费", "订单金额"
_REFUND_NO, _REFUND_OURS, _BACK = "微信退款单号", "商户退款单号", "申请退款金额"
_TOTALS = {"总交易单数": "lines", "订单总金额": _AMOUNT, "申请退款总金额": _BACK, "手续费总金额": _FEE}


def read_wechat_pay_statement(path: Path, trade_type: str) -> Iterator[StatementLine]:
    """The movements of one trade type (`NATIVE`, `MWEB`, `JSAPI`), in the file's order. The totals are over all of them.
    Raises StatementCorrupt if the file cannot be read or its totals disagree; that shows after the last line, so take all
    lines before acting on one."""
    sums: dict[str, Decimal] = dict.fromkeys(_TOTALS.values(), Decimal(0))
    told: dict[str, Decimal] | None = None
    try:
        for number, row in enumerate(_rows(path), 1):
            if _OURS not in row:
                told = {name: Decimal(row[column]) for column, name in _TOTALS.items()}
                continue
            sums["lines"] += 1
            for column in (_AMOUNT, _BACK, _FEE):
                sums[column] += Decimal(row[column])
            if row[_TYPE] == trade_type:
                yield from _lines(number, row)
    except (OSError, EOFError, zlib.error, csv.Error, ArithmeticError, KeyError, ValueError) as problem:
        raise StatementCorrupt(f"{path.name} cannot be read: {problem}") from problem
    if told != sums:
        raise StatementCorrupt(f"{path.name}: the lines add up to {_plain(sums)}, its totals say {_plain(told or {})}")


def _plain(sums: dict[str, Decimal]) -> dict[str, str]:
    return {name: str(amount) for name, amount in sums.items()}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    header: list[str] = []
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as text:
        for cells in csv.reader(text):
            if cells and cells[0].startswith("`"):
                values = [cell.removeprefix("`").strip() for cell in cells]
                yield dict(zip(header, values, strict=True))
            elif any(cells):
                header = [cell.strip() for cell in cells]


def _lines(number: int, row: dict[str, str]) -> Iterator[StatementLine]:
    currency, fee = row[_CURRENCY], from_decimal_text(row[_FEE], row[_CURRENCY])
    of = {"line": number, "channel_reference": row[_OURS], "occurred_at": beijing_moment(row[_WHEN])}
    payment = {"transaction_id": row[_NO], "merchant_id": row[_OURS]}
    if row[_STATE] == "REFUND":
        back = from_decimal_text(row[_BACK], currency)
        refund = {"transaction_id": row[_REFUND_NO], "merchant_id": row[_REFUND_OURS]}
        yield _line(StatementKind.REFUND, Money(minor=-back.minor, currency=currency), of | refund)
    elif row[_STATE] == "SUCCESS":
        yield _line(StatementKind.PAYMENT, from_decimal_text(row[_AMOUNT], currency), of | payment)
    else:
        raise ValueError(f"a trade in the state {row[_STATE]!r}, which these trade types do not have")
    if fee.minor:  # what WeChat keeps is positive there; what it gives back with a refund is negative
        yield _line(StatementKind.FEE, Money(minor=-fee.minor, currency=currency), of | payment)


def _line(kind: StatementKind, amount: Money, facts: dict[str, object]) -> StatementLine:
    return StatementLine.model_validate({"kind": kind, "amount": amount, **facts})
