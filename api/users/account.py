"""One's own account: profile, contacts, password, login history."""

from fastapi import APIRouter

from api.edge.identity import CurrentUser
from api.edge.paging import Cursor, Limit, Page, page, read_cursor, row_number
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.users.proof import prove_password
from api.users.schemas import AccountView, ContactChange, LoginView, PasswordChange, ProfileChange
from models.shared.refusals import InvalidRequest
from models.users.errors import (
    ContactMalformed,
    CredentialsWrong,
    LoginBlocked,
    NotAuthenticated,
    PasswordTooWeak,
    PasswordWorkBusy,
    UserExists,
    VerificationCodeWrong,
)
from models.users.rules import check_password, parse_contact
from models.users.types import CodePurpose, Contact, LoginAttempt

router = APIRouter(prefix="/v1/users/me", tags=["users"])


@router.get("", summary="Your account", responses=refusals(NotAuthenticated))
async def show_account(who: CurrentUser, shop: Wired) -> AccountView:
    """The account you are logged in with."""
    return AccountView.of(await shop.users.accounts.get(who.user_id))


@router.patch("", summary="Change your profile", responses=refusals(NotAuthenticated))
async def change_profile(ask: ProfileChange, who: CurrentUser, shop: Wired) -> AccountView:
    """Set the name the shop calls you by."""
    return AccountView.of(await shop.users.accounts.rename(who.user_id, ask.display_name, shop.clock()))


@router.put(
    "/contact",
    summary="Change your e-mail or phone",
    responses=refusals(
        NotAuthenticated,
        ContactMalformed,
        CredentialsWrong,
        LoginBlocked,
        VerificationCodeWrong,
        UserExists,
        PasswordWorkBusy,
    ),
)
async def change_contact(ask: ContactChange, who: CurrentUser, shop: Wired) -> AccountView:
    """Put a new e-mail address or phone number in the place of the old one of its kind, with a code of purpose `change_contact`."""
    now = shop.clock()
    contact = parse_contact(ask.contact)
    await prove_password(shop, who, ask.password, now)
    code_hash = shop.account_keys.code_hash(contact, CodePurpose.CHANGE_CONTACT, ask.code)
    return AccountView.of(await shop.users.accounts.set_contact(who.user_id, contact, code_hash, now))


@router.put(
    "/password",
    status_code=204,
    summary="Change your password",
    responses=refusals(NotAuthenticated, CredentialsWrong, LoginBlocked, PasswordTooWeak, PasswordWorkBusy),
)
async def change_password(ask: PasswordChange, who: CurrentUser, shop: Wired) -> None:
    """Set a new password. Every other session of yours ends; this one goes on."""
    now = shop.clock()
    account = await shop.users.accounts.get(who.user_id)
    contacts = [
        Contact(kind=kind, value=value)
        for kind, value in (("email", account.email), ("phone", account.phone))
        if value is not None
    ]
    new_password = ask.new_password.get_secret_value()
    check_password(new_password, *contacts)
    await prove_password(shop, who, ask.current_password, now)
    await shop.users.accounts.change_password(who.user_id, await shop.passwords.hash(new_password), who.session_id, now)


@router.get("/logins", summary="Your login history", responses=refusals(NotAuthenticated, InvalidRequest))
async def list_logins(who: CurrentUser, shop: Wired, limit: Limit = 20, cursor: Cursor = None) -> Page[LoginView]:
    """Every try to log in to your account in the last 180 days, newest first."""
    tries = await shop.users.logins.history(who.user_id, before=read_cursor(cursor, row_number), limit=limit + 1)
    return page(tries, limit, lambda attempt: attempt.id, _shown)


def _shown(attempt: LoginAttempt) -> LoginView:
    return LoginView(at=attempt.at, outcome=attempt.outcome, **attempt.device.model_dump())
