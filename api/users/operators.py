"""What operators see and change of accounts, roles and the audit log."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import JsonValue

from api.edge.audit import Audit
from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor, row_number
from api.edge.problems import refusals
from api.edge.versions import ExpectedVersion, IfMatchMissing, set_etag
from api.edge.wired import Wired
from api.users.operator_schemas import AuditView, RoleRequest, RolesRequest, RoleView, StatusRequest
from api.users.schemas import AccountView, SessionsEnded
from models.ops.audit import AuditEntry
from models.shared.ids import UserId
from models.shared.refusals import InvalidRequest, NotFound, StaleVersion
from models.users.errors import (
    ContactMalformed,
    NotAuthenticated,
    OwnAccess,
    PermissionMissing,
    RoleUnknown,
    SecondFactorOff,
)
from models.users.rules import check_may_change, check_may_grant, parse_contact
from models.users.types import EndReason, Identity, Role, RoleName

router = APIRouter(prefix="/v1/operators", tags=["operators"])
AccountsOperator = Annotated[Identity, operator("accounts")]
Reader = Annotated[Identity, operator("accounts", "service")]
_READ = (NotAuthenticated, PermissionMissing)
_EDIT = (*_READ, NotFound, OwnAccess, IfMatchMissing, StaleVersion)


@router.get("/accounts", summary="Find accounts", responses=refusals(*_READ, ContactMalformed, InvalidRequest))
async def list_accounts(
    who: Reader,
    shop: Wired,
    contact: Annotated[str | None, Query(max_length=254, description="Exactly this e-mail or phone.")] = None,
    operators_only: bool = False,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[AccountView]:
    """Accounts, newest first. Contacts are masked unless you have the permission `service`."""
    accounts = await shop.users.accounts.page(
        contact=parse_contact(contact) if contact else None,
        operators=operators_only,
        before=read_cursor(cursor, UserId),
        limit=limit + 1,
    )
    return page(accounts, limit, lambda a: a.id, lambda a: AccountView.for_operator(a, who.permissions))


@router.get("/accounts/{user_id}", summary="An account", responses=refusals(*_READ, NotFound))
async def show_account(user_id: UserId, who: Reader, response: Response, shop: Wired) -> AccountView:
    """One account; its ETag is what an edit must name."""
    account = await shop.users.accounts.get(user_id)
    set_etag(response, account.version)
    return AccountView.for_operator(account, who.permissions)


@router.put("/accounts/{user_id}/status", summary="Disable or enable an account", responses=refusals(*_EDIT))
async def set_status(
    user_id: UserId,
    ask: StatusRequest,
    who: AccountsOperator,
    version: ExpectedVersion,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> AccountView:
    """A disabled account is logged out everywhere at once and cannot log in."""
    async with trail.action(who, "users.set_status", user_id, status=ask.status.value, reason=ask.reason):
        check_may_change(who, user_id, (await shop.users.accounts.get(user_id)).permissions)
        account = await shop.users.accounts.set_status(user_id, ask.status, version, shop.clock())
    set_etag(response, account.version)
    return AccountView.for_operator(account, who.permissions)


@router.put("/accounts/{user_id}/roles", summary="Set the roles of an account", responses=refusals(*_EDIT, RoleUnknown))
async def set_roles(
    user_id: UserId,
    ask: RolesRequest,
    who: AccountsOperator,
    version: ExpectedVersion,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> AccountView:
    """Give an account exactly these roles. It is logged out, so no old permission lives on."""
    async with trail.action(who, "users.assign_roles", user_id, roles=list(ask.roles)):
        before = (await shop.users.accounts.get(user_id)).permissions
        granted = [role.permissions for role in await shop.users.roles.all() if role.name in ask.roles]
        check_may_change(who, user_id, before, *granted)
        account = await shop.users.roles.assign(user_id, ask.roles, version, shop.clock())
    set_etag(response, account.version)
    return AccountView.for_operator(account, who.permissions)


@router.delete(
    "/accounts/{user_id}/sessions", summary="Log an account out everywhere", responses=refusals(*_READ, NotFound)
)
async def end_sessions(user_id: UserId, who: AccountsOperator, shop: Wired, trail: Audit) -> SessionsEnded:
    """End every session of the account; its access tokens stop working at once."""
    async with trail.action(who, "users.end_sessions", user_id):
        check_may_grant(who, (await shop.users.accounts.get(user_id)).permissions)
        return SessionsEnded(ended=await shop.users.sessions.end_all(user_id, EndReason.REVOKED, shop.clock()))


@router.delete(
    "/accounts/{user_id}/second-factor",
    status_code=204,
    summary="Remove a lost second factor",
    responses=refusals(*_READ, NotFound, OwnAccess, SecondFactorOff),
)
async def remove_second_factor(user_id: UserId, who: AccountsOperator, shop: Wired, trail: Audit) -> None:
    """For someone who lost their phone and proved who they are by other means."""
    async with trail.action(who, "users.remove_second_factor", user_id):
        check_may_change(who, user_id, (await shop.users.accounts.get(user_id)).permissions)
        await shop.users.second_factors.switch_off(user_id, shop.clock())


@router.get("/roles", summary="Roles", responses=refusals(*_READ))
async def list_roles(_who: Reader, shop: Wired) -> list[RoleView]:
    """Every role and what it allows."""
    return [_shown(role) for role in await shop.users.roles.all()]


@router.get("/roles/{name}", summary="A role", responses=refusals(*_READ, NotFound))
async def show_role(name: RoleName, _who: Reader, response: Response, shop: Wired) -> RoleView:
    """One role; its ETag is what an edit must name."""
    role = await shop.users.roles.get(name)
    set_etag(response, role.version)
    return _shown(role)


@router.put(
    "/roles/{name}",
    summary="Create or edit a role",
    responses=refusals(*_READ, OwnAccess, IfMatchMissing, StaleVersion),
)
async def save_role(
    name: RoleName,
    ask: RoleRequest,
    who: AccountsOperator,
    version: ExpectedVersion,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> RoleView:
    """Say what a role allows; `If-Match: "0"` creates one. Everyone who has it is logged out."""
    wanted = sorted(permission.value for permission in ask.permissions)
    async with trail.action(who, "users.save_role", name, permissions=list[JsonValue](wanted)):
        present = [role.permissions for role in await shop.users.roles.all() if role.name == name]
        check_may_grant(who, ask.permissions, *present)
        saved = Role(name=name, title=ask.title, permissions=ask.permissions, version=version)
        role = await shop.users.roles.save(saved, shop.clock())
    set_etag(response, role.version)
    return _shown(role)


@router.get("/audit-log", summary="What operators did", responses=refusals(*_READ, InvalidRequest))
async def list_actions(
    _who: AccountsOperator,
    shop: Wired,
    operator_id: UserId | None = None,
    subject: Annotated[
        str | None, Query(pattern=r"^[!-~]{1,200}$", description="The id of what it was done to.")
    ] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[AuditView]:
    """The audit log, newest first. Nothing in it can be changed or removed."""
    entries = await shop.audit_log.page(
        operator_id=operator_id, subject=subject, before=read_cursor(cursor, row_number), limit=limit + 1
    )
    return page(entries, limit, lambda entry: entry.id, _audited)


def _shown(role: Role) -> RoleView:
    return RoleView(name=role.name, title=role.title, permissions=tuple(sorted(role.permissions)))


def _audited(entry: AuditEntry) -> AuditView:
    return AuditView(id=entry.id, **entry.note.model_dump())
