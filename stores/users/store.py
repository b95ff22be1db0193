"""The stores of database `users`, together."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from redis.asyncio import Redis

from hanse.database import Database
from stores.users.accounts import Accounts
from stores.users.addresses import Addresses
from stores.users.codes import VerificationCodes
from stores.users.liveness import Liveness
from stores.users.logins import Logins
from stores.users.roles import Roles
from stores.users.second_factors import SecondFactors
from stores.users.sessions import Sessions


@dataclass(frozen=True)
class UsersStore:
    """What the users domain can do, one room for each thought."""

    accounts: Accounts
    addresses: Addresses
    codes: VerificationCodes
    logins: Logins
    roles: Roles
    second_factors: SecondFactors
    sessions: Sessions

    @classmethod
    def on(cls, db: Database, redis: Redis, *, access_token_lifetime: timedelta, session_lifetime: timedelta) -> Self:
        """The stores on this database and this Redis."""
        liveness = Liveness(redis, access_token_lifetime)
        return cls(
            accounts=Accounts(db, liveness),
            addresses=Addresses(db),
            codes=VerificationCodes(db),
            logins=Logins(db),
            roles=Roles(db, liveness),
            second_factors=SecondFactors(db),
            sessions=Sessions(db, liveness, session_lifetime),
        )
