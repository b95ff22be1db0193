"""The list of words that reviews are read for. A change is in force for the next text that is read, in every process."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.edge.audit import Audit
from api.edge.idempotency import Once, idempotent_router
from api.edge.identity import operator
from api.edge.paging import Cursor, Limit, Page, page, read_cursor
from api.edge.problems import refusals
from api.edge.versions import ExpectedVersion, IfMatchMissing, with_etag
from api.edge.wired import Wired
from api.reviews.schemas import TrialRequest
from models.reviews.errors import WordEmpty, WordTaken
from models.reviews.types import Judgement, Verdict, Word, WordTerms
from models.shared.ids import WordId
from models.shared.refusals import InvalidRequest, NotFound, StaleVersion
from models.users.errors import NotAuthenticated, PermissionMissing
from models.users.types import Identity

router = APIRouter(prefix="/v1/operators/moderation-words", tags=["operators"])
adding = idempotent_router(prefix="/v1/operators/moderation-words", tags=["operators"])
WordOperator = Annotated[Identity, operator("service", "ops")]
_READ = (NotAuthenticated, PermissionMissing)
_WORD = (WordEmpty, WordTaken)


@adding.post("", status_code=201, summary="Add a word", responses=refusals(*_READ, *_WORD))
async def add_word(
    ask: WordTerms, who: WordOperator, errand: Once, response: Response, shop: Wired, trail: Audit
) -> Word:
    """`pass` words are innocent and protect what is found inside them; the others mask, hold or reject a text."""
    word_id = WordId.derive(errand.first_seen_at, errand.caller, errand.key)
    async with trail.action(who, "reviews.add_word", word_id, **ask.model_dump(mode="json")):
        return with_etag(await shop.words.add(word_id, ask, who.user_id, errand.first_seen_at), response)


@router.get("", summary="The list of words", responses=refusals(*_READ, InvalidRequest))
async def list_words(
    _who: WordOperator,
    shop: Wired,
    like: Annotated[str, Query(max_length=60, description="Only words with this in them.")] = "",
    verdict: Verdict | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Word]:
    """Newest first, those that are switched off, too."""
    found = await shop.words.page(limit=limit + 1, before=read_cursor(cursor, WordId), like=like, verdict=verdict)
    return page(found, limit, lambda word: word.word_id, lambda word: word)


@router.post("/trial", summary="Try the list on a text", responses=refusals(*_READ))
async def try_words(ask: TrialRequest, _who: WordOperator, shop: Wired) -> Judgement:
    """What would become of it as a review, which words are found and how they are disguised."""
    return (await shop.words.current()).judge(ask.text)


@router.get("/{word_id}", summary="A word", responses=refusals(*_READ, NotFound))
async def show_word(word_id: WordId, _who: WordOperator, response: Response, shop: Wired) -> Word:
    """Its ETag is what a revision must name."""
    return with_etag(await shop.words.get(word_id), response)


@router.get("/{word_id}/versions", summary="Every version of a word", responses=refusals(*_READ, NotFound))
async def list_word_versions(word_id: WordId, _who: WordOperator, shop: Wired) -> list[Word]:
    """Newest first, each with who wrote it and when."""
    await shop.words.get(word_id)
    return await shop.words.versions(word_id)


@router.put(
    "/{word_id}",
    summary="Revise a word",
    responses=refusals(*_READ, *_WORD, NotFound, IfMatchMissing, StaleVersion, InvalidRequest),
)
async def revise_word(
    word_id: WordId,
    ask: WordTerms,
    version: ExpectedVersion,
    who: WordOperator,
    response: Response,
    shop: Wired,
    trail: Audit,
) -> Word:
    """`active: false` switches it off; it stays in the list with its versions. To roll back, write an old version again."""
    async with trail.action(who, "reviews.revise_word", word_id, **ask.model_dump(mode="json")):
        return with_etag(await shop.words.revise(word_id, version, ask, who.user_id, shop.clock()), response)
