"""The work behind a password."""

import asyncio
import threading

import argon2

from api.credentials.passwords import PasswordHasher, owasp_argon2id
from models.users.errors import PasswordWorkBusy


def test_the_parameters_are_the_owasp_minimum_of_argon2id() -> None:
    hashed = owasp_argon2id().hash("correct horse battery")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_a_password_matches_its_own_hash_only() -> None:
    passwords = PasswordHasher(argon2.PasswordHasher(1, 64, 1))
    stored = await passwords.hash("étude d'hiver")
    assert await passwords.matches(stored, "e\u0301tude d'hiver")
    assert not await passwords.matches(stored, "etude d'hiver")
    assert not await passwords.matches(None, "étude d'hiver")
    assert not await passwords.matches("not a hash", "étude d'hiver")
    passwords.close()


class _Slow(argon2.PasswordHasher):
    """Hashes only when told to, and knows how many hash at once."""

    def __init__(self) -> None:
        super().__init__(1, 64, 1)
        self.go = threading.Event()
        self.go.set()
        self._lock = threading.Lock()
        self._running = 0
        self.most_at_once = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self._lock:
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
        self.go.wait(10)
        hashed = super().hash(password, salt=salt)
        with self._lock:
            self._running -= 1
        return hashed


async def test_a_storm_runs_a_few_at_once_lets_some_wait_and_refuses_the_rest() -> None:
    slow = _Slow()
    passwords = PasswordHasher(slow, at_once=2, waiting=3)
    slow.go.clear()
    storm = [asyncio.create_task(passwords.hash("correct horse battery")) for _ in range(20)]
    await asyncio.sleep(0)  # every task has started; the loop is not held up by those that hash
    slow.go.set()
    outcomes = await asyncio.gather(*storm, return_exceptions=True)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 5
    assert sum(isinstance(outcome, PasswordWorkBusy) for outcome in outcomes) == 15
    assert slow.most_at_once <= 2
    assert await passwords.hash("afterwards")
    passwords.close()
