"""The list of words that reviews are read for, every version of each, and the judge that knows the list as it is now."""

import asyncio
from collections.abc import Sequence

import asyncpg

from hanse.database import Connection, Database
from models.reviews.errors import WordTaken
from models.reviews.moderation import Judge, looked_for
from models.reviews.types import Verdict, Word, WordTerms
from models.shared import Instant
from models.shared.ids import UserId, WordId
from models.shared.refusals import NotFound, StaleVersion

_TERMS = ("text", "verdict", "homophones", "note", "active")


class WordStore:
    """A change is in force when it is committed: whoever reads a text asks for the version of the list first (one row), and
    builds the automata anew when it is another one. No process holds an old list for longer than the text in its hands."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._judge: Judge | None = None
        self._building = asyncio.Lock()

    async def current(self) -> Judge:
        """The judge of the list as it is now."""
        judge = self._judge
        if judge is not None and judge.version == await self._version():
            return judge
        async with self._building:
            version, words = await self._list()
            if self._judge is None or self._judge.version != version:
                self._judge = await asyncio.to_thread(Judge, words, version)
            return self._judge

    async def add(self, word_id: WordId, terms: WordTerms, by: UserId, at: Instant) -> Word:
        """A new entry, once: the same id again gives the entry as it is now. `WordEmpty`, `WordTaken`."""
        async with self._db.transaction() as tx:
            list_version = await _next_version(tx)
            known = await tx.fetchrow("SELECT * FROM moderation_words WHERE word_id = $1", word_id)
            if known is not None:
                return _word(known)
            return await _write(tx, word_id, terms, 1, list_version, by, at)

    async def fill_once(self, entries: Sequence[tuple[WordId, WordTerms]], by: UserId, at: Instant) -> bool:
        """Put these on a list that nobody ever wrote on, all or none; False when somebody has."""
        async with self._db.transaction() as tx:
            list_version = await _next_version(tx)
            if list_version > 1:
                return False
            for word_id, terms in entries:
                await _write(tx, word_id, terms, 1, list_version, by, at)
        return True

    async def revise(self, word_id: WordId, version: int, terms: WordTerms, by: UserId, at: Instant) -> Word:
        """The entry at this version says something else from now on. `NotFound`, `StaleVersion`, `WordEmpty`, `WordTaken`."""
        async with self._db.transaction() as tx:
            list_version = await _next_version(tx)
            known = await tx.fetchval("SELECT version FROM moderation_words WHERE word_id = $1", word_id)
            if known is None:
                raise NotFound(f"There is no word {word_id}; look it up in the list.")
            if known != version:
                raise StaleVersion(
                    f"It is at version {known} now, not {version}; read it again and decide anew.",
                    current_version=known,
                )
            return await _write(tx, word_id, terms, version + 1, list_version, by, at)

    async def get(self, word_id: WordId) -> Word:
        """One entry; `NotFound`."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow("SELECT * FROM moderation_words WHERE word_id = $1", word_id)
        if row is None:
            raise NotFound(f"There is no word {word_id}; look it up in the list.")
        return _word(row)

    async def page(
        self, *, limit: int, before: WordId | None = None, like: str = "", verdict: Verdict | None = None
    ) -> list[Word]:
        """Entries, newest first; only those with this in them."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM moderation_words
                WHERE ($1::text IS NULL OR word_id < $1) AND position(lower($2) IN lower(text)) > 0
                  AND ($3::text IS NULL OR verdict = $3)
                ORDER BY word_id DESC LIMIT $4
                """,
                *(before, like, verdict.value if verdict else None, limit),
            )
        return [_word(row) for row in rows]

    async def versions(self, word_id: WordId) -> list[Word]:
        """Every version of an entry, newest first; none if there is no such entry."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT * FROM moderation_word_versions WHERE word_id = $1 ORDER BY version DESC", word_id
            )
        return [
            Word(
                word_id=word_id,
                terms=WordTerms.model_validate(row["terms"]),
                version=row["version"],
                changed_by=UserId(row["changed_by"]),
                changed_at=row["changed_at"],
            )
            for row in rows
        ]

    async def _version(self) -> int:
        async with self._db.reader() as connection:
            version: int = await connection.fetchval("SELECT version FROM moderation_list")
        return version

    async def _list(self) -> tuple[int, Sequence[WordTerms]]:
        """Version and words of one snapshot."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT l.version AS list_version, w.* FROM moderation_list l
                LEFT JOIN moderation_words w ON w.active
                """
            )
        return rows[0]["list_version"], [_terms(row) for row in rows if row["word_id"] is not None]


async def _next_version(tx: Connection) -> int:
    """One writer of the list at a time."""
    version: int = await tx.fetchval("UPDATE moderation_list SET version = version + 1 RETURNING version")
    return version


async def _write(
    tx: Connection, word_id: WordId, terms: WordTerms, version: int, list_version: int, by: UserId, at: Instant
) -> Word:
    try:
        row = await tx.fetchrow(
            """
            INSERT INTO moderation_words
                (word_id, looks_for, text, verdict, homophones, note, active, version, changed_by, changed_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (word_id) DO UPDATE
                SET (looks_for, text, verdict, homophones, note, active, version, changed_by, changed_at)
                  = ($2, $3, $4, $5, $6, $7, $8, $9, $10)
            RETURNING *
            """,
            *(word_id, looked_for(terms), terms.text, terms.verdict.value, terms.homophones),
            *(terms.note, terms.active, version, by, at),
        )
    except asyncpg.UniqueViolationError:
        raise WordTaken(f"An entry that looks for {terms.text} is on the list; revise that one.") from None
    await tx.execute(
        """
        INSERT INTO moderation_word_versions (word_id, version, list_version, terms, changed_by, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        *(word_id, version, list_version, terms.model_dump(mode="json"), by, at),
    )
    assert row is not None
    return _word(row)


def _terms(row: asyncpg.Record) -> WordTerms:
    return WordTerms(**{name: row[name] for name in _TERMS})


def _word(row: asyncpg.Record) -> Word:
    return Word(
        word_id=WordId(row["word_id"]),
        terms=_terms(row),
        version=row["version"],
        changed_by=UserId(row["changed_by"]),
        changed_at=row["changed_at"],
    )
