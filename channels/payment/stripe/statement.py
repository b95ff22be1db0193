"""Stripe has no statement file: its balance transactions of a day are one. We keep them as Stripe answered them, one JSON object
a line, with the sessions of the same days (a charge does not name its session) and a last line that counts.

Payouts, disputes and fees of the account are no lines: they belong to no payment.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from channels.payment.contract import StatementKind, StatementLine
from channels.payment.errors import StatementCorrupt
from channels.payment.stripe.amounts import from_stripe
from models.shared import Money

_END = "statement_end"
_PAYMENTS = ("charge", "payment")
_REFUNDS = ("refund", "payment_refund")
_REFUNDS_UNDONE = ("refund_failure", "payment_failure_refund")


def pack(entries: Iterable[dict[str, Any]]) -> bytes:
    """The file's content."""
    lines = [json.dumps(entry, separators=(",", ":")) for entry in entries]
    lines.append(json.dumps({"object": _END, "lines": len(lines)}))
    return gzip.compress("\n".join(lines).encode() + b"\n", mtime=0)


def read_stripe_statement(path: Path) -> Iterator[StatementLine]:
    """The movements of the file, oldest last. Raises StatementCorrupt if it is not whole or a movement contradicts itself."""
    try:
        entries = [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
        end = entries.pop()
        if end != {"object": _END, "lines": len(entries)}:
            raise ValueError("its end is missing")
        sessions = {
            entry["payment_intent"]: entry["id"]
            for entry in entries
            if entry["object"] == "checkout.session" and entry.get("payment_intent")
        }
        for number, entry in enumerate(entries, 1):
            if entry["object"] == "balance_transaction":
                yield from _lines(number, entry, sessions)
    except (OSError, EOFError, zlib.error, IndexError, KeyError, TypeError, ValueError) as problem:
        raise StatementCorrupt(f"{path.name} cannot be read: {problem}") from problem


def _lines(number: int, entry: dict[str, Any], sessions: dict[str, str]) -> Iterator[StatementLine]:
    if entry["net"] != entry["amount"] - entry["fee"] or entry["fee"] != sum(
        fee["amount"] for fee in entry["fee_details"]
    ):
        raise ValueError(f"{entry['id']} does not add up")
    kind, source = entry["type"], entry["source"]
    if kind not in (*_PAYMENTS, *_REFUNDS, *_REFUNDS_UNDONE):
        return
    told = source["metadata"]
    intent = source.get("payment_intent") or source["id"]
    attempt = told.get("attempt_id", "")
    of = {
        "line": number,
        "channel_reference": told.get("session") or sessions.get(intent, ""),
        "occurred_at": datetime.fromtimestamp(entry["created"], UTC),
    }
    amount = from_stripe(source["amount"], source["currency"])
    if kind in _PAYMENTS:
        yield _line(StatementKind.PAYMENT, amount, intent, attempt, of)
    else:
        sign = -1 if kind in _REFUNDS else 1
        back = Money(minor=sign * amount.minor, currency=amount.currency)
        yield _line(StatementKind.REFUND, back, source["id"], told.get("refund_id", ""), of)
    if entry["fee"]:
        fee = from_stripe(entry["fee"], entry["currency"])
        yield _line(StatementKind.FEE, Money(minor=-fee.minor, currency=fee.currency), intent, attempt, of)


def _line(
    kind: StatementKind, amount: Money, transaction: str, merchant_id: str, of: dict[str, object]
) -> StatementLine:
    return StatementLine.model_validate(
        {"kind": kind, "amount": amount, "transaction_id": transaction, "merchant_id": merchant_id, **of}
    )
