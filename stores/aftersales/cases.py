"""The life of a case: opened once, then moved along `rules.NEXT_STATE`."""

from hanse.database import Connection
from models.aftersales.errors import AftersaleConflict, EvidenceUnknown, ReturnWaybillTaken
from models.aftersales.messages import AdvanceCase, Application, NoteWaybill, OpenCase
from models.aftersales.rules import HISTORY, check_step, stepped
from models.aftersales.types import AftersaleCase, AftersaleState, BuyerHistory
from models.shared import Instant
from models.shared.refusals import StaleVersion
from stores.aftersales.room import Room
from stores.aftersales.rows import columns_of, lock_case, write_step


class Cases(Room):
    """Each method is one transaction under the case's lock."""

    async def open_once(self, ask: OpenCase) -> tuple[AftersaleCase, BuyerHistory]:
        """Write the case down and give it its pictures, both or neither; answers what is known of the buyer, too.

        Idempotent by the case's id, and answered as it was opened, however far it went since; `AftersaleConflict` when it
        stands for something else. Refuses `EvidenceUnknown` for a picture that is not the buyer's, or belongs to another case.
        """
        wanted = _opened(ask)
        async with self._db.transaction() as tx:
            if await _insert(tx, wanted):
                await _take_evidence(tx, ask.application)
                await write_step(tx, wanted, "buyer", wanted.description)
            case = await lock_case(tx, wanted.aftersale_id)
            if _essence(case) != _essence(wanted):
                raise AftersaleConflict(f"Case {case.aftersale_id} is about something else. Apply under a new key.")
            return wanted, await _history(tx, case)

    async def advance(self, step: AdvanceCase) -> AftersaleCase:
        """Take the case to its next state, with what changes and the line of the timeline, in one transaction.

        Idempotent by version and state, however far the case went since: its saga may take several steps before Temporal hears
        of one, and a worker that dies then lets another take them again. Answered is the case as this step left it (the refund
        it names may be a later step's). Only its saga moves a case, so another step from that version is `StaleVersion`. A step
        that the table of states does not have is `IllegalAftersaleStep`; staying in a state is no step of it and allowed (a
        lower refund, an escalation).
        """
        async with self._db.transaction() as tx:
            case = await lock_case(tx, step.aftersale_id)
            if (taken_at := await _taken_at(tx, step)) is not None:
                return (
                    case
                    if case.version == step.version + 1
                    else stepped(case, step.model_copy(update={"at": taken_at}))
                )
            if case.version != step.version:
                raise StaleVersion(f"Case {case.aftersale_id} is at version {case.version}, not {step.version}.")
            if step.to is not case.state:
                check_step(case.aftersale_id, case.state, step.to)
            after = stepped(case, step)
            await _update(tx, after)
            await write_step(tx, after, step.actor, step.detail)
            return after

    async def bind_waybill_once(self, note: NoteWaybill) -> None:
        """The waybill is this case's. Idempotent; `ReturnWaybillTaken` when it is another's, whoever asks at once."""
        async with self._db.transaction() as tx:
            await tx.execute(
                "INSERT INTO aftersale_waybills (carrier, waybill, aftersale_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                note.by.carrier,
                note.by.waybill,
                note.aftersale_id,
            )
            whose = await tx.fetchval(
                "SELECT aftersale_id FROM aftersale_waybills WHERE carrier = $1 AND waybill = $2",
                note.by.carrier,
                note.by.waybill,
            )
        if whose != note.aftersale_id:
            raise ReturnWaybillTaken(
                f"Waybill {note.by.waybill} of {note.by.carrier} belongs to another case. Look at the slip again."
            )


def _opened(ask: OpenCase) -> AftersaleCase:
    told = ask.application
    same = {name: getattr(told, name) for name in Application.model_fields if name != "at"}
    return AftersaleCase(
        **same,
        payment_id=ask.payment_id,
        state=AftersaleState.APPLIED,
        accepted=told.lines,
        proposed=ask.proposed,
        applied_at=told.at,
        changed_at=told.at,
        version=1,
    )


def _essence(case: AftersaleCase) -> tuple[object, ...]:
    return case.order_id, case.user_id, case.kind, case.reason, case.description, case.lines, case.evidence


async def _insert(tx: Connection, case: AftersaleCase) -> bool:
    columns = columns_of(case)
    names, places = ", ".join(columns), ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    done = await tx.execute(
        f"INSERT INTO aftersales ({names}) VALUES ({places}) ON CONFLICT (aftersale_id) DO NOTHING", *columns.values()
    )
    return bool(done == "INSERT 0 1")


async def _taken_at(tx: Connection, step: AdvanceCase) -> Instant | None:
    """When this very step was taken; None when it was not."""
    taken: Instant | None = await tx.fetchval(
        "SELECT at FROM aftersale_timeline WHERE aftersale_id = $1 AND version = $2 AND state = $3",
        step.aftersale_id,
        step.version + 1,
        step.to,
    )
    return taken


async def _update(tx: Connection, case: AftersaleCase) -> None:
    columns = columns_of(case)
    changes = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 1) if name != "aftersale_id")
    key = list(columns).index("aftersale_id") + 1
    await tx.execute(f"UPDATE aftersales SET {changes} WHERE aftersale_id = ${key}", *columns.values())


async def _take_evidence(tx: Connection, told: Application) -> None:
    taken = await tx.fetch(
        """
        UPDATE aftersale_evidence SET aftersale_id = $1
        WHERE evidence_id = ANY($2) AND user_id = $3 AND aftersale_id IS NULL RETURNING evidence_id
        """,
        told.aftersale_id,
        list(told.evidence),
        told.user_id,
    )
    missing = set(told.evidence) - {row["evidence_id"] for row in taken}
    if missing:
        raise EvidenceUnknown(
            f"There is no picture {', '.join(sorted(missing))} of yours that is free. Upload it again.",
            evidence=sorted(missing),
        )


async def _history(tx: Connection, case: AftersaleCase) -> BuyerHistory:
    row = await tx.fetchrow(
        """
        SELECT count(*) AS cases,
            count(*) FILTER (WHERE state = 'closed' OR (state = 'rejected')) AS rejected,
            coalesce(sum(refunded_minor) FILTER (WHERE currency = $4), 0) AS refunded_minor
        FROM aftersales WHERE user_id = $1 AND aftersale_id <> $2 AND applied_at > $3 AND state <> 'withdrawn'
        """,
        case.user_id,
        case.aftersale_id,
        case.applied_at - HISTORY,
        case.proposed.currency,
    )
    assert row is not None
    return BuyerHistory(cases=row["cases"], rejected=row["rejected"], refunded_minor=int(row["refunded_minor"]))
