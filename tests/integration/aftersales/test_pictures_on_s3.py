"""The storage on S3, against a server that speaks its protocol: signed requests, objects by key."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hanse.blobs import LocalBlobs, ObjectBlobs, open_blobs
from hanse.settings import Settings
from hanse.stack.ports import Ports

NAME = "ab" * 32 + ".webp"


@dataclass
class Bucket:
    """Just enough of S3: PUT, GET and removal of whole objects, and a look at who signed."""

    endpoint: str
    objects: dict[str, bytes] = field(default_factory=dict)
    signed_by: set[str] = field(default_factory=set)

    async def answer(self, request: Request) -> Response:
        signature = request.headers.get("authorization", "")
        found = re.match(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/s3/aws4_request", signature)
        if found is None:
            return Response(status_code=403)
        self.signed_by.add("/".join(found.groups()))
        if request.method == "POST":  # the client removes objects by lists
            gone = re.findall(r"<Key>(.*?)</Key>", (await request.body()).decode())
            for key in gone:
                self.objects.pop(f"{request.url.path}/{key}")
            deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in gone)
            return Response(f"<DeleteResult>{deleted}</DeleteResult>", media_type="application/xml")
        if request.method == "PUT":
            self.objects[request.url.path] = await request.body()
            return Response(headers={"etag": '"1"'})
        content = self.objects.get(request.url.path)
        if content is None:
            return Response("<Error><Code>NoSuchKey</Code></Error>", status_code=404, media_type="application/xml")
        return Response(content, headers={"etag": '"1"', "last-modified": "Sun, 22 Nov 2026 09:00:00 GMT"})


@pytest.fixture
async def bucket() -> AsyncIterator[Bucket]:
    port = Ports.free().api
    bucket = Bucket(f"http://127.0.0.1:{port}")
    app = Starlette(routes=[Route("/{path:path}", bucket.answer, methods=["GET", "PUT", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield bucket
    server.should_exit = True
    await serving


async def test_bytes_go_to_the_bucket_come_back_and_are_removed_unless_put_again(bucket: Bucket) -> None:
    blobs = open_blobs(
        Settings(
            environment="test",
            blobs_url="s3://pictures/shop",
            blobs_s3_endpoint=bucket.endpoint,
            blobs_s3_region="eu-central-1",
            blobs_s3_access_key_id="key",
            blobs_s3_secret_access_key="secret",
        ),
        "evidence",
    )
    assert isinstance(blobs, ObjectBlobs)
    await blobs.put(NAME, b"a picture")
    await blobs.put(NAME, b"a picture")
    assert bucket.objects == {f"/pictures/shop/evidence/{NAME}": b"a picture"}
    assert await blobs.get(NAME) == b"a picture"
    assert await blobs.get("cd" * 32 + ".webp") is None
    assert await blobs.get("../secrets.env") is None
    assert bucket.signed_by == {"key/eu-central-1"}
    put_at = datetime(2026, 11, 22, 9, tzinfo=UTC)  # as the bucket says of every object
    assert not await blobs.remove(NAME, untouched_since=put_at)
    assert await blobs.remove(NAME, untouched_since=put_at + timedelta(seconds=1))
    assert not await blobs.remove(NAME, untouched_since=put_at + timedelta(seconds=1))
    assert bucket.objects == {}


def test_a_storage_that_nobody_knows_is_an_error_at_start(tmp_path: Path) -> None:
    assert isinstance(open_blobs(Settings(environment="test", blobs_url=f"file://{tmp_path}"), "media"), LocalBlobs)
    with pytest.raises(ValueError, match="HANSE_BLOBS_URL"):
        open_blobs(Settings(environment="test", blobs_url="ftp://somewhere"), "media")
