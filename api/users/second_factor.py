"""The optional second factor: an authenticator app (TOTP, RFC 6238)."""

import secrets

from fastapi import APIRouter

from api.edge.identity import CurrentUser
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.users.proof import prove_one_time_password, prove_password
from api.users.schemas import FullProof, OneTimeProof, PasswordProof, SecondFactorOffer
from models.users.errors import (
    CredentialsWrong,
    LoginBlocked,
    NotAuthenticated,
    SecondFactorOff,
    SecondFactorOn,
    SecondFactorWrong,
)
from models.users.one_time_passwords import SECRET_BYTES, enrolment_uri, matching_step, secret_text

router = APIRouter(prefix="/v1/users/me/second-factor", tags=["users"])
_ISSUER = "Hanse"


@router.post(
    "",
    status_code=201,
    summary="Start a second factor",
    responses=refusals(NotAuthenticated, CredentialsWrong, LoginBlocked, SecondFactorOn),
)
async def offer(ask: PasswordProof, who: CurrentUser, shop: Wired) -> SecondFactorOffer:
    """Get a new secret for an authenticator app. It counts once you confirm it; until then nothing changes."""
    now = shop.clock()
    await prove_password(shop, who, ask.password, now)
    account = await shop.users.accounts.get(who.user_id)
    secret = secrets.token_bytes(SECRET_BYTES)
    await shop.users.second_factors.offer(who.user_id, shop.account_keys.seal(who.user_id, secret), now)
    name = account.email or account.phone or account.display_name
    return SecondFactorOffer(secret=secret_text(secret), uri=enrolment_uri(secret, name, _ISSUER))


@router.put(
    "",
    status_code=204,
    summary="Confirm the second factor",
    responses=refusals(NotAuthenticated, SecondFactorOff, SecondFactorWrong),
)
async def confirm(ask: OneTimeProof, who: CurrentUser, shop: Wired) -> None:
    """Switch the second factor on with the first one-time password the app shows."""
    now = shop.clock()
    sealed = await shop.users.second_factors.offered(who.user_id)
    step = matching_step(shop.account_keys.unseal(who.user_id, sealed), ask.otp, now)
    if step is None:
        raise SecondFactorWrong(
            "This is not what the app should show. Check the clock of the phone and try the next one."
        )
    await shop.users.second_factors.confirm(who.user_id, sealed, step, now)


@router.post(
    "/removal",
    status_code=204,
    summary="Switch the second factor off",
    responses=refusals(NotAuthenticated, CredentialsWrong, LoginBlocked, SecondFactorOff, SecondFactorWrong),
)
async def remove(ask: FullProof, who: CurrentUser, shop: Wired) -> None:
    """Forget the secret; logging in takes the password alone again."""
    now = shop.clock()
    credentials = await prove_password(shop, who, ask.password, now)
    if credentials.totp_secret is None:
        raise SecondFactorOff("This account has no second factor.")
    await prove_one_time_password(shop, who.user_id, credentials.totp_secret, ask.otp, now)
    await shop.users.second_factors.switch_off(who.user_id, now)
