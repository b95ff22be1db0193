"""Cases as buyers and operators look them up. Case ids sort by time."""

from collections.abc import Mapping

from models.aftersales.types import AftersaleCase, AftersaleSearch, AftersaleStep
from models.shared.ids import AftersaleId, OrderId, UserId
from stores.aftersales.room import Room
from stores.aftersales.rows import case_of_row, case_unknown, read_case


class Reading(Room):
    """Looking at cases."""

    async def case(self, aftersale_id: AftersaleId) -> AftersaleCase:
        """The case, or `NotFound`."""
        async with self._db.reader() as connection:
            return await read_case(connection, aftersale_id)

    async def case_of(self, aftersale_id: AftersaleId, user_id: UserId) -> AftersaleCase:
        """The buyer's own case; another's is `NotFound`, like one that does not exist."""
        case = await self.case(aftersale_id)
        if case.user_id != user_id:
            raise case_unknown(aftersale_id)
        return case

    async def cases_of(
        self, user_id: UserId, order_id: OrderId | None, *, limit: int, before: AftersaleId | None = None
    ) -> list[AftersaleCase]:
        """A buyer's cases, newest first; `before` is the last of the page before."""
        asked = {"user_id = ${}": user_id, "order_id = ${}": order_id, "aftersale_id < ${}": before}
        return await self._page(asked, "aftersale_id DESC", limit)

    async def search(
        self, wanted: AftersaleSearch, *, limit: int, after: AftersaleId | None = None
    ) -> list[AftersaleCase]:
        """What operators look for, oldest first: their queue of work."""
        asked = {f"{name} = ${{}}": getattr(wanted, name) for name in AftersaleSearch.model_fields}
        return await self._page({**asked, "aftersale_id > ${}": after}, "aftersale_id", limit)

    async def _page(self, conditions: Mapping[str, object], order: str, limit: int) -> list[AftersaleCase]:
        asked = {text: value for text, value in conditions.items() if value is not None}
        where = " AND ".join(text.format(n) for n, text in enumerate(asked, 2)) or "true"
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                f"SELECT * FROM aftersales WHERE {where} ORDER BY {order} LIMIT $1", limit, *asked.values()
            )
        return [case_of_row(row) for row in rows]

    async def timeline(self, aftersale_id: AftersaleId) -> list[AftersaleStep]:
        """What happened to a case, oldest first."""
        async with self._db.reader() as connection:
            rows = await connection.fetch(
                "SELECT at, state, actor, detail FROM aftersale_timeline WHERE aftersale_id = $1 ORDER BY version",
                aftersale_id,
            )
        return [AftersaleStep.model_validate(dict(row)) for row in rows]
