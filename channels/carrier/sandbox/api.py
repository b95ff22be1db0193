"""The merchant's side: signed JSON over HTTP. The gate has checked the signature before anything here runs."""

from fastapi import APIRouter, Response

from channels.carrier.sandbox.depot import Depot
from channels.carrier.sandbox.label import draw_label
from channels.carrier.sandbox.pushes import body_of
from channels.carrier.sandbox.types import Parcel
from channels.carrier.sandbox.wire import BookBody, CancelBody, Company, WaybillAnswer


def merchant_routes(depot: Depot) -> APIRouter:
    """Routes under /v1."""
    routes = APIRouter(prefix="/v1/{company}", tags=["merchant"])

    def answer(parcel: Parcel) -> WaybillAnswer:
        events = tuple(body_of(parcel, event) for event in depot.store.events_of(parcel.waybill))
        told = parcel.model_dump(include={"waybill", "reference", "kind", "status", "estimated_at", "pickup_at"})
        return WaybillAnswer(events=events, **told)

    @routes.post("/waybills")
    async def book(company: Company, body: BookBody) -> WaybillAnswer:
        """Take a parcel on; idempotent by reference, and a redirection when the recipient is another."""
        return answer(depot.book(company, body))

    @routes.post("/cancellations")
    async def cancel(company: Company, body: CancelBody) -> dict[str, str]:
        """The parcel will not be handed over; refused once it was picked up."""
        depot.cancel(company, body.reference)
        return {"status": "cancelled"}

    @routes.get("/waybills/{waybill}")
    async def query(company: Company, waybill: str) -> WaybillAnswer:
        """Where a parcel is, with everything that happened to it."""
        return answer(depot.find(company, waybill))

    @routes.get("/waybills/{waybill}/label")
    async def label(company: Company, waybill: str) -> Response:
        """The label, 100 × 150 mm."""
        return Response(draw_label(depot.find(company, waybill)), media_type="application/pdf")

    return routes
