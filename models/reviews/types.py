"""What a review is."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from models.shared import Frozen, Instant
from models.shared.ids import OrderId, ReviewId, SkuId, SpuId, UserId, WordId

_NO_NUL = r"^[^\x00]*$"
MOST_PICTURES = 9
Stars = Annotated[int, Field(ge=1, le=5)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=_NO_NUL)]
SaidOrNot = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=1000, pattern=_NO_NUL),
    Field(description="May be empty: stars can stand without words."),
]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=_NO_NUL)]
PictureName = Annotated[
    str, StringConstraints(pattern=r"^[a-f0-9]{64}\.webp$"), Field(examples=[f"{'7130c22af8cd9015' * 4}.webp"])
]
Pictures = Annotated[tuple[PictureName, ...], Field(max_length=MOST_PICTURES)]


class Part(StrEnum):
    """A review is written once and may be followed up once; both are read, held and appealed by themselves."""

    MAIN = "main"
    FOLLOW_UP = "follow_up"


class PartState(StrEnum):
    """Who sees a part. Only what is published is seen by others; its author sees it in every state."""

    PUBLISHED = "published"
    HELD = "held"
    """Waits for an operator."""
    REJECTED = "rejected"
    REMOVED = "removed"
    """By its author; the words and pictures are gone."""


class HeldFor(StrEnum):
    """Why a part waits for an operator."""

    WORDS = "words"
    REPORTS = "reports"
    APPEAL = "appeal"


class Verdict(StrEnum):
    """What becomes of a text, and of a word found in it: the strictest word decides."""

    PASS = "pass"
    """Of a word: it is innocent, and so is whatever is found inside it."""
    MASK = "mask"
    HOLD = "hold"
    REJECT = "reject"

    @property
    def strictness(self) -> int:
        """From 0, which lets everything through."""
        return list(Verdict).index(self)


class How(StrEnum):
    """How a word stood in the text."""

    PLAIN = "plain"
    DISGUISED = "disguised"
    """With something between its letters."""
    HOMOPHONE = "homophone"


class Finding(Frozen):
    """A word found in a text, by the letters from `start` up to `end` of it as it was written."""

    word: str
    verdict: Verdict
    start: int
    end: int
    how: How


class Judgement(Frozen):
    """What the list of words says about a text. `shown` is what others may read if it is published."""

    verdict: Verdict
    shown: str
    findings: tuple[Finding, ...]
    version: int
    """Of the list of words."""


class ReviewPart(Frozen):
    """One text with its pictures."""

    part: Part
    text: str
    shown: str
    pictures: tuple[PictureName, ...]
    state: PartState
    held_for: HeldFor | None = None
    findings: tuple[Finding, ...] = ()
    words_version: int
    """Which version of the list of words it was read with."""
    written_at: Instant
    decided_by: str | None = None
    """The operator who decided last; None while only the list of words did."""
    decided_at: Instant | None = None
    decided_why: str | None = None
    """Told to its author."""
    appeal: str | None = None
    """What its author says against a rejection; once."""


class Reply(Frozen):
    """What the shop answers, seen by everyone."""

    text: str
    by: UserId
    at: Instant


class Review(Frozen):
    """A review as its database keeps it. `version` counts every change of it but votes and reports."""

    review_id: ReviewId
    order_id: OrderId
    line_no: int
    user_id: UserId
    author: str
    """The name others see: the first and the last letter of the author's, or none of it."""
    sku_id: SkuId
    spu_id: SpuId
    title: str
    options: str
    stars: Stars
    main: ReviewPart
    follow_up: ReviewPart | None = None
    reply: Reply | None = None
    useful: int = 0
    """How many found it useful."""
    reports: int = 0
    """How many reported it since an operator last decided."""
    posted_at: Instant
    edited_at: Instant | None = None
    version: int


class RatingSummary(Frozen):
    """How buyers rate a product: published reviews only, exact."""

    spu_id: SpuId
    count: int
    by_stars: Annotated[tuple[int, ...], Field(min_length=5, max_length=5)]
    """How many gave one star, two, … five."""
    with_pictures: int

    @property
    def average(self) -> float | None:
        """To two decimals; None before the first review."""
        if self.count == 0:
            return None
        return round(sum(stars * many for stars, many in enumerate(self.by_stars, 1)) / self.count, 2)


class ReviewOrder(StrEnum):
    """How the reviews of a product are sorted."""

    NEWEST = "newest"
    USEFUL = "useful"


class ReportReason(StrEnum):
    """Why a reader reports a review."""

    ADVERTISING = "advertising"
    ABUSE = "abuse"
    FALSE = "false"
    PRIVACY = "privacy"
    OTHER = "other"


class Report(Frozen):
    """What a reader holds against a review."""

    by: UserId
    reason: ReportReason
    note: str
    at: Instant
    open: bool
    """False once an operator has decided about the review."""


class WordTerms(Frozen):
    """One entry of the list of words, as an operator writes it.

    A word of Latin letters is found between word boundaries only; a `*` at its start or end lets letters stand there. Case,
    width, accents, traditional forms, look-alike letters and whatever stands between the letters are seen through.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"text": "加微信", "verdict": "hold", "homophones": True, "note": "", "active": True}]
        }
    )

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=_NO_NUL)]
    verdict: Verdict
    homophones: bool = False
    """Whether Chinese characters that sound the same count too, and the word in pinyin."""
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=_NO_NUL)] = ""
    active: bool = True


class Word(Frozen):
    """An entry of the list of words at one version of it."""

    word_id: WordId
    terms: WordTerms
    version: int
    changed_by: UserId
    changed_at: Instant


class SummaryBreak(Frozen):
    """A product whose rating summary does not say what its reviews add up to."""

    spu_id: SpuId
    detail: str
