"""Which faults hit the carriers, here and now."""

from datetime import datetime

from channels.carrier.sandbox.faults import FaultRule, Subject
from channels.sandbox import fate


class Fate(fate.Fate[FaultRule]):
    """Decides, by the schedule, what goes wrong."""

    def hits_on_push(self, number: int, waybill: str, now: datetime, *places: str) -> list[FaultRule]:
        """The faults that hit the report of something that happened to a parcel."""
        return self._hits_of("push", number, waybill, now, places)

    def hits_on_journey(self, number: int, waybill: str, now: datetime, *places: str) -> list[FaultRule]:
        """The accidents of a parcel that travels by itself."""
        return self._hits_of("journey", number, waybill, now, places)

    def hits_on_call(self, now: datetime, *places: str) -> list[FaultRule]:
        """The faults that hit one call of the merchant."""
        number = self.next_call(places[0])
        return self._hits_of("call", number, f"call {number}", now, places)

    def _hits_of(
        self, what: Subject, case: int, subject: str, now: datetime, places: tuple[str, ...]
    ) -> list[FaultRule]:
        return self.hits(
            "/".join(places), case, subject, now, lambda rule: rule.subject == what and rule.happens_on(*places)
        )
