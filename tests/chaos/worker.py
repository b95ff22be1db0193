"""`python -m tests.chaos.worker`: the worker of the shop, with one more pair of ears.

It is the same worker as in production. When a conductor listens (HANSE_CHAOS_SOCKET names a socket that exists), every step
tells it that it begins, and that its effect is done, and goes on when it is told to. Nobody listening costs nothing.
"""

import asyncio
import json
import os
import re
from typing import Any

from pydantic import BaseModel
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from hanse.settings import Settings
from workers.main import run

SOCKET = "HANSE_CHAOS_SOCKET"
_ID = re.compile(r"\b[a-z]{2,3}_[0-9a-hjkmnp-tv-z]{26}\b")


class Telling(Interceptor):
    """Tells the conductor of each step, before and after."""

    def __init__(self, socket: str) -> None:
        self._socket = socket

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Telling(super().intercept_activity(next), self._socket)


class _Telling(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, socket: str) -> None:
        super().__init__(inner)
        self._socket = socket

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        if not self._socket or not os.path.exists(self._socket):  # noqa: ASYNC240 - of a socket in memory
            return await super().execute_activity(input)
        await self._tell("before", input.args)
        try:
            return await super().execute_activity(input)
        finally:
            await self._tell("after", ())

    async def _tell(self, at: str, args: Any) -> None:
        info = activity.info()
        told = {
            "at": at,
            "saga": info.workflow_type,
            "step": info.activity_type,
            "workflow_id": info.workflow_id,
            "activity_id": info.activity_id,
            "attempt": info.attempt,
            "ids": sorted({info.workflow_id or "", *_ID.findall(info.workflow_id or ""), *_ids_in(args)}),
        }
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket)
        except OSError:
            return  # the conductor has left
        try:
            writer.write(json.dumps(told).encode() + b"\n")
            await reader.readline()
        except OSError:
            return
        finally:
            writer.close()


def _ids_in(args: Any) -> set[str]:
    texts = [arg.model_dump_json() for arg in args if isinstance(arg, BaseModel)]
    return {found for text in texts for found in _ID.findall(text)}


if __name__ == "__main__":
    settings = Settings()
    run(settings, current=bool(settings.worker_version), listening=[Telling(os.environ.get(SOCKET, ""))])
