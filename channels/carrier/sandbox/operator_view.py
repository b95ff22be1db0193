"""The carriers' own view: are they alive, where is every parcel, what shall go wrong; and how a parcel is moved by hand."""

from pathlib import Path
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from channels.carrier.sandbox.depot import Depot
from channels.carrier.sandbox.faults import MEANINGS, Schedule
from channels.carrier.sandbox.label import draw_label
from channels.carrier.sandbox.wire import Code
from channels.sandbox.page import Pages
from channels.sandbox.refusal import SandboxRefusal
from models.shared import Frozen, Instant

_SHOWN = 100
_MOVES = tuple(code for code in get_args(Code) if code not in ("booked", "cancelled"))
_PAGES = Pages(Path(__file__).with_name("templates"))
_Words = Annotated[str, Field(max_length=200)]


class Move(Frozen):
    """Something that happens to a parcel: now, unless `at` says when."""

    code: Code
    at: Instant | None = None
    place: _Words = ""
    detail: _Words = ""


def operator_routes(depot: Depot) -> APIRouter:
    """Unsigned: the sandbox listens on loopback for tests and demos."""
    routes = APIRouter(tags=["operator"])

    @routes.get("/")
    async def index() -> Response:
        """The latest parcels with their histories and pushes, and a button for what may happen next."""
        store = depot.store
        rows = [
            {
                "parcel": parcel,
                "events": store.events_of(parcel.waybill),
                "pushes": store.callbacks.about(parcel.waybill),
            }
            for parcel in store.recent_parcels(_SHOWN)
        ]
        return _PAGES.show("index.html", rows=rows, moves=_MOVES, report=depot.fate.report(), shown=_SHOWN)

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Alive, and able to read the books."""
        depot.store.recent_parcels(1)
        return {"status": "ok"}

    @routes.get("/parcels/{waybill}/label")
    async def label(waybill: str) -> Response:
        """The label as a depot would print it."""
        try:
            return Response(draw_label(depot.store.parcel(waybill)), media_type="application/pdf")
        except KeyError:
            raise SandboxRefusal(404, "waybill_unknown", "There is no parcel under this waybill.") from None

    @routes.post("/parcels/{waybill}/moves")
    async def move(waybill: str, move: Move) -> dict[str, str]:
        """Let this happen to a parcel, also in the past; from then on it moves by hand only."""
        return {"status": depot.move(waybill, **move.model_dump()).status}

    @routes.post("/parcels/{waybill}/press")
    async def press(waybill: str, code: Annotated[Code, Form()]) -> Response:
        """The page's button."""
        depot.move(waybill, code)
        return RedirectResponse("/", 303)

    @routes.get("/faults")
    async def faults() -> dict[str, Any]:
        """The schedule, how often each rule hit, the latest hits, and every fault there is."""
        known = {fault: {"meaning": text, "default": value} for fault, (text, value) in MEANINGS.items()}
        return depot.fate.report() | {"known": known}

    @routes.post("/faults")
    async def set_faults(schedule: Schedule) -> dict[str, Any]:
        """Replace the schedule; an empty one ends all faults."""
        depot.fate.set_schedule(schedule, depot.clock())
        return depot.fate.report()

    return routes
