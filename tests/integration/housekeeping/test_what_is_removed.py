"""What was kept long enough is removed, and nothing else."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.housekeeping import HousekeepingActivities
from hanse.blobs import LocalBlobs
from hanse.database import Database
from hanse.sealing import Seal
from hanse.settings import Settings
from models.housekeeping.messages import Sweep, Swept
from models.housekeeping.types import Chore, Keeping
from models.notifications.types import Language, Notice, Template
from models.reviews.errors import PictureUnknown
from models.shared.ids import MediaId, SessionId, UserId, WebhookDeliveryId, WebhookEndpointId
from models.shared.refusals import NotFound
from models.users.rules import LONGEST_SESSION
from models.webhooks.messages import DeliveryInput
from models.webhooks.types import Attempt, EndpointTerms, Message
from stores.aftersales import AftersaleStore, EvidenceStore
from stores.idempotency import RETENTION, IdempotencyStore
from stores.notifications import NoticeStore
from stores.products import MediaStore
from stores.reviews import ReviewPictures, ReviewStore, WordStore
from stores.users.old_sessions import OldSessions
from stores.webhooks import DeliveryStore, EndpointStore
from tests.conftest import OpenDatabase
from tests.databases import MigratedCopies
from tests.integration.aftersales.desk import Desk as Cases
from tests.integration.products.catalogue import picture
from tests.integration.reviews.desk import Desk as Reviews
from tests.integration.reviews.desk import user

NOW = datetime.now(UTC)
KEEP = Keeping(**Settings(environment="test").keeping)
DAY = timedelta(days=1)
ANNA = UserId.derive(NOW, "anna")


@dataclass
class House:
    """Every store with something old in it."""

    steps: HousekeepingActivities
    notices: NoticeStore
    deliveries: DeliveryStore
    endpoints: EndpointStore
    reviews: Reviews
    pictures: ReviewPictures
    media: MediaStore
    cases: Cases
    requests: IdempotencyStore
    users: Database
    blobs: LocalBlobs

    async def sweep(self, chore: Chore, at: datetime) -> int:
        """How many are removed at that time; the batch was not full."""
        swept = await self.steps.sweep(Sweep(chore=chore, at=at))
        assert swept == Swept(removed=swept.removed, more=False)
        return swept.removed


@pytest.fixture(scope="module")
async def house(migrated_copies: MigratedCopies, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One for all tests: each chore is done in one of them only."""
    async with AsyncExitStack() as stack:

        async def database(domain: str) -> Database:
            return await stack.enter_async_context(migrated_copies.lent(domain))

        yield await _house(database, tmp_path_factory.mktemp("blobs"))


async def _house(database: OpenDatabase, folder: Path) -> House:
    notifications, reviews, users = await database("notifications"), await database("reviews"), await database("users")
    aftersales, blobs = await database("aftersales"), LocalBlobs(folder / "media")
    evidence = EvidenceStore(aftersales, LocalBlobs(folder / "evidence"))
    words, pictures = WordStore(reviews), ReviewPictures(reviews, blobs)
    notices, deliveries = NoticeStore(notifications), DeliveryStore(notifications)
    media, requests = MediaStore(await database("products"), blobs), IdempotencyStore(await database("ops"))
    steps = HousekeepingActivities(
        KEEP,
        notices=notices,
        deliveries=deliveries,
        review_pictures=pictures,
        media=media,
        evidence=evidence,
        requests=requests,
        sessions=OldSessions(users),
    )
    return House(
        steps,
        notices,
        deliveries,
        EndpointStore(notifications, Seal(bytes(32))),
        Reviews(ReviewStore(reviews, words, reports_to_hold=3), words, reviews),
        pictures,
        media,
        Cases(AftersaleStore(aftersales), evidence),
        requests,
        users,
        blobs,
    )


async def test_notices_requests_and_sessions_go_when_their_time_has_passed(house: House) -> None:
    for days in (0, 1):
        await house.notices.keep_once(
            Notice(
                cause=f"cause {days}",
                user_id=ANNA,
                template=Template.ORDER_PAID,
                language=Language.EN,
                channel="email",
                at=NOW + days * DAY,
            )
        )
        await house.requests.take_on(secrets.token_bytes(32), bytes(32), NOW + days * DAY, DAY)
        await logged_in(house.users, NOW + days * DAY)
    half = DAY / 2
    for chore, kept_for in (
        (Chore.NOTICES, KEEP.notices),
        (Chore.REMEMBERED_REQUESTS, RETENTION),
        (Chore.SESSIONS, KEEP.sessions + LONGEST_SESSION),
    ):
        assert await house.sweep(chore, NOW + kept_for - half) == 0
        assert [await house.sweep(chore, NOW + kept_for + half) for _ in range(2)] == [1, 0]
    assert [notice.cause for notice in await house.notices.sent_to(ANNA, limit=5)] == ["cause 1"]
    assert await house.users.pool.fetchval("SELECT count(*) FROM refresh_tokens") == 1


async def test_a_delivery_goes_with_its_tries_once_it_has_ended(house: House) -> None:
    endpoint = WebhookEndpointId.derive(NOW, "endpoint")
    await house.endpoints.register(endpoint, EndpointTerms(url="https://example.com/"), bytes(32), ANNA, NOW)
    ended, waiting = (delivery(endpoint, name) for name in ("ended", "waiting"))
    for each in (ended, waiting):
        await house.deliveries.open_once(each)
    tried = Attempt(number=1, at=NOW, status=200, failure=None, duration_ms=1, excerpt="")
    await house.deliveries.record(ended, tried, last=False)
    assert await house.sweep(Chore.WEBHOOK_DELIVERIES, NOW + KEEP.webhook_deliveries - DAY) == 0
    assert await house.sweep(Chore.WEBHOOK_DELIVERIES, NOW + KEEP.webhook_deliveries + DAY) == 1
    assert [each.delivery_id for each in await house.deliveries.page(endpoint, limit=5)] == [waiting.delivery_id]
    assert await house.deliveries.attempts(ended.delivery_id) == []


async def test_a_picture_that_no_review_ever_had_goes_unless_others_show_the_same(house: House) -> None:
    anna, bob = user("Anna"), user("Bob")
    unused, used, twice, shown = [
        await house.pictures.keep(picture(colour=colour), anna, NOW) for colour in ("red", "green", "blue", "black")
    ]
    await house.pictures.keep(picture(colour="blue"), bob, NOW + 2 * DAY)
    await house.media.keep(picture(colour="black"), MediaId.derive(NOW, "shown"), NOW)
    review = await house.reviews.post("Anna", pictures=(used.name,))
    await house.reviews.edit(review, pictures=())
    assert await house.sweep(Chore.REVIEW_PICTURES, NOW + KEEP.unused_pictures - DAY) == 0
    assert await house.sweep(Chore.REVIEW_PICTURES, NOW + KEEP.unused_pictures + DAY) == 3
    left = [each for each in (unused, used, twice, shown) if await house.blobs.get(each.name) is not None]
    assert left == [used, twice, shown]
    assert await house.blobs.get(unused.small_url.removeprefix("/media/")) is None
    with pytest.raises(PictureUnknown):
        await house.reviews.edit(await house.reviews.store.review(review.review_id), pictures=(unused.name,))


async def test_evidence_that_no_case_has_goes_and_that_of_a_case_stays(house: House) -> None:
    taken, left = await house.cases.upload(picture(colour="red")), await house.cases.upload(picture(colour="green"))
    await house.cases.open(taken.evidence_id)
    at = max(datetime.now(UTC), left.uploaded_at) + KEEP.unused_pictures + DAY
    assert [await house.sweep(Chore.EVIDENCE, at) for _ in range(2)] == [1, 0]
    assert await house.cases.pictures.read(taken, small=True)
    for read in (house.cases.pictures.find(left.evidence_id), house.cases.pictures.read(left, small=False)):
        with pytest.raises(NotFound):
            await read


async def test_bytes_that_somebody_put_again_meanwhile_stay(tmp_path: Path) -> None:
    blobs, name = LocalBlobs(tmp_path), f"{'ab' * 32}.webp"
    await blobs.put(name, b"a picture")
    assert not await blobs.remove(name, untouched_since=NOW - DAY)
    assert await blobs.get(name) == b"a picture"
    assert await blobs.remove(name, untouched_since=datetime.now(UTC) + DAY)
    assert await blobs.get(name) is None
    assert not await blobs.remove(name, untouched_since=NOW + DAY)
    assert files_in(tmp_path) == []


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def delivery(endpoint: WebhookEndpointId, name: str) -> DeliveryInput:
    message = Message(message_id=name, event_type="hanse.x.y.v1", event_id=name, body="{}", occurred_at=NOW)
    delivery_id = WebhookDeliveryId.derive(NOW, endpoint, name)
    return DeliveryInput(delivery_id=delivery_id, endpoint_id=endpoint, message=message, asked_at=NOW)


async def logged_in(users: Database, at: datetime) -> None:
    user_id, session_id = (kind.mint(at, secrets.token_bytes(10)) for kind in (UserId, SessionId))
    await users.pool.execute(
        """
        INSERT INTO users (id, email, display_name, status, password_hash, created_at, updated_at)
        VALUES ($1, $2, 'Anna', 'active', '', $3, $3)
        """,
        *(user_id, f"{user_id}@example.com", at),
    )
    await users.pool.execute(
        """
        INSERT INTO sessions (id, user_id, device_address, device_agent, created_at, last_used_at, expires_at)
        VALUES ($1, $2, '', '', $3, $3, $3)
        """,
        *(session_id, user_id, at),
    )
    await users.pool.execute(
        "INSERT INTO refresh_tokens (hash, session_id, issued_at) VALUES ($1, $2, $3)",
        *(secrets.token_bytes(32), session_id, at),
    )
