"""Which faults hit the provider, here and now."""

from datetime import datetime

from channels.payment.sandbox.faults import FaultRule, On
from channels.sandbox import fate


class Fate(fate.Fate[FaultRule]):
    """Decides, by the schedule and a payment's own rules, what goes wrong."""

    def hits_on_payment(
        self, place: On, number: int, attempt: str, own: list[FaultRule], now: datetime
    ) -> list[FaultRule]:
        """The faults that hit what happens to one payment. `own` are the payment's or the button's rules."""
        return self.hits(place, number, attempt, now, lambda rule: not rule.of_a_call and rule.happens_on(place), own)

    def hits_on_call(self, place: On, attempt: str | None, own: list[FaultRule], now: datetime) -> list[FaultRule]:
        """The faults that hit one call of the merchant."""
        number = self.next_call(place)
        subject = attempt or f"{place}#{number}"
        return self.hits(place, number, subject, now, lambda rule: rule.of_a_call and rule.happens_on(place), own)
