"""What the sandbox channel sent, for developers. Not mounted in production."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.edge.problems import refusals
from api.edge.wired import Wired
from api.users.schemas import SentMessage
from models.users.errors import ContactMalformed
from models.users.rules import parse_contact

router = APIRouter(prefix="/v1/dev", tags=["development"])


@router.get("/outbox", summary="Messages the sandbox sent", responses=refusals(ContactMalformed))
async def list_messages(
    shop: Wired,
    to: Annotated[str | None, Query(max_length=254, description="Only those to this e-mail or phone.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[SentMessage]:
    """The newest first. This is where verification codes are found on a developer's machine."""
    contact = parse_contact(to).value if to else None
    messages = await shop.outbox.latest(contact, limit)
    return [SentMessage(to=message.to.value, subject=message.subject, text=message.text) for message in messages]
