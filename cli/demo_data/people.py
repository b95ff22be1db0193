"""Who may log in to the demo shop: a buyer with an address, and an operator who may do everything."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.credentials.passwords import PasswordHasher
from models.shared.ids import AddressId, UserId
from models.users.rules import parse_contact
from models.users.types import PostalAddress
from stores.users import UsersStore

BUYER = ("demo@hanse.example", "moin-moin-harbour")
OPERATOR = ("ops@hanse.example", "all-hands-on-deck")
"""E-mail and password. Everybody can read them here, so they are never loaded in production."""

_HOME = PostalAddress(
    recipient="林小海",
    phone="+8613800138000",
    region="Shanghai",
    city="Shanghai",
    line="外滩路 1 号 602",
    postal_code="200002",
)


@dataclass(frozen=True)
class People:
    """Where the buyer lives, and who the operator is."""

    address_id: AddressId
    operator_id: UserId


async def ensure_people(users: UsersStore, now: datetime) -> People:
    """Both accounts exist afterwards, and the buyer has an address."""
    passwords = PasswordHasher()
    try:
        buyer = await _ensure(users, passwords, BUYER, "Lin Xiaohai", [], now)
        operator = await _ensure(users, passwords, OPERATOR, "Ops", ["administrator"], now)
    finally:
        passwords.close()
    book = await users.addresses.of_user(buyer)
    if book:
        return People(book[0].id, operator)
    added = await users.addresses.add(AddressId.mint(now, secrets.token_bytes(10)), buyer, _HOME, default=True, now=now)
    return People(added.id, operator)


async def _ensure(
    users: UsersStore, passwords: PasswordHasher, login: tuple[str, str], name: str, roles: Sequence[str], now: datetime
) -> UserId:
    contact = parse_contact(login[0])
    known = await users.accounts.credentials_of(contact)
    if known is not None:
        return known.user_id
    user_id = UserId.mint(now, secrets.token_bytes(10))
    account = await users.roles.ensure_operator(user_id, contact, await passwords.hash(login[1]), name, roles, now)
    return account.id
