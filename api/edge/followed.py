"""An edit of the catalogue that search index and listeners follow, whatever dies right after it.

    async with followed(shop, Scope(products=(spu_id,))) as edit:
        return edit.did(await shop.catalogue.publish(...))

It is announced to its `CatalogSync` before anything changes: if Temporal cannot be reached, the edit is refused with 503 and
nothing has happened. When it is made, the caches forget what it changed. What it announced it also ends; a process that never
hears of the end looks by itself, only later.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from temporalio.service import RPCError

from activities.following_imports import FollowedImport
from api.edge.sagas import answer_of
from api.wiring import Services
from models.products.types import Edited
from models.search.messages import Scope
from models.shared import Refusal

_log = logging.getLogger(__name__)
_END_WITHIN = 3.0
"""Seconds: the edit is done and will be followed, so nobody should wait long for the news of it to arrive."""


class AnnouncedEdit:
    """What the edit came to."""

    changed = True

    def did(self, edited: Edited) -> Edited:
        """Take note of what it changed: nothing changed is nothing to follow."""
        self.changed = bool(edited.changes)
        return edited


@asynccontextmanager
async def followed(shop: Services, scope: Scope) -> AsyncIterator[AnnouncedEdit]:
    """Announce the edit, make it, say that it is over. `ServiceBusy` before anything changed."""
    edit, key = AnnouncedEdit(), secrets.token_hex(8)
    await answer_of(shop.following.announce(scope, key))
    try:
        yield edit
    except Refusal:
        await _end(shop, scope, key, changed=False)
        raise
    finally:  # whatever became of it: what is forgotten without need is only read again
        await shop.shelf.forget(scope)
    await _end(shop, scope, key, changed=edit.changed)


@asynccontextmanager
async def within_reach(followed: FollowedImport) -> AsyncIterator[FollowedImport]:
    """An import, or `ServiceBusy` before anything of it changed."""
    await answer_of(followed.__aenter__())
    async with AsyncExitStack() as stack:
        stack.push_async_exit(followed.__aexit__)
        yield followed


async def _end(shop: Services, scope: Scope, key: str, *, changed: bool) -> None:
    try:
        await asyncio.wait_for(shop.following.ended(scope, key, changed=changed), _END_WITHIN)
    except (RPCError, TimeoutError) as fault:  # the process looks by itself in some seconds
        _log.warning("the end of an edit of %s was not heard: %r", scope.words, fault)
