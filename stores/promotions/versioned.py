"""What rules, campaigns and purchase limits have in common: terms in versions that are kept for ever, and a status.

Of every kind one row is the newest version, and a `…_versions` table has them all. A status is no version: it says whether
the terms are offered, not what they are.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from asyncpg import ForeignKeyViolationError, Record
from pydantic import BaseModel

from hanse.database import Connection, Database
from models.promotions.errors import PromotionOver, PromotionTermsInvalid
from models.promotions.terms import check_step
from models.promotions.types import RuleStatus, TermsVersion
from models.shared.ids import CampaignId, Id, UserId
from models.shared.refusals import NotFound, StaleVersion

TermsT = TypeVar("TermsT", bound=BaseModel)
KeptT = TypeVar("KeptT")
KeyT = TypeVar("KeyT", bound=Id)


class Versioned(ABC, Generic[KeyT, TermsT, KeptT]):
    """One kind of thing with versioned terms."""

    table: ClassVar[str]
    history: ClassVar[str]
    key: ClassVar[str]
    noun: ClassVar[str]
    in_campaigns: ClassVar[bool] = True
    _reads: type[TermsT]

    def __init__(self, db: Database) -> None:
        self._db = db

    @abstractmethod
    def _check(self, terms: TermsT) -> None:
        """Refuse terms that make no sense (`PromotionTermsInvalid`)."""

    @abstractmethod
    def _repeated(self, terms: TermsT) -> Mapping[str, object]:
        """The columns that repeat parts of the terms."""

    @abstractmethod
    def _kept(self, row: Record) -> KeptT:
        """The value of a row."""

    def _at_first(self, terms: TermsT) -> Mapping[str, object]:
        """Columns that only a new row sets."""
        del terms
        return {}

    def _check_revision(self, row: Record, terms: TermsT) -> None:
        """Refuse new terms that do not fit what happened under the old ones."""
        del row, terms

    async def create(self, key: KeyT, terms: TermsT, by: UserId, now: datetime) -> KeptT:
        """A new draft at version 1, once: the same id again gives the thing as it is now. `PromotionTermsInvalid`."""
        self._check(terms)
        columns = {
            self.key: key,
            "version": 1,
            "status": RuleStatus.DRAFT.value,
            "terms": terms.model_dump(mode="json"),
            "created_at": now,
            "changed_at": now,
            **self._repeated(terms),
            **self._at_first(terms),
        }
        places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
        try:
            async with self._db.transaction() as tx:
                created = await tx.fetchval(
                    f"INSERT INTO {self.table} ({', '.join(columns)}) VALUES ({places}) "
                    f"ON CONFLICT ({self.key}) DO NOTHING RETURNING true",
                    *columns.values(),
                )
                if created:
                    await self._remember(tx, key, 1, terms, by, now)
        except ForeignKeyViolationError as missing:
            raise _campaign_unknown() from missing
        return await self.get(key)

    async def revise(self, key: KeyT, version: int, terms: TermsT, by: UserId, now: datetime) -> KeptT:
        """New terms as a new version, if the newest is still `version`; the same terms again make none.

        Under the row's lock. Refuses with `NotFound`, `StaleVersion`, `PromotionOver`, `PromotionTermsInvalid`.
        """
        self._check(terms)
        try:
            async with self._db.transaction() as tx:
                row = await self._lock(tx, key, version)
                if row["status"] == RuleStatus.ENDED:
                    raise PromotionOver(f"This {self.noun} has ended for good; make a new one.")
                if self._reads.model_validate(row["terms"]).model_dump() == terms.model_dump():
                    return self._kept(row)
                self._check_revision(row, terms)
                columns = {"terms": terms.model_dump(mode="json"), "changed_at": now, **self._repeated(terms)}
                change = ", ".join(f"{column} = ${n}" for n, column in enumerate(columns, 2))
                changed = await tx.fetchrow(
                    f"UPDATE {self.table} SET version = version + 1, {change} WHERE {self.key} = $1 RETURNING *",
                    key,
                    *columns.values(),
                )
                assert changed is not None
                await self._remember(tx, key, changed["version"], terms, by, now)
                return self._kept(changed)
        except ForeignKeyViolationError as missing:
            raise _campaign_unknown() from missing

    async def set_status(self, key: KeyT, version: int, status: RuleStatus, now: datetime) -> KeptT:
        """Offer it, pause it or end it for good, decided on `version` of its terms; the status it has already changes nothing.

        Under the row's lock. Refuses with `NotFound`, `StaleVersion`, `PromotionOver`, `PromotionStepIllegal`.
        """
        async with self._db.transaction() as tx:
            row = await self._lock(tx, key, version)
            if row["status"] == status:
                return self._kept(row)
            check_step(RuleStatus(row["status"]), status)
            changed = await tx.fetchrow(
                f"UPDATE {self.table} SET status = $2, changed_at = $3 WHERE {self.key} = $1 RETURNING *",
                key,
                status.value,
                now,
            )
            assert changed is not None
            return self._kept(changed)

    async def get(self, key: KeyT) -> KeptT:
        """The newest version; `NotFound`."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow(f"SELECT * FROM {self.table} WHERE {self.key} = $1", key)
        if row is None:
            raise self._unknown(key)
        return self._kept(row)

    async def page(
        self,
        *,
        limit: int,
        before: KeyT | None = None,
        status: RuleStatus | None = None,
        campaign_id: CampaignId | None = None,
    ) -> list[KeptT]:
        """Newest first, those that are older than `before`; of one status, of one campaign."""
        in_campaign = "AND ($4::text IS NULL OR campaign_id = $4)" if self.in_campaigns else "AND $4::text IS NULL"
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"""
                SELECT * FROM {self.table}
                WHERE ($2::text IS NULL OR {self.key} < $2) AND ($3::text IS NULL OR status = $3) {in_campaign}
                ORDER BY {self.key} DESC LIMIT $1
                """,
                limit,
                before,
                status.value if status else None,
                campaign_id,
            )
        return [self._kept(row) for row in rows]

    async def versions(self, key: KeyT, *, limit: int, before: int | None = None) -> list[TermsVersion[TermsT]]:
        """Every version of the terms, newest first, those before version `before`; `NotFound`."""
        async with self._db.reader() as connection:
            rows: Sequence[Record] = await connection.fetch(
                f"""
                SELECT version, terms, decided_at, decided_by FROM {self.history}
                WHERE {self.key} = $1 AND ($3::int IS NULL OR version < $3) ORDER BY version DESC LIMIT $2
                """,
                key,
                limit,
                before,
            )
        if not rows and before is None:
            raise self._unknown(key)
        return [
            TermsVersion(
                version=row["version"],
                terms=self._reads.model_validate(row["terms"]),
                decided_at=row["decided_at"],
                decided_by=UserId(row["decided_by"]),
            )
            for row in rows
        ]

    async def _lock(self, tx: Connection, key: KeyT, version: int) -> Record:
        row: Record | None = await tx.fetchrow(
            f"SELECT * FROM {self.table} WHERE {self.key} = $1 FOR NO KEY UPDATE", key
        )
        if row is None:
            raise self._unknown(key)
        if row["version"] != version:
            raise StaleVersion(
                f"It is at version {row['version']} now, not {version}; read it again and decide anew.",
                current_version=row["version"],
            )
        return row

    async def _remember(
        self, tx: Connection, key: KeyT, version: int, terms: TermsT, by: UserId, now: datetime
    ) -> None:
        await tx.execute(
            f"INSERT INTO {self.history} ({self.key}, version, terms, decided_at, decided_by) VALUES ($1, $2, $3, $4, $5)",
            key,
            version,
            terms.model_dump(mode="json"),
            now,
            by,
        )

    def _unknown(self, key: KeyT) -> NotFound:
        return NotFound(f"There is no {self.noun} {key}; look it up in the list.")


def common_fields(row: Record) -> dict[str, Any]:
    """What every kind tells of its row, beside its id and terms."""
    return {name: row[name] for name in ("version", "status", "created_at", "changed_at")}


def _campaign_unknown() -> PromotionTermsInvalid:
    return PromotionTermsInvalid("There is no such campaign; create it first.", field="campaign_id")
