"""Do cases agree with themselves?"""

from collections.abc import AsyncIterator

from hanse.database import WHOLE_BOOK
from models.aftersales.types import AftersaleBreak, AftersaleCase
from stores.aftersales.room import Room
from stores.aftersales.rows import case_of_row

_BREAKS = """
    SELECT aftersale_id, 'step_untold' AS kind,
        format('at version %s, but its timeline tells %s', a.version, count(t.version)) AS detail
    FROM aftersales a LEFT JOIN aftersale_timeline t USING (aftersale_id)
    GROUP BY aftersale_id, a.version HAVING count(t.version) <> a.version
    UNION ALL
    SELECT aftersale_id, 'paid_above_proposal', format('paid %s of %s', refunded_minor, proposed_minor)
    FROM aftersales WHERE refunded_minor > least(proposed_minor, at_most_minor) AND at_most_minor IS NOT NULL
    UNION ALL
    SELECT aftersale_id, 'evidence_astray', format('has %s pictures, %s are kept for it', cardinality(evidence), n)
    FROM aftersales a JOIN LATERAL (
        SELECT count(*) AS n FROM aftersale_evidence e WHERE e.aftersale_id = a.aftersale_id
    ) kept ON true WHERE cardinality(evidence) <> n
    ORDER BY 2, 1 LIMIT 1000
"""


class Auditing(Room):
    """Proves what the other parts promise."""

    async def audit(self) -> list[AftersaleBreak]:
        """Cases whose timeline, amounts or evidence disagree, at most 1000. Empty when all is well."""
        async with self._db.reader() as connection:
            return [
                AftersaleBreak.model_validate(dict(row)) for row in await connection.fetch(_BREAKS, timeout=WHOLE_BOOK)
            ]

    async def pages_of_cases(self, size: int) -> AsyncIterator[list[AftersaleCase]]:
        """Every case, so many at once, each page as it is when it is read: for audits that look across databases."""
        after = ""
        while True:
            async with self._db.reader() as connection:
                rows = await connection.fetch(
                    "SELECT * FROM aftersales WHERE aftersale_id > $1 ORDER BY aftersale_id LIMIT $2", after, size
                )
            if not rows:
                return
            yield [case_of_row(row) for row in rows]
            after = rows[-1]["aftersale_id"]
