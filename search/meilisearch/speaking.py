"""How the engine speaks with the server: the official client in threads, faults by the contract's name, tasks waited for."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from meilisearch.client import Client
from meilisearch.errors import MeilisearchApiError, MeilisearchCommunicationError, MeilisearchTimeoutError

from search.engine import SearchUnavailable

R = TypeVar("R")

_AWAY = {408, 429, 500, 502, 503, 504}
_ANSWER_WITHIN = 10
"""Seconds for one answer."""
_TASK_WITHIN = 120_000
_LOOK_EVERY = 25
"""Milliseconds between two looks at a task."""


class TaskFailed(SearchUnavailable):
    """The server took a task and could not do it; its own words say why."""


class Server:
    """One Meilisearch server under one key. The client keeps state in its headers, so each thread has one of its own."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key
        self._clients = threading.local()

    async def ask(self, question: Callable[[Client], R]) -> R:
        """What the server answers. Faults: SearchUnavailable; a mistake of ours stays a `MeilisearchApiError`."""
        try:
            return await asyncio.to_thread(lambda: question(self._client()))
        except (MeilisearchCommunicationError, MeilisearchTimeoutError) as fault:
            raise SearchUnavailable(f"Meilisearch at {self._url} did not answer: {fault.message}") from fault
        except MeilisearchApiError as fault:
            if fault.status_code in _AWAY:
                raise SearchUnavailable(f"Meilisearch at {self._url} is in trouble: {fault.message}") from fault
            raise

    async def done(self, tasks: Iterable[int], *, but: frozenset[str] = frozenset()) -> None:
        """Returns when the server has done these tasks. One that failed for a reason of `but` counts as done."""
        for uid in tasks:
            task: Any = await self.ask(partial(_wait_for, uid))
            if task.status != "succeeded" and (task.error or {}).get("code") not in but:
                raise TaskFailed(
                    f"Meilisearch could not do its task {uid}: {(task.error or {}).get('message', task.status)}"
                )

    def _client(self) -> Client:
        client: Client | None = getattr(self._clients, "client", None)
        if client is None:
            client = self._clients.client = Client(self._url, self._key or None, timeout=_ANSWER_WITHIN)
        return client


def _wait_for(uid: int, client: Client) -> object:
    return client.wait_for_task(uid, _TASK_WITHIN, _LOOK_EVERY)
