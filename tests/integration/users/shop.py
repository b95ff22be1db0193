"""A shop that has accounts and nothing else, and people who use it over HTTP."""

import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import argon2
import httpx
from fastapi import FastAPI
from redis.asyncio import Redis

from api.credentials.account_keys import AccountKeys
from api.credentials.passwords import PasswordHasher
from api.credentials.tokens import AccessTokens
from channels.notification.sandbox import SandboxNotifier
from hanse.database import Database
from models.shared.ids import UserId
from models.users.rules import parse_contact
from stores.audit_log import AuditLog
from stores.users import UsersStore

PASSWORD = "correct horse battery"
KEY = b"a key of the tests, 32 bytes long"


class CountingArgon(argon2.PasswordHasher):
    """argon2id made cheap, that counts how often it verified and with which cost."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.verified: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 # the library's name
        self.verified.append(str(hash).rsplit("$", 2)[0])
        return super().verify(hash, password)


@dataclass
class Clock:
    """What time the shop thinks it is."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **step: float) -> None:
        self.now += timedelta(**step)


@dataclass
class Person:
    """Someone with a client of their own."""

    http: httpx.AsyncClient
    contact: str
    tokens: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> UserId:
        return UserId(self.tokens["user_id"])

    def take(self, tokens: dict[str, Any]) -> "Person":
        self.tokens = tokens
        self.http.headers["authorization"] = f"Bearer {tokens['access_token']}"
        return self

    async def log_in(self, password: str = PASSWORD, **more: str) -> httpx.Response:
        answer = await self.http.post("/v1/users/login", json={"contact": self.contact, "password": password, **more})
        if answer.status_code == 200:
            self.take(answer.json())
        return answer

    async def refresh(self) -> httpx.Response:
        return await self.http.post("/v1/sessions/refresh", json={"refresh_token": self.tokens["refresh_token"]})

    async def is_let_in(self) -> bool:
        return (await self.http.get("/v1/users/me")).status_code == 200


@dataclass
class Shop:
    """The running api with what a test may look at or set."""

    app: FastAPI
    clock: Clock
    users: UsersStore
    audit_log: AuditLog
    db: Database
    ops: Database
    argon: CountingArgon
    clients: list[httpx.AsyncClient]

    def stranger(self, contact: str | None = None) -> Person:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://shop", headers={"user-agent": "test"})
        self.clients.append(client)
        return Person(client, contact or f"{secrets.token_hex(6)}@example.com")

    async def code_for(self, contact: str, purpose: str) -> str:
        """Ask for a code and read it where a developer does."""
        person = self.stranger(contact)
        sent = await person.http.post("/v1/verification-codes", json={"contact": contact, "purpose": purpose})
        assert sent.status_code == 202, sent.text
        return await self.newest_code(contact)

    async def newest_code(self, contact: str) -> str:
        outbox = await self.stranger().http.get("/v1/dev/outbox", params={"to": contact})
        found = re.search(r"\b\d{6}\b", outbox.json()[0]["text"])
        assert found is not None, "the newest message carries no code"
        return found.group()

    async def customer(self, contact: str | None = None) -> Person:
        person = self.stranger(contact)
        code = await self.code_for(person.contact, "register")
        answer = await person.http.post("/v1/users/register", json=registration(person.contact, code))
        assert answer.status_code == 201, answer.text
        return person.take(answer.json())

    async def operator(self, *roles: str) -> Person:
        person = self.stranger()
        password_hash = argon2.PasswordHasher(1, 64, 1).hash(PASSWORD)
        await self.make_operator(person.contact, password_hash, roles)
        assert (await person.log_in()).status_code == 200
        return person

    async def make_operator(self, contact: str, password_hash: str, roles: Sequence[str]) -> UserId:
        user_id = UserId.mint(self.clock(), secrets.token_bytes(10))
        account = await self.users.roles.ensure_operator(
            user_id, parse_contact(contact), password_hash, "Olga", roles, self.clock()
        )
        return account.id


def registration(contact: str, code: str, **changed: Any) -> dict[str, Any]:
    return {"contact": contact, "code": code, "password": PASSWORD, "display_name": "Anna"} | changed


def other_code(code: str) -> str:
    """A well-formed code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


class NothingAtHand:
    """A shelf that every request for products passes by."""

    def near(self, _address: str) -> None:
        """Nothing."""


@asynccontextmanager
async def open_shop(app: FastAPI, db: Database, ops: Database, redis_url: str, folder: Path) -> AsyncIterator[Shop]:
    """The shop on these servers, which sends its messages into `folder`."""
    clock, argon, redis = Clock(), CountingArgon(), Redis.from_url(redis_url)
    lifetime = timedelta(minutes=10)
    users = UsersStore.on(db, redis, access_token_lifetime=lifetime, session_lifetime=timedelta(days=30))
    outbox, passwords, audit_log = SandboxNotifier(folder), PasswordHasher(argon), AuditLog(ops)
    app.state.services = SimpleNamespace(
        clock=clock,
        redis=redis,
        users=users,
        audit_log=audit_log,
        passwords=passwords,
        access_tokens=AccessTokens(KEY, lifetime),
        account_keys=AccountKeys(KEY),
        notifier=outbox,
        outbox=outbox,
        shelf=NothingAtHand(),
    )
    shop = Shop(app, clock, users, audit_log, db, ops, argon, [])
    yield shop
    for client in shop.clients:
        await client.aclose()
    passwords.close()
    await redis.aclose()


def told(answer: httpx.Response) -> dict[str, Any]:
    """What an answer says to the one who asked; the id of its trace differs from request to request."""
    return {name: value for name, value in answer.json().items() if name != "trace_id"}
