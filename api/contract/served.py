"""`/openapi.json`: what `app.openapi()` says, written by a process of its own.

To write it takes seconds in which nobody would be answered, and leaves 30 MB behind of what it is made from. So it is written
elsewhere, the first time somebody asks, and only its two megabytes are kept.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE

from fastapi import FastAPI, Response

from hanse.settings import Settings

_PATIENCE = 120.0
"""Seconds; a busy machine takes twenty."""


class WrittenElsewhere:
    """The document as bytes, the same for all who ask."""

    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._turn = asyncio.Lock()
        self._written: bytes | None = None

    async def document(self) -> bytes:
        """The document; who asks while it is being written waits for it. RuntimeError with what the writer said when it
        could not; the next one who asks tries again."""
        async with self._turn:
            if self._written is None:
                async with asyncio.timeout(_PATIENCE):
                    self._written = await self._write()
            return self._written

    async def _write(self) -> bytes:
        environment = {**os.environ, "HANSE_ENVIRONMENT": self._environment}
        writer = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "api.openapi"), stdout=PIPE, stderr=PIPE, env=environment
        )
        try:
            written, complaint = await writer.communicate()
        finally:
            if writer.returncode is None:
                writer.kill()
        if writer.returncode != 0:
            raise RuntimeError(
                f"the OpenAPI document could not be written:\n{complaint.decode(errors='replace')[-2000:]}"
            )
        return written


def mount(app: FastAPI, settings: Settings) -> None:
    """The document at `/openapi.json`."""
    elsewhere = WrittenElsewhere(settings.environment)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(await elsewhere.document(), media_type="application/json")
