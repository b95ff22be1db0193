"""Getting in: codes, registering, logging in, renewing tokens, a forgotten password."""

import secrets

from fastapi import APIRouter, Request, Response

from api.edge.problems import refusals
from api.edge.wired import Wired
from api.users.proof import device_of, new_refresh_token, open_session, prove_login, refresh_hash, tokens_for
from api.users.schemas import CodeRequest, CodeSent, LoginRequest, PasswordReset, RefreshRequest, Registration, Tokens
from api.wiring import Services
from channels.notification import texts
from channels.notification.contract import Message
from models.shared.ids import UserId
from models.users.errors import (
    CodeSentRecently,
    ContactMalformed,
    CredentialsWrong,
    LoginBlocked,
    PasswordTooWeak,
    PasswordWorkBusy,
    RefreshTokenReused,
    RefreshTokenWrong,
    SecondFactorRequired,
    SecondFactorWrong,
    UserExists,
    VerificationCodeWrong,
)
from models.users.rules import CODE_DIGITS, CODE_PAUSE, check_password, parse_contact
from models.users.types import CodePurpose, Contact

router = APIRouter(prefix="/v1", tags=["users"])


@router.post(
    "/verification-codes",
    status_code=202,
    summary="Send a verification code",
    responses=refusals(ContactMalformed, CodeSentRecently),
)
async def send_code(ask: CodeRequest, shop: Wired) -> CodeSent:
    """Send a six-digit code to an e-mail address or phone number.

    The answer is the same whether or not there is an account; only the message tells its receiver.
    """
    contact = parse_contact(ask.contact)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    code_hash = shop.account_keys.code_hash(contact, ask.purpose, code)
    good_until = await shop.users.codes.issue(contact, ask.purpose, code_hash, shop.clock())
    await shop.notifier.send(await _message(shop, contact, ask.purpose, code))
    return CodeSent(good_until=good_until, ask_again_after_seconds=int(CODE_PAUSE.total_seconds()))


async def _message(shop: Services, contact: Contact, purpose: CodePurpose, code: str) -> Message:
    exists = await shop.users.accounts.has_account(contact)
    if purpose is CodePurpose.RESET_PASSWORD:
        return texts.verification_code(contact, code) if exists else texts.no_account(contact)
    return texts.account_exists(contact) if exists else texts.verification_code(contact, code)


@router.post(
    "/users/register",
    status_code=201,
    summary="Register",
    responses=refusals(ContactMalformed, PasswordTooWeak, VerificationCodeWrong, UserExists, PasswordWorkBusy),
)
async def register(ask: Registration, request: Request, response: Response, shop: Wired) -> Tokens:
    """Open an account with a code of purpose `register`, and log it in on this device."""
    now = shop.clock()
    contact = parse_contact(ask.contact)
    password = ask.password.get_secret_value()
    check_password(password, contact)
    user_id = UserId.mint(now, secrets.token_bytes(10))
    code_hash = shop.account_keys.code_hash(contact, CodePurpose.REGISTER, ask.code)
    password_hash = await shop.passwords.hash(password)
    await shop.users.accounts.register_once(user_id, contact, code_hash, password_hash, ask.display_name, now)
    _keep_out_of_caches(response)
    return await open_session(shop, user_id, device_of(request), now)


@router.post(
    "/users/login",
    summary="Log in",
    responses=refusals(
        ContactMalformed, CredentialsWrong, SecondFactorRequired, SecondFactorWrong, LoginBlocked, PasswordWorkBusy
    ),
)
async def log_in(ask: LoginRequest, request: Request, response: Response, shop: Wired) -> Tokens:
    """Open a session on this device.

    After three failures in a row each next try waits longer, after ten the name is locked for 15 minutes; a password reset unlocks it.
    """
    now = shop.clock()
    device = device_of(request)
    user_id = await prove_login(shop, ask, device, now)
    _keep_out_of_caches(response)
    return await open_session(shop, user_id, device, now)


@router.post(
    "/sessions/refresh",
    summary="Renew the tokens of a session",
    responses=refusals(RefreshTokenWrong, RefreshTokenReused),
)
async def refresh(ask: RefreshRequest, response: Response, shop: Wired) -> Tokens:
    """Trade the refresh token for new tokens. It is good once: a second use ends the session, because one of the two users stole it."""
    now = shop.clock()
    following = new_refresh_token()
    identity = await shop.users.sessions.rotate(
        refresh_hash(ask.refresh_token.get_secret_value()), refresh_hash(following), now
    )
    _keep_out_of_caches(response)
    return tokens_for(shop, identity, following, now)


@router.post(
    "/users/password-reset",
    status_code=204,
    summary="Reset a forgotten password",
    responses=refusals(ContactMalformed, PasswordTooWeak, VerificationCodeWrong, PasswordWorkBusy),
)
async def reset_password(ask: PasswordReset, shop: Wired) -> None:
    """Set a new password with a code of purpose `reset_password`. Every session of the account ends, a lock-out is lifted."""
    contact = parse_contact(ask.contact)
    password = ask.new_password.get_secret_value()
    check_password(password, contact)
    code_hash = shop.account_keys.code_hash(contact, CodePurpose.RESET_PASSWORD, ask.code)
    password_hash = await shop.passwords.hash(password)
    await shop.users.accounts.reset_password(contact, code_hash, password_hash, shop.clock())


def _keep_out_of_caches(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"
