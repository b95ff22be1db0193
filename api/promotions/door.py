"""Who may edit promotions, coupons and limits, and what everybody who tries may be refused with."""

from typing import Annotated

from api.edge.identity import operator
from api.edge.versions import IfMatchMissing
from models.promotions.errors import PromotionOver
from models.shared.refusals import InvalidRequest, NotFound, StaleVersion
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity

PromotionsOperator = Annotated[Identity, operator("promotions")]
READ = (NotAuthenticated, PermissionMissing)
EDIT = (*READ, NotFound, IfMatchMissing, StaleVersion, InvalidRequest, PromotionOver)
