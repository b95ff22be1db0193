"""Buyers: each registers once with a verification code, writes an address for each order, and stays logged in."""

import asyncio
from collections.abc import Mapping

from cli.calling import Login, Shop
from cli.registering import register
from cli.replay.memory import Memory
from cli.replay.people import email_of, name_of, password_of, phone_of, street_of
from cli.replay.script import Buyer
from cli.replay.stocking import COUNTRY


class Buyers:
    """The accounts behind the orders, by person."""

    def __init__(self, shop: Shop, memory: Memory) -> None:
        self._shop = shop
        self._memory = memory
        self._logins: dict[str, Login] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    def login_of(self, person: str) -> Login:
        """How this person is logged in, now or as soon as something is asked."""
        return self._logins.setdefault(person, Login(email_of(person), password_of(person)))

    async def settle(self, buyer: Buyer) -> str:
        """The person has an account, and this place is in the address book; the answer is the address id."""
        async with self._turns.setdefault(buyer.person, asyncio.Lock()):
            if not self._memory.get("account", buyer.person):
                await register(self._shop, self.login_of(buyer.person), name_of(buyer.person))
                self._memory.put("account", buyer.person, True)
            place = f"{buyer.person}/{buyer.postal_code}"
            address_id: str | None = self._memory.get("address", place)
            if address_id is None:
                address_id = await self._address(buyer)
                self._memory.put("address", place, address_id)
            return address_id

    async def _address(self, buyer: Buyer) -> str:
        who = self.login_of(buyer.person)
        for entry in (await self._shop.ask("GET", "/v1/addresses", who=who)).body:
            if _is_at(entry, buyer):
                return str(entry["id"])
        ask = {
            "recipient": name_of(buyer.person),
            "phone": phone_of(buyer.person),
            "country": COUNTRY,
            "region": buyer.state[:60],
            "city": buyer.city[:60],
            "line": street_of(buyer.person),
            "postal_code": buyer.postal_code,
        }
        return str((await self._shop.ask("POST", "/v1/addresses", ask, who=who)).body["id"])


def _is_at(entry: Mapping[str, str], buyer: Buyer) -> bool:
    return entry["postal_code"] == buyer.postal_code
