"""Who sees which case: buyers their own, operators of service and of the warehouse all; everyone else nothing."""

from typing import Annotated

from api.aftersales.schemas import ReturnView
from api.edge.identity import operator
from api.wiring import Services
from models.aftersales.types import AftersaleCase, StoredEvidence
from models.fulfillment.types import Depot
from models.shared.ids import AftersaleId, EvidenceId
from models.users.types import Identity, Permission
from stores.aftersales.evidence import evidence_unseen

_SEE_CASES = frozenset({Permission.SERVICE, Permission.STOCK})

ServiceOperator = Annotated[Identity, operator("service")]
"""Someone who decides about cases."""
ReturnsOperator = Annotated[Identity, operator("service", "stock")]
"""Someone who takes goods back."""


def works_with_cases(who: Identity) -> bool:
    """Whether this is an operator who may look at any case."""
    return bool(_SEE_CASES & who.permissions)


async def visible_case(shop: Services, aftersale_id: AftersaleId, who: Identity) -> AftersaleCase:
    """The case, if this person may see it; `NotFound` exactly as for one that does not exist."""
    if works_with_cases(who):
        return await shop.aftersales.case(aftersale_id)
    return await shop.aftersales.case_of(aftersale_id, who.user_id)


async def visible_evidence(shop: Services, evidence_id: EvidenceId, who: Identity) -> StoredEvidence:
    """The picture, for who uploaded it and for operators of service."""
    picture = await shop.evidence.find(evidence_id)
    if picture.user_id != who.user_id and Permission.SERVICE not in who.permissions:
        raise evidence_unseen(evidence_id)
    return picture


async def coming_back(shop: Services, case: AftersaleCase) -> ReturnView:
    """Where the goods of a case go: to the warehouse its parcel was booked for, else to the one that sent the first of them."""
    parcel = await shop.fulfillment.return_parcel(case.aftersale_id)
    if parcel is not None:
        warehouse_id = parcel.warehouse_id
    else:
        first, sent = case.lines[0].sku_id, await shop.fulfillment.shipments_of(case.order_id)
        warehouse_id = next(each.warehouse_id for each in sent if first in {item.sku_id for item in each.items})
    house = await shop.inventory.warehouse(warehouse_id)
    to = Depot(**house.model_dump(include=set(Depot.model_fields)))
    return ReturnView(to=to, warehouse_code=house.code, parcel=parcel)
