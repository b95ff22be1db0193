"""Reads Alipay's daily business bill (bill_type `trade`): a zip of GBK CSV files, the movements in the one named 业务明细."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from channels.payment.beijing import beijing_moment
from channels.payment.contract import StatementKind, StatementLine
from channels.payment.errors import StatementCorrupt
from channels.payment.units import from_decimal_text
from models.shared import Money

_DETAILS = re.compile(r"业务明细\.csv$")
_TOTAL = re.compile(r"#(交易|退款)合计：(\d+)笔，商家实收(?:退款)?共(-?[\d.]+)元")
_KINDS = {"交易": StatementKind.PAYMENT, "退款": StatementKind.REFUND}
_NO, _OURS, _KIND, _DONE = "支付宝交易号", "商户订单号", "业务类型", "完成时间"
_AMOUNT, _RECEIVED, _REQUEST, _FEE = "订单金额（元）", "商家实收（元）", "退款批次号/请求号", "服务费（元）"


def read_alipay_statement(path: Path) -> Iterator[StatementLine]:
    """The movements of the file, in its order. Raises StatementCorrupt if it cannot be read or its totals disagree; that
    shows after the last line, so take all lines before acting on one."""
    counts, sums = dict.fromkeys(_KINDS, 0), dict.fromkeys(_KINDS, Decimal(0))
    try:
        text = _details(path)
        for number, row in enumerate(_rows(text), 1):
            counts[row[_KIND]] += 1
            sums[row[_KIND]] += Decimal(row[_RECEIVED])
            yield from _lines(number, row)
        told = {kind: (int(count), abs(Decimal(amount))) for kind, count, amount in _TOTAL.findall(text)}
    except (
        OSError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
        csv.Error,
        ArithmeticError,
        KeyError,
        ValueError,
    ) as problem:
        raise StatementCorrupt(f"{path.name} cannot be read: {problem}") from problem
    found = {kind: (counts[kind], abs(sums[kind])) for kind in _KINDS}
    if found != told:
        raise StatementCorrupt(f"{path.name}: the lines add up to {found}, its totals say {told}")


def _details(path: Path) -> str:
    with zipfile.ZipFile(path, metadata_encoding="gbk") as bundle:
        [name] = [name for name in bundle.namelist() if _DETAILS.search(name)]
        return bundle.read(name).decode("gb18030")


def _rows(text: str) -> Iterator[dict[str, str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not text.rstrip().splitlines()[-1].startswith("#"):
        raise ValueError("its end is missing")
    for row in csv.DictReader(io.StringIO("\n".join(lines))):
        yield {str(name).strip(): (value or "").strip() for name, value in row.items()}


def _lines(number: int, row: dict[str, str]) -> Iterator[StatementLine]:
    kind, amount, fee = _KINDS[row[_KIND]], from_decimal_text(row[_AMOUNT], "CNY"), from_decimal_text(row[_FEE], "CNY")
    when = beijing_moment(row[_DONE])
    shared = {"line": number, "channel_reference": row[_OURS], "occurred_at": when}
    if kind is StatementKind.REFUND:
        amount = Money(minor=-abs(amount.minor), currency="CNY")
        which = {"transaction_id": row[_REQUEST], "merchant_id": row[_REQUEST]}
    else:
        which = {"transaction_id": row[_NO], "merchant_id": row[_OURS]}
    yield StatementLine.model_validate({"kind": kind, "amount": amount, **which, **shared})
    if fee.minor:
        of = {"transaction_id": row[_NO], "merchant_id": row[_OURS]}
        yield StatementLine.model_validate({"kind": StatementKind.FEE, "amount": fee, **of, **shared})
