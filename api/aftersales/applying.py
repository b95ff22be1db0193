"""After-sales as buyers meet them."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.aftersales.asking import applied, asked
from api.aftersales.schemas import (
    AftersaleRequest,
    AftersaleStepView,
    AppealRequest,
    ChoiceRequest,
    ReturnRequest,
    ReturnView,
)
from api.aftersales.seeing import coming_back, visible_case, works_with_cases
from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import CurrentUser
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.refusals import ServiceBusy
from api.edge.wired import Wired
from channels.carrier.errors import CarrierRefused, CarrierUnknown
from models.aftersales.errors import (
    AftersaleNotOpen,
    AftersaleNotWaiting,
    AftersaleWindowOver,
    AppealUsedUp,
    ClaimExceedsLeft,
    EvidenceUnknown,
    ReturnWaybillTaken,
)
from models.aftersales.messages import Appeal, Application, Choose, PickUp, SendBack, Withdraw
from models.aftersales.types import AftersaleCase, Claimable, ReturnWaybill
from models.fulfillment.errors import ReturnUnderWay
from models.shared.ids import AftersaleId, OrderId
from models.shared.refusals import InvalidRequest, NotFound
from models.users.errors import NotAuthenticated
from workflows.aftersale import Aftersale

bare = idempotent_router(tags=["aftersales"])
bare_reads = APIRouter(tags=["aftersales"])
"""As R19 writes them; under /v1, too."""
changing = idempotent_router(prefix="/v1/aftersales", tags=["aftersales"])
reading = APIRouter(prefix="/v1", tags=["aftersales"])

_ONE = (NotAuthenticated, NotFound)
_STEP = (*_ONE, AftersaleNotWaiting, ServiceBusy)


@bare.post(
    "/aftersales",
    status_code=201,
    summary="Apply for an after-sale",
    responses=refusals(*_ONE, AftersaleNotOpen, AftersaleWindowOver, ClaimExceedsLeft, EvidenceUnknown, ServiceBusy),
)
async def apply(ask: AftersaleRequest, who: CurrentUser, errand: Once, shop: Wired) -> AftersaleCase:
    """For units that arrived: money without a return, money for a return, or an exchange. The units are this case's at once;
    some cases are approved by rule, the others wait for an operator."""
    await shop.orders.order_of(ask.order_id, who.user_id)  # another's order is not worth a process
    application = Application(
        **dict(ask),
        aftersale_id=AftersaleId.derive(errand.first_seen_at, errand.caller, errand.key),
        user_id=who.user_id,
        at=errand.first_seen_at,
    )
    return await applied(shop, application)


@bare_reads.get("/aftersales/{aftersale_id}", summary="An after-sale", responses=refusals(*_ONE))
async def show_case(aftersale_id: AftersaleId, who: CurrentUser, shop: Wired) -> AftersaleCase:
    """A case of your own; operators of service and of the warehouse see any."""
    return await visible_case(shop, aftersale_id, who)


@reading.get("/aftersales", summary="Your after-sales", responses=refusals(NotAuthenticated, InvalidRequest))
async def list_own(
    who: CurrentUser,
    shop: Wired,
    order_id: Annotated[OrderId | None, Query(description="Those of one order.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[AftersaleCase]:
    """Newest first, open and ended ones, perhaps of one order."""
    before = read_cursor(cursor, AftersaleId)
    found = await shop.aftersales.cases_of(who.user_id, order_id, limit=limit + 1, before=before)
    return page(found, limit, lambda case: case.aftersale_id, lambda case: case)


@reading.get("/aftersales/{aftersale_id}/timeline", summary="What happened to an after-sale", responses=refusals(*_ONE))
async def timeline(aftersale_id: AftersaleId, who: CurrentUser, shop: Wired) -> list[AftersaleStepView]:
    """Each step, when and by whom, oldest first."""
    await visible_case(shop, aftersale_id, who)
    steps = await shop.aftersales.timeline(aftersale_id)
    return [AftersaleStepView.of(step, for_buyer=not works_with_cases(who)) for step in steps]


@reading.get("/aftersales/{aftersale_id}/return", summary="Where returned goods go", responses=refusals(*_ONE))
async def show_return(aftersale_id: AftersaleId, who: CurrentUser, shop: Wired) -> ReturnView:
    """The warehouse that sent the first of the goods, and how far a fetched parcel is."""
    case = await visible_case(shop, aftersale_id, who)
    return await coming_back(shop, case)


@reading.get(
    "/orders/{order_id}/aftersale-options",
    summary="What can be claimed of an order",
    responses=refusals(*_ONE, AftersaleNotOpen, AftersaleWindowOver),
)
async def options(order_id: OrderId, who: CurrentUser, shop: Wired) -> Claimable:
    """How many units of each line a new after-sale may be about, and until when; nothing is held by asking."""
    return await shop.orders.claimable(order_id, who.user_id, shop.clock())


@changing.post("/{aftersale_id}/withdraw", summary="Withdraw an after-sale", responses=refusals(*_STEP, ReturnUnderWay))
async def withdraw(aftersale_id: AftersaleId, who: CurrentUser, errand: Once, shop: Wired) -> AftersaleCase:
    """Until the goods are received, or a carrier that fetches them has them. Its units can be claimed again."""
    case = await shop.aftersales.case_of(aftersale_id, who.user_id)
    return await asked(shop, case, errand, Aftersale.withdraw, Withdraw())


@changing.post(
    "/{aftersale_id}/return-waybill",
    summary="Enter the return's waybill",
    responses=refusals(*_STEP, ReturnWaybillTaken),
)
async def send_back(
    aftersale_id: AftersaleId, ask: ReturnRequest, who: CurrentUser, errand: Once, shop: Wired
) -> AftersaleCase:
    """You have sent the goods; this is the parcel."""
    case = await shop.aftersales.case_of(aftersale_id, who.user_id)
    wish = SendBack(by=ReturnWaybill(carrier=ask.carrier, waybill=ask.waybill))
    return await asked(shop, case, errand, Aftersale.send_back, wish)


@changing.post(
    "/{aftersale_id}/pick-up", summary="Book a pick-up", responses=refusals(*_STEP, CarrierRefused, CarrierUnknown)
)
async def pick_up(aftersale_id: AftersaleId, who: CurrentUser, errand: Once, shop: Wired) -> AftersaleCase:
    """A carrier fetches the goods at the order's address; its waybill is in the answer."""
    case = await shop.aftersales.case_of(aftersale_id, who.user_id)
    return await asked(shop, case, errand, Aftersale.pick_up, PickUp())


@changing.post("/{aftersale_id}/appeal", summary="Appeal a rejection", responses=refusals(*_STEP, AppealUsedUp))
async def appeal(
    aftersale_id: AftersaleId, ask: AppealRequest, who: CurrentUser, errand: Once, shop: Wired
) -> AftersaleCase:
    """Once, and for as long as `due_at` says; another operator looks at it again."""
    case = await shop.aftersales.case_of(aftersale_id, who.user_id)
    return await asked(shop, case, errand, Aftersale.appeal, Appeal(because=ask.because))


@changing.post("/{aftersale_id}/choice", summary="Choose when a replacement is sold out", responses=refusals(*_STEP))
async def choose(
    aftersale_id: AftersaleId, ask: ChoiceRequest, who: CurrentUser, errand: Once, shop: Wired
) -> AftersaleCase:
    """The money instead, or look once more. If you do not choose in time, the money goes back by itself."""
    case = await shop.aftersales.case_of(aftersale_id, who.user_id)
    return await asked(shop, case, errand, Aftersale.choose, Choose(refund=ask.refund, actor="buyer"))
