"""Stripe's API as far as Checkout goes: keys, idempotency, sessions, refunds, balance transactions, signed events."""

import hashlib
import hmac
import json
import secrets
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.simulators.serving import Answer, Asked, Provider


class StripeSimulator(Provider):
    """One Stripe account with one webhook endpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.secret_key, self.webhook_secret = (
            "sk_test_of_the_simulator_0123456789",
            "whsec_of_the_simulator_0123456789",
        )
        self.endpoint = ""
        """Where events go; Stripe has one address for all."""
        self.sessions: dict[str, dict[str, Any]] = {}
        self.intents: dict[str, dict[str, Any]] = {}
        self.refunds: list[dict[str, Any]] = []
        self.balance: list[dict[str, Any]] = []
        self.refund_ends_as = "succeeded"
        self.page = 100
        self._keys: dict[str, tuple[str, Answer]] = {}

    def forget(self) -> None:
        super().forget()
        self.refund_ends_as, self.page = "succeeded", 100

    def forget_keys(self) -> None:
        """A day passes."""
        self._keys.clear()

    # ---- the buyer ---------------------------------------------------------------------------------------------------

    def pay(self, reference: str) -> None:
        """The buyer pays, even a session that is just being expired."""
        session, now = self.sessions[reference], int(self.moment().timestamp())
        intent_id = f"pi_{secrets.token_hex(12)}"
        metadata = {"attempt_id": session["payment_intent_metadata"]}
        charge = {
            "id": f"ch_{secrets.token_hex(12)}",
            "object": "charge",
            "amount": session["amount_total"],
            "created": now,
        }
        charge |= {"currency": session["currency"], "metadata": metadata, "payment_intent": intent_id}
        self.intents[intent_id] = {
            "id": intent_id,
            "object": "payment_intent",
            "status": "succeeded",
            "latest_charge": charge,
        }
        session |= {"status": "complete", "payment_status": "paid", "payment_intent": intent_id, "url": None}
        self._book("charge", charge, session["amount_total"], (session["amount_total"] * 290 + 5000) // 10000 + 30)
        self.send_event("checkout.session.completed", session)

    # ---- the API -----------------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {self.secret_key}":
            return self._no(401, "invalid_request_error", None, "Invalid API Key provided")
        assert asked.headers["stripe-version"] == "2025-07-30.basil"
        query = urlsplit(asked.target).query
        fields = dict(parse_qsl(asked.body.decode() if asked.method == "POST" else query, keep_blank_values=True))
        key = asked.headers.get("idempotency-key")
        if key is None:
            return self._business(asked.method, asked.path.split("/")[2:], fields)
        before = self._keys.get(key)
        if before is not None and before[0] != asked.body.decode():
            return self._no(400, "idempotency_error", None, "Keys can only be used with the same parameters")
        answer = before[1] if before else self._business(asked.method, asked.path.split("/")[2:], fields)
        self._keys[key] = (asked.body.decode(), answer)
        return answer

    def _business(self, method: str, path: list[str], fields: dict[str, str]) -> Answer:
        match method, path:
            case "POST", ["checkout", "sessions"]:
                return self._create(fields)
            case "GET", ["checkout", "sessions"]:
                return self._list(list(self.sessions.values()), fields)
            case _, ["checkout", "sessions", number, *rest]:
                session = self.sessions.get(number)
                if session is None:
                    return self._no(404, "invalid_request_error", "resource_missing", "No such checkout.session")
                if rest == ["expire"] and session["status"] != "open":
                    return self._no(
                        400, "invalid_request_error", None, "Only Checkout Sessions with a status in [open]"
                    )
                if rest == ["expire"]:
                    session |= {"status": "expired", "url": None}
                    self.send_event("checkout.session.expired", session)
                return self._whole(session, fields)
            case "POST", ["refunds"]:
                return self._refund(fields)
            case "GET", ["refunds"]:
                found = [refund for refund in self.refunds if refund["payment_intent"] == fields["payment_intent"]]
                return self._list(found, fields)
            case "GET", ["balance_transactions"]:
                assert fields["expand[]"] == "data.source"
                return self._list(self.balance, fields)
        raise AssertionError(f"there is no {method} {path}")

    def _create(self, fields: dict[str, str]) -> Answer:
        lives = int(fields["expires_at"]) - self.moment().timestamp()
        if not 30 * 60 <= lives <= 24 * 3600:
            return self._no(
                400, "invalid_request_error", "parameter_invalid_integer", "expires_at must be 30 min to 24 h"
            )
        assert fields["payment_method_types[0]"] == "card"
        number = f"cs_test_{secrets.token_hex(16)}"
        self.sessions[number] = {
            "id": number,
            "object": "checkout.session",
            "created": int(self.moment().timestamp()),
            "status": "open",
            "payment_status": "unpaid",
            "amount_total": int(fields["line_items[0][price_data][unit_amount]"]),
            "currency": fields["line_items[0][price_data][currency]"],
            "client_reference_id": fields["client_reference_id"],
            "metadata": {"attempt_id": fields["metadata[attempt_id]"]},
            "payment_intent": None,
            "payment_intent_metadata": fields["payment_intent_data[metadata][attempt_id]"],
            "url": f"https://checkout.stripe.com/c/pay/{number}",
        }
        return self._whole(self.sessions[number], fields)

    def _whole(self, session: dict[str, Any], fields: dict[str, str]) -> Answer:
        assert fields["expand[]"] == "payment_intent.latest_charge"
        intent = self.intents.get(session["payment_intent"] or "")
        return Answer(body=json.dumps({**session, "payment_intent": intent}).encode())

    def _refund(self, fields: dict[str, str]) -> Answer:
        intent, amount = self.intents[fields["payment_intent"]], int(fields["amount"])
        before = sum(refund["amount"] for refund in self.refunds if refund["payment_intent"] == intent["id"])
        if before + amount > intent["latest_charge"]["amount"]:
            return self._no(400, "invalid_request_error", None, "Refund amount is greater than unrefunded amount")
        metadata = {name[9:-1]: value for name, value in fields.items() if name.startswith("metadata[")}
        refund = {
            "id": f"re_{secrets.token_hex(12)}",
            "object": "refund",
            "amount": amount,
            "currency": intent["latest_charge"]["currency"],
            "status": "pending",
            "created": int(self.moment().timestamp()),
            "payment_intent": intent["id"],
            "metadata": metadata,
        }
        self.refunds.insert(0, refund)
        accepted = Answer(body=json.dumps(refund).encode())
        refund["status"] = self.refund_ends_as
        if self.refund_ends_as == "failed":
            refund["failure_reason"] = "expired_or_canceled_card"
        self._book("refund", refund, -amount, 0)
        self.send_event("refund.updated", refund)
        return accepted

    def _list(self, entries: list[dict[str, Any]], fields: dict[str, str]) -> Answer:
        start, end = int(fields.get("created[gte]", 0)), int(fields.get("created[lt]", 10**12))
        found = [entry for entry in entries if start <= entry["created"] < end]
        after = fields.get("starting_after")
        if after:
            found = found[[entry["id"] for entry in found].index(after) + 1 :]
        size = min(int(fields["limit"]), self.page)
        page = {"object": "list", "data": found[:size], "has_more": len(found) > size, "url": "/v1/…"}
        return Answer(body=json.dumps(page).encode())

    def _book(self, kind: str, source: dict[str, Any], amount: int, fee: int) -> None:
        self.balance.insert(
            0,
            {
                "id": f"txn_{secrets.token_hex(12)}",
                "object": "balance_transaction",
                "type": kind,
                "amount": amount,
                "fee": fee,
                "fee_details": [{"amount": fee, "type": "stripe_fee"}] if fee else [],
                "net": amount - fee,
                "currency": source["currency"],
                "created": int(self.moment().timestamp()),
                "source": source,
            },
        )

    @staticmethod
    def _no(status: int, kind: str, code: str | None, message: str) -> Answer:
        error = {"type": kind, "code": code, "message": message}
        return Answer(status, json.dumps({"error": error}).encode())

    # ---- events ------------------------------------------------------------------------------------------------------

    def signed(self, body: bytes, *, secret: str | None = None, at: datetime | None = None) -> dict[str, str]:
        """The signature header of a body, as Stripe writes it, or with another secret or time."""
        stamp = int((at or self.moment()).timestamp())
        mac = hmac.new(
            (secret or self.webhook_secret).encode(), f"{stamp}.".encode() + body, hashlib.sha256
        ).hexdigest()
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": f"t={stamp},v1={mac},v0={'0' * 64}",
        }

    def event(self, kind: str, told: dict[str, Any]) -> bytes:
        """An event's body."""
        event = {"id": f"evt_{secrets.token_hex(12)}", "object": "event", "type": kind, "data": {"object": told}}
        event |= {"created": int(self.moment().timestamp()), "livemode": False, "api_version": "2025-07-30.basil"}
        return json.dumps(event, indent=2).encode()

    def send_event(self, kind: str, told: dict[str, Any]) -> None:
        """Tell the endpoint."""
        body = self.event(kind, dict(told))
        self.tell_soon(self.endpoint, self.signed(body), body)
