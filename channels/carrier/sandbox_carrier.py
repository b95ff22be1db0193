"""One company of the sandbox as a carrier."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from channels import sandbox_signing as signing
from channels.carrier.contract import TrackingPush, Waybill
from channels.carrier.errors import (
    CarrierRefused,
    CarrierUnavailable,
    TrackingForged,
    TrackingMalformed,
    TrackingStale,
)
from channels.carrier.sandbox import wire
from models.fulfillment.messages import TrackingReport
from models.fulfillment.rules import booking_reference, reported
from models.fulfillment.types import Depot, ParcelToFetch, ParcelToSend, TrackingEvent, TrackingState
from models.orders.types import DeliveryAddress
from models.shared.time import Clock

_STATE: dict[wire.Code, TrackingState] = {
    "booked": TrackingState.BOOKED,
    "cancelled": TrackingState.CANCELLED,
    "picked_up": TrackingState.COLLECTED,
    "in_transit": TrackingState.IN_TRANSIT,
    "out_for_delivery": TrackingState.OUT_FOR_DELIVERY,
    "delivered": TrackingState.DELIVERED,
    "signed": TrackingState.SIGNED,
    "address_problem": TrackingState.ADDRESS_PROBLEM,
    "refused": TrackingState.REFUSED,
    "lost": TrackingState.LOST,
    "damaged": TrackingState.DAMAGED,
    "going_back": TrackingState.GOING_BACK,
    "brought_back": TrackingState.BROUGHT_BACK,
}
_TIMEOUT = httpx.Timeout(8.0, connect=2.0)
_NOBODY_KNOWS = {401, 408, 425, 429}
"""Refusals that say nothing about the parcel: try again, or look at clock and secret."""
_Answer = TypeVar("_Answer", bound=BaseModel)
_Verb = Literal["GET", "POST"]


class SandboxCarrier:
    """One company of the sandbox. `client` is shared and closed by whoever built it; reports are sent to `shop_url`."""

    def __init__(
        self, company: wire.Company, url: str, secret: str, client: httpx.AsyncClient, clock: Clock, *, shop_url: str
    ) -> None:
        self._company = company
        self._url = url.rstrip("/")
        self._secret = secret
        self._client = client
        self._clock = clock
        self._notify_url = f"{shop_url.rstrip('/')}/v1/carriers/{company}/tracking"

    @property
    def name(self) -> str:
        """The company's own."""
        return self._company

    async def book_waybill(self, parcel: ParcelToSend) -> Waybill:
        """See Carrier."""
        packed = parcel.shipment.items if parcel.shipment.picked is None else parcel.shipment.picked
        body = wire.BookBody(
            reference=booking_reference(parcel.shipment),
            sender=_house(parcel.depot),
            recipient=_person(parcel.address),
            weight_g=parcel.weight_g,
            pieces=max(1, sum(item.quantity for item in packed)),
            notify_url=self._notify_url,
        )
        return _waybill(await self._ask("POST", "/waybills", wire.WaybillAnswer, body))

    async def book_return(self, parcel: ParcelToFetch) -> Waybill:
        """See Carrier."""
        body = wire.BookBody(
            reference=parcel.reference,
            kind="return",
            sender=_person(parcel.address),
            recipient=_house(parcel.depot),
            weight_g=parcel.weight_g,
            pieces=parcel.pieces,
            notify_url=self._notify_url,
        )
        return _waybill(await self._ask("POST", "/waybills", wire.WaybillAnswer, body))

    async def cancel(self, reference: str) -> None:
        """See Carrier."""
        await self._send("POST", "/cancellations", wire.CancelBody(reference=reference).model_dump_json().encode())

    async def label(self, waybill: str) -> bytes:
        """See Carrier."""
        return (await self._send("GET", f"/waybills/{quote(waybill, safe='')}/label", b"")).content

    async def tracking(self, waybill: str) -> Sequence[TrackingReport]:
        """See Carrier."""
        try:
            answer = await self._ask("GET", f"/waybills/{quote(waybill, safe='')}", wire.WaybillAnswer)
        except CarrierRefused as refusal:
            if refusal.fields.get("reason") != "waybill_unknown":
                raise CarrierUnavailable(f"{self._company} answers nothing about {waybill}: {refusal}") from refusal
            return ()
        return tuple(_report(event) for event in answer.events)

    def parse_push(self, headers: Mapping[str, str], raw_body: bytes, now: datetime) -> TrackingPush:
        """See Carrier. The signature is checked before the timestamp, and both before the body is parsed."""
        lower = {name.lower(): value for name, value in headers.items()}
        signature = signing.read_callback_header(lower.get(signing.CALLBACK_HEADER.lower(), ""))
        if signature is None:
            raise TrackingMalformed(
                f"There is no readable {signing.CALLBACK_HEADER} header; only the carrier may call this."
            )
        if not signing.callback_is_genuine(self._secret, signature, raw_body):
            raise TrackingForged("The signature does not fit the body; the carrier's secret may have changed.")
        if abs(now.timestamp() - signature.timestamp) > signing.TOLERANCE_SECONDS:
            raise TrackingStale("It was signed more than 300 s away from now; send it again, signed afresh.")
        try:
            event = wire.EventBody.model_validate_json(raw_body)
        except ValidationError as problem:
            raise TrackingMalformed(
                f"The body is not an event of the sandbox: {problem.errors()[0]['msg']}."
            ) from problem
        if event.company != self._company:
            raise TrackingMalformed(f"The event is {event.company}'s, sent to {self._company}'s address.")
        return TrackingPush(waybill=event.waybill, report=_report(event))

    async def _ask(self, verb: _Verb, path: str, answer: type[_Answer], body: BaseModel | None = None) -> _Answer:
        response = await self._send(verb, path, b"" if body is None else body.model_dump_json().encode())
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as problem:
            raise CarrierUnavailable(f"{self._company} answered {verb} {path} with something unreadable") from problem

    async def _send(self, verb: _Verb, path: str, raw: bytes) -> httpx.Response:
        full = f"/v1/{self._company}{path}"
        stamp, nonce = str(int(self._clock().timestamp())), secrets.token_hex(16)
        headers = {
            "Content-Type": "application/json",
            signing.TIMESTAMP_HEADER: stamp,
            signing.NONCE_HEADER: nonce,
            signing.REQUEST_SIGNATURE_HEADER: signing.sign_request(self._secret, stamp, nonce, verb, full, raw),
        }
        try:
            response = await self._client.request(
                verb, self._url + full, content=raw, headers=headers, timeout=_TIMEOUT, follow_redirects=False
            )
        except httpx.HTTPError as problem:
            name = type(problem).__name__
            raise CarrierUnavailable(f"no answer from {self._company} to {verb} {path} ({name})") from problem
        if response.status_code == 200:
            return response
        raise self._no(response, f"{verb} {path}")

    def _no(self, response: httpx.Response, call: str) -> CarrierRefused | CarrierUnavailable:
        try:
            error = wire.ErrorAnswer.model_validate_json(response.content)
        except ValidationError:
            return CarrierUnavailable(f"{self._company} answered {call} with {response.status_code} and no reason")
        if response.status_code >= 500 or response.status_code in _NOBODY_KNOWS:
            return CarrierUnavailable(f"{self._company} answered {call} with {response.status_code} {error.code}")
        return CarrierRefused(f"{self._company} says: {error.message}", carrier=self._company, reason=error.code)


def _person(address: DeliveryAddress) -> wire.Party:
    fields = address.model_dump(exclude={"recipient"})
    return wire.Party(name=address.recipient, **fields)


def _house(depot: Depot) -> wire.Party:
    return wire.Party(**depot.model_dump())


def _waybill(answer: wire.WaybillAnswer) -> Waybill:
    return Waybill(number=answer.waybill, estimated_at=answer.estimated_at, pickup_at=answer.pickup_at)


def _report(event: wire.EventBody) -> TrackingReport:
    state = _STATE[event.code]
    told = TrackingEvent(event_id=event.event_id, status=state, place=event.place, at=event.at, detail=event.detail)
    return reported(state, told, event.estimated_at)
