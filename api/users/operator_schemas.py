"""What the operators' account routes take and give."""

from typing import Annotated

from pydantic import Field

from api.users.schemas import like
from models.ops.audit import AuditNote
from models.shared import Frozen
from models.users.types import AccountStatus, Permission, Permissions, RoleName, ShortLine


class StatusRequest(Frozen):
    """What the account shall be."""

    model_config = like(status="disabled", reason="Chargeback fraud, case 4711")

    status: AccountStatus
    reason: ShortLine


class RolesRequest(Frozen):
    """Exactly the roles the account shall have; none makes it a plain buyer."""

    model_config = like(roles=["finance"])

    roles: Annotated[tuple[RoleName, ...], Field(max_length=20)]


class RoleRequest(Frozen):
    """What the role is called and allows."""

    model_config = like(title="Night shift", permissions=["stock", "orders"])

    title: ShortLine
    permissions: Permissions


class RoleView(Frozen):
    """A named set of permissions."""

    model_config = like(name="night_shift", title="Night shift", permissions=["orders", "stock"])

    name: RoleName
    title: str
    permissions: tuple[Permission, ...]


class AuditView(AuditNote):
    """An entry of the audit log."""

    id: int
