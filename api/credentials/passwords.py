"""Password hashing with argon2id, off the event loop and only so much at once."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from models.users.errors import PasswordWorkBusy
from models.users.rules import canonical_password

_Answer = TypeVar("_Answer")


def owasp_argon2id() -> argon2.PasswordHasher:
    """The OWASP minimum: 19 MiB, two passes, one lane; about 35 ms on a small machine."""
    return argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=argon2.Type.ID)


class PasswordHasher:
    """Hashes and checks passwords in threads of its own.

    At most `at_once` run (each holds 19 MiB), at most `waiting` wait; more are refused with `PasswordWorkBusy`, so a storm of
    log-ins costs neither the event loop nor the memory.
    """

    def __init__(self, argon: argon2.PasswordHasher | None = None, *, at_once: int = 2, waiting: int = 64) -> None:
        self._argon = argon or owasp_argon2id()
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="argon2")
        self._most = at_once + waiting
        self._now = 0
        self._decoy = self._argon.hash(secrets.token_urlsafe(16))

    async def hash(self, password: str) -> str:
        """The PHC string to store."""
        return await self._work(self._hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether this is the password behind the stored hash.

        For nobody (None) it does the same work on a decoy and says no, so that unknown names take as long as wrong passwords.
        """
        right = await self._work(self._verify, stored or self._decoy, password)
        return right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        return self._argon.check_needs_rehash(stored)

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown()

    def _hash(self, password: str) -> str:
        return self._argon.hash(canonical_password(password))

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._argon.verify(stored, canonical_password(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _work(self, do: Callable[..., _Answer], *args: str) -> _Answer:
        if self._now >= self._most:
            raise PasswordWorkBusy("Too many people are logging in right now; try again in a second.", retry_after=1)
        self._now += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, do, *args)
        finally:
            self._now -= 1
