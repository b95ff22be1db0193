"""Black and white lists (database `ops`)."""

import hmac
import logging
from datetime import datetime
from ipaddress import ip_address

from asyncpg import Record

from hanse.database import Connection, Database
from models.ops.errors import BuyerBlocked
from models.ops.lists import (
    PERSONAL,
    EntryTerms,
    Judgement,
    ListEntry,
    ListKind,
    ListSubject,
    NewEntry,
    Origin,
    address_form,
    blocking,
    check_entry_window,
    network_form,
    phone_form,
    shown_form,
    value_form,
)
from models.shared.ids import ListEntryId, UserId
from models.shared.refusals import NotFound, StaleVersion

_log = logging.getLogger(__name__)


class ListStore:
    """Who may not order, and who always may. `key` makes digests of phones and addresses, which are kept in no other form."""

    def __init__(self, db: Database, key: bytes) -> None:
        self._db = db
        self._key = key

    async def judge(self, origin: Origin, at: datetime) -> None:
        """Let the buyer order or refuse with `BuyerBlocked`, which does not tell why; the entry's id goes to the log.

        A black entry in force that matches anything known of the origin blocks, unless a white one matches too.
        """
        entry = blocking(await self._matches(origin, at))
        if entry is not None:
            _log.warning("a buyer was blocked", extra={"entry_id": entry.entry_id, "list_subject": entry.subject})
            raise BuyerBlocked("The shop takes no orders from here. Ask customer service if you think that is wrong.")

    async def try_out(self, origin: Origin, at: datetime) -> Judgement:
        """What `judge` would do, and every entry in force that matches: for operators only."""
        matches = await self._matches(origin, at)
        return Judgement(blocked=blocking(matches) is not None, entries=tuple(matches))

    async def add(self, entry_id: ListEntryId, new: NewEntry, by: UserId, now: datetime) -> ListEntry:
        """A new entry, once: the same id again gives the entry as it is now. `InvalidRequest` for a value that is none."""
        check_entry_window(new)
        form = value_form(new.subject, new.value)
        personal = new.subject in PERSONAL
        async with self._db.reader() as connection:
            await connection.execute(
                """
                INSERT INTO list_entries (entry_id, version, kind, subject, value, digest, network, shown, reason, note,
                    starts_at, ends_at, added_by, added_at, changed_by, changed_at)
                VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $12, $13)
                ON CONFLICT (entry_id) DO NOTHING
                """,
                entry_id,
                new.kind.value,
                new.subject.value,
                None if personal or new.subject is ListSubject.IP else form,
                self._digest(new.subject, form) if personal else None,
                network_form(form) if new.subject is ListSubject.IP else None,
                shown_form(new.subject, form),
                new.reason,
                new.note,
                new.starts_at,
                new.ends_at,
                by,
                now,
            )
        return await self.get(entry_id)

    async def revise(
        self, entry_id: ListEntryId, version: int, terms: EntryTerms, by: UserId, now: datetime
    ) -> ListEntry:
        """Set reason, note and window, if it is still at `version`; whom it recognises never changes. `NotFound`, `StaleVersion`."""
        check_entry_window(terms)
        async with self._db.transaction() as tx:
            await _lock(tx, entry_id, version)
            row = await tx.fetchrow(
                """
                UPDATE list_entries SET version = version + 1, reason = $2, note = $3, starts_at = $4, ends_at = $5,
                    changed_by = $6, changed_at = $7 WHERE entry_id = $1 RETURNING *
                """,
                entry_id,
                terms.reason,
                terms.note,
                terms.starts_at,
                terms.ends_at,
                by,
                now,
            )
        assert row is not None
        return _entry(row)

    async def end(self, entry_id: ListEntryId, version: int, by: UserId, now: datetime) -> ListEntry:
        """It counts no more from now on; one that is over already stays as it is. `NotFound`, `StaleVersion`."""
        async with self._db.transaction() as tx:
            row = await _lock(tx, entry_id, version)
            if row["ends_at"] is not None and row["ends_at"] <= now:
                return _entry(row)
            changed = await tx.fetchrow(
                """
                UPDATE list_entries SET version = version + 1, changed_by = $2, changed_at = $3, ends_at = $3::timestamptz,
                    starts_at = least(starts_at, $3::timestamptz - interval '1 microsecond') WHERE entry_id = $1 RETURNING *
                """,
                entry_id,
                by,
                now,
            )
        assert changed is not None
        return _entry(changed)

    async def get(self, entry_id: ListEntryId) -> ListEntry:
        """One entry; `NotFound`."""
        async with self._db.reader() as connection:
            row = await connection.fetchrow("SELECT * FROM list_entries WHERE entry_id = $1", entry_id)
        if row is None:
            raise _unknown(entry_id)
        return _entry(row)

    async def page(
        self,
        *,
        limit: int,
        before: ListEntryId | None = None,
        kind: ListKind | None = None,
        subject: ListSubject | None = None,
    ) -> list[ListEntry]:
        """Entries older than `before`, newest first; of one kind, about one subject. Those that are over are there too."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM list_entries WHERE ($2::text IS NULL OR entry_id < $2)
                  AND ($3::text IS NULL OR kind = $3) AND ($4::text IS NULL OR subject = $4)
                ORDER BY entry_id DESC LIMIT $1
                """,
                limit,
                before,
                kind.value if kind else None,
                subject.value if subject else None,
            )
        return [_entry(row) for row in rows]

    async def _matches(self, origin: Origin, at: datetime) -> list[ListEntry]:
        phone = self._digest(ListSubject.PHONE, phone_form(origin.phone)) if origin.phone else None
        address = self._digest(ListSubject.ADDRESS, address_form(origin.address)) if origin.address else None
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                """
                SELECT * FROM list_entries
                WHERE starts_at <= $1 AND (ends_at IS NULL OR ends_at > $1) AND (
                    (value = $2 AND subject = 'user') OR (value = $3 AND subject = 'device')
                    OR network >>= $4::inet OR digest = $5 OR digest = $6
                ) ORDER BY entry_id
                """,
                at,
                origin.user_id,
                origin.device,
                ip_address(origin.ip) if origin.ip else None,
                phone,
                address,
            )
        return [_entry(row) for row in rows]

    def _digest(self, subject: ListSubject, form: str) -> bytes:
        return hmac.digest(self._key, f"{subject.value}\x1f{form}".encode(), "sha256")


async def _lock(tx: Connection, entry_id: ListEntryId, version: int) -> Record:
    row: Record | None = await tx.fetchrow("SELECT * FROM list_entries WHERE entry_id = $1 FOR NO KEY UPDATE", entry_id)
    if row is None:
        raise _unknown(entry_id)
    if row["version"] != version:
        raise StaleVersion(
            f"It is at version {row['version']} now, not {version}; read it again and decide anew.",
            current_version=row["version"],
        )
    return row


def _unknown(entry_id: ListEntryId) -> NotFound:
    return NotFound(f"There is no list entry {entry_id}; look it up in the list.")


def _entry(row: Record) -> ListEntry:
    return ListEntry(
        entry_id=ListEntryId(row["entry_id"]),
        version=row["version"],
        kind=ListKind(row["kind"]),
        subject=ListSubject(row["subject"]),
        shown=row["shown"],
        terms=EntryTerms(reason=row["reason"], note=row["note"], starts_at=row["starts_at"], ends_at=row["ends_at"]),
        added_by=UserId(row["added_by"]),
        added_at=row["added_at"],
        changed_by=UserId(row["changed_by"]),
        changed_at=row["changed_at"],
    )
