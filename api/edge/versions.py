"""Two operators who edit one thing: `ETag` on reading, `If-Match` on writing, 412 for the one who comes second."""

import re
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Header, Response

from api.edge.problems import may_refuse
from models.shared import Refusal
from models.shared.refusals import InvalidRequest, StaleVersion

_ETAG = re.compile(r'^"?([0-9]{1,9})"?$')


class Versioned(Protocol):
    """What operators edit."""

    @property
    def version(self) -> int:
        """Counts its edits."""


VersionedT = TypeVar("VersionedT", bound=Versioned)


class IfMatchMissing(Refusal):
    """This edit takes the ETag of what was read, so that nobody's change is lost unseen."""

    code = "if_match_missing"
    title = "If-Match is missing"


@may_refuse(IfMatchMissing, StaleVersion, InvalidRequest)
async def _version(
    if_match: Annotated[str | None, Header(description='The `ETag` of the thing as you read it, like `"3"`.')] = None,
) -> int:
    if if_match is None:
        raise IfMatchMissing("Read the thing first and send its ETag as If-Match.")
    match = _ETAG.match(if_match.strip())
    if match is None:
        raise InvalidRequest('If-Match takes one strong ETag as we gave it out, like "3".', field="if-match")
    return int(match.group(1))


ExpectedVersion = Annotated[int, Depends(_version)]
"""The version the caller read; a store method compares it under its lock."""


def set_etag(response: Response, version: int) -> None:
    """Tell the version that a later If-Match must name."""
    response.headers["ETag"] = f'"{version}"'


def with_etag(kept: VersionedT, response: Response) -> VersionedT:
    """What is kept as the answer, and its version as the ETag."""
    set_etag(response, kept.version)
    return kept
