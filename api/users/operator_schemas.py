"""What the operators' account routes take and give."""

from typing import Annotated

from pydantic import Field

from api.spoken import Spoken
from api.users.schemas import like
from models.ops.audit import AuditNote
from models.users.types import AccountStatus, Permission, Permissions, RoleName, ShortLine


class StatusRequest(Spoken):
    """What the account shall be."""

    model_config = like(status="disabled", reason="Chargeback fraud, case 4711")

    status: AccountStatus
    reason: ShortLine


class RolesRequest(Spoken):
    """Exactly the roles the account shall have; none makes it a plain buyer."""

    model_config = like(roles=["finance"])

    roles: Annotated[tuple[RoleName, ...], Field(max_length=20)]


class RoleRequest(Spoken):
    """What the role is called and allows."""

    model_config = like(title="Night shift", permissions=["stock", "orders"])

    title: ShortLine
    permissions: Permissions


class RoleView(Spoken):
    """A named set of permissions."""

    model_config = like(name="night_shift", title="Night shift", permissions=["orders", "stock"])

    name: RoleName
    title: str
    permissions: tuple[Permission, ...]


class AuditView(AuditNote):
    """An entry of the audit log."""

    model_config = like(
        id=2,
        at="2026-11-22T10:00:00Z",
        operator_id="usr_01kfz5e3m00000000000000000",
        session_id="ses_01kfz5e3m00000000000000000",
        action="users.assign_roles",
        subject="usr_01kfz5e3m00000000000000001",
        phase="done",
        details={},
        address="203.0.113.7",
        trace_id="0af7651916cd43dd8448eb211c80319c",
        intent=1,
    )

    id: int
