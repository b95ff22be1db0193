"""Do the counters say what the rows add up to?"""

from hanse.database import WHOLE_BOOK
from models.reviews.types import SummaryBreak
from models.shared.ids import SpuId
from stores.reviews.room import Room

_BREAKS = """
    WITH counted AS (
        SELECT spu_id, count(*) FILTER (WHERE stars = 1) AS one, count(*) FILTER (WHERE stars = 2) AS two,
               count(*) FILTER (WHERE stars = 3) AS three, count(*) FILTER (WHERE stars = 4) AS four,
               count(*) FILTER (WHERE stars = 5) AS five, count(*) FILTER (WHERE has_pictures) AS with_pictures
        FROM reviews WHERE state = 'published' GROUP BY spu_id
    ), votes AS (
        SELECT review_id, count(*) AS many FROM review_votes GROUP BY review_id
    ), reported AS (
        SELECT review_id, count(*) AS many FROM review_reports WHERE open GROUP BY review_id
    )
    SELECT spu_id, format('the summary says %s, the published reviews add up to %s', to_jsonb(s), to_jsonb(c)) AS detail
    FROM rating_summaries s FULL JOIN counted c USING (spu_id)
    WHERE (coalesce(s.one, 0), coalesce(s.two, 0), coalesce(s.three, 0), coalesce(s.four, 0), coalesce(s.five, 0),
           coalesce(s.with_pictures, 0))
       <> (coalesce(c.one, 0), coalesce(c.two, 0), coalesce(c.three, 0), coalesce(c.four, 0), coalesce(c.five, 0),
           coalesce(c.with_pictures, 0))
    UNION ALL
    SELECT spu_id, format('review %s counts %s votes and %s open reports; there are %s and %s',
                          review_id, useful, reports, coalesce(v.many, 0), coalesce(r.many, 0))
    FROM reviews LEFT JOIN votes v USING (review_id) LEFT JOIN reported r USING (review_id)
    WHERE (useful, reports) <> (coalesce(v.many, 0), coalesce(r.many, 0))
    UNION ALL
    SELECT spu_id, format('review %s is %s, its main part is %s', reviews.review_id, reviews.state, p.state)
    FROM reviews LEFT JOIN review_parts p ON p.review_id = reviews.review_id AND p.part = 'main'
    WHERE reviews.state IS DISTINCT FROM p.state OR has_pictures <> (p.pictures <> '{}')
    ORDER BY 1, 2 LIMIT 1000
"""


class Auditing(Room):
    """The audit of reviews."""

    async def audit(self) -> list[SummaryBreak]:
        """Every break (at most 1000): each summary is what its published reviews add up to, each counter of votes and open
        reports what there are. Safe beside running traffic, since it sees one snapshot."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(_BREAKS, timeout=WHOLE_BOOK)
        return [SummaryBreak(spu_id=SpuId(row["spu_id"]), detail=row["detail"]) for row in rows]
