"""How someone proves who they are. Unknown name, wrong password and disabled account do the same work and answer alike."""

import secrets
from datetime import datetime
from hashlib import sha256

from fastapi import Request
from pydantic import SecretStr

from api.users.schemas import LoginRequest, Tokens
from api.wiring import Services
from models.shared.ids import SessionId, UserId
from models.users.errors import CredentialsWrong, SecondFactorRequired, SecondFactorWrong
from models.users.one_time_passwords import matching_step
from models.users.rules import parse_contact
from models.users.types import Credentials, Device, Identity, LoginOutcome

_REFUSALS = {
    LoginOutcome.SECOND_FACTOR_MISSING: SecondFactorRequired(
        "This account has a second factor: send the authenticator app's one-time password as `otp`."
    ),
    LoginOutcome.SECOND_FACTOR_WRONG: SecondFactorWrong(
        "This one-time password is wrong or used. Wait for the next one."
    ),
}


def device_of(request: Request) -> Device:
    """Where the request comes from."""
    agent = "".join(c for c in request.headers.get("user-agent", "") if c.isprintable())
    return Device(address=request.client.host if request.client else "unknown", agent=agent[:200])


async def prove_login(shop: Services, login: LoginRequest, device: Device, now: datetime) -> UserId:
    """The account whose name and password (and one-time password) these are; every try is counted, delayed and recorded."""
    contact = parse_contact(login.contact)
    password = login.password.get_secret_value()
    await shop.users.logins.admit_try(contact, now)
    known = await shop.users.accounts.credentials_of(contact)
    right = await shop.passwords.matches(known.password_hash if known else None, password)
    outcome = await _outcome(shop, known, right, login.otp, now)
    await shop.users.logins.record(known.user_id if known else None, outcome, device, now)
    if known is None or outcome is not LoginOutcome.SUCCEEDED:
        raise _REFUSALS.get(outcome) or _wrong()
    await shop.users.logins.succeeded(contact)
    if shop.passwords.is_outdated(known.password_hash):
        await shop.users.accounts.improve_hash(known.user_id, known.password_hash, await shop.passwords.hash(password))
    return known.user_id


async def _outcome(
    shop: Services, known: Credentials | None, right: bool, otp: str | None, now: datetime
) -> LoginOutcome:
    if known is None or not right:
        return LoginOutcome.WRONG_PASSWORD
    if not known.active:
        return LoginOutcome.ACCOUNT_DISABLED
    if known.totp_secret is None:
        return LoginOutcome.SUCCEEDED
    if otp is None:
        return LoginOutcome.SECOND_FACTOR_MISSING
    try:
        await prove_one_time_password(shop, known.user_id, known.totp_secret, otp, now)
    except SecondFactorWrong:
        return LoginOutcome.SECOND_FACTOR_WRONG
    return LoginOutcome.SUCCEEDED


async def prove_one_time_password(shop: Services, user_id: UserId, sealed: bytes, otp: str, now: datetime) -> None:
    """Use the one-time password up; `SecondFactorWrong` when it is not good or was used."""
    step = matching_step(shop.account_keys.unseal(user_id, sealed), otp, now)
    if step is None:
        raise SecondFactorWrong("This one-time password is wrong. Check the clock of the phone that shows it.")
    await shop.users.second_factors.use_step_once(user_id, step)


async def prove_password(shop: Services, who: Identity, password: SecretStr, now: datetime) -> Credentials:
    """The person who is logged in knows the password, too; tries count like log-ins."""
    credentials, contact = await shop.users.accounts.credentials(who.user_id)
    await shop.users.logins.admit_try(contact, now)
    if not await shop.passwords.matches(credentials.password_hash, password.get_secret_value()):
        raise CredentialsWrong("This is not the password of your account.")
    await shop.users.logins.succeeded(contact)
    return credentials


async def open_session(shop: Services, user_id: UserId, device: Device, now: datetime) -> Tokens:
    """Log the account in on this device."""
    session_id = SessionId.mint(now, secrets.token_bytes(10))
    refresh_token = new_refresh_token()
    identity = await shop.users.sessions.open(session_id, user_id, device, refresh_hash(refresh_token), now)
    return tokens_for(shop, identity, refresh_token, now)


def tokens_for(shop: Services, identity: Identity, refresh_token: str, now: datetime) -> Tokens:
    """What a client gets for its session."""
    return Tokens(
        access_token=shop.access_tokens.issue(identity, now, secrets.token_urlsafe(12)),
        expires_in=int(shop.access_tokens.lifetime.total_seconds()),
        refresh_token=refresh_token,
        session_id=identity.session_id,
        user_id=identity.user_id,
    )


def new_refresh_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def refresh_hash(token: str) -> bytes:
    """What is stored of a refresh token; it is random enough for a plain hash."""
    return sha256(token.encode()).digest()


def _wrong() -> CredentialsWrong:
    return CredentialsWrong("No account with this name and password. Check both, or reset the password.")
