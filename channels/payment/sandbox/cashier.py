"""The buyer's side: the page where a person pays, and the same for programs. Knowing the reference is the right to pay."""

from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import Field

from channels.payment.sandbox.faults import FaultRule
from channels.payment.sandbox.pages import PAGES
from channels.payment.sandbox.provider import Provider
from channels.payment.sandbox.texts import BUTTONS, TEXTS, Language, money_text
from channels.payment.sandbox.types import Payment
from channels.sandbox.refusal import SandboxRefusal
from models.shared import Frozen

_TOLD_BY_THE_PAGE = {"payment_unknown", "payment_closed"}


class BuyerAnswer(Frozen):
    """What a program that pays gets back; the page polls the same."""

    status: str
    return_to: str


class PayBody(Frozen):
    """What a program may ask to go wrong with this payment, as rule texts (see `faults.py`)."""

    faults: Annotated[str, Field(max_length=300)] = ""


def return_to(payment: Payment) -> str:
    """The shop's address for the buyer's browser, with what the browser saw. It proves nothing to the shop."""
    result = payment.closed_because or "closed" if payment.status == "closed" else payment.status
    parts = urlsplit(payment.return_url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("attempt", payment.attempt), ("result", result)]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _asked(text: str) -> list[FaultRule]:
    try:
        return FaultRule.read(text)
    except ValueError as problem:
        raise SandboxRefusal(422, "faults_invalid", str(problem)) from problem


def _press(provider: Provider, reference: str, button: str) -> None:
    if button not in ("pay", "decline", *BUTTONS):
        raise SandboxRefusal(422, "action_unknown", "There is no such button.")
    try:
        if button == "decline":
            provider.decline(reference)
        else:
            provider.pay(reference, [] if button == "pay" else FaultRule.read(button))
    except SandboxRefusal as refusal:
        if refusal.code not in _TOLD_BY_THE_PAGE:
            raise


def _cashier_page(payment: Payment, language: Language, now: datetime) -> Response:
    texts = TEXTS[language]
    return PAGES.show(
        "cashier.html",
        payment=payment,
        texts=texts,
        language=language,
        amount=money_text(payment.amount.minor, payment.amount.currency),
        method=texts[payment.method],
        instalments=payment.metadata.get("instalments", ""),
        seconds_left=max(0, int((payment.expires_at - now).total_seconds())),
        faults=BUTTONS,
        return_to=return_to(payment),
    )


def _missing_page(language: Language) -> Response:
    return PAGES.show("missing.html", 404, texts=TEXTS[language], language=language)


def cashier_routes(provider: Provider) -> APIRouter:
    """Routes under /cashier. Unsigned, as a buyer's browser has no secret; the reference cannot be guessed."""
    routes = APIRouter(prefix="/cashier", tags=["buyer"])

    @routes.get("/{reference}")
    async def show(reference: str, lang: Annotated[Language | None, Query()] = None) -> Response:
        """The cashier page."""
        try:
            payment = provider.payment(reference)
        except SandboxRefusal:
            return _missing_page(lang or "en")
        return _cashier_page(payment, lang or payment.language, provider.clock())

    @routes.get("/{reference}/status")
    async def status(reference: str) -> BuyerAnswer:
        """How it stands and where to go afterwards; the page asks every two seconds."""
        payment = provider.payment(reference)
        return BuyerAnswer(status=payment.status, return_to=return_to(payment))

    @routes.post("/{reference}/act")
    async def act(
        reference: str, action: Annotated[str, Form(max_length=40)], lang: Annotated[Language, Form()] = "en"
    ) -> Response:
        """A button of the page was pressed: `pay`, `decline`, or one of the faults."""
        _press(provider, reference, action)
        return RedirectResponse(f"/cashier/{reference}?lang={lang}", 303)

    @routes.post("/{reference}/pay")
    async def pay(reference: str, request: Request, body: PayBody | None = None) -> Response:
        """Pay, as a program; `?then=return` answers with a redirect to the shop, like a browser would be sent."""
        paid = provider.pay(reference, _asked(body.faults) if body else [])
        if request.query_params.get("then") == "return":
            return RedirectResponse(return_to(paid), 303)
        return JSONResponse({"status": paid.status, "return_to": return_to(paid)})

    @routes.post("/{reference}/decline")
    async def decline(reference: str) -> BuyerAnswer:
        """Decline, as a program."""
        payment = provider.decline(reference)
        return BuyerAnswer(status=payment.status, return_to=return_to(payment))

    return routes
