"""How a parcel travels by itself, and when it should arrive. Pure."""

from datetime import datetime, timedelta

from channels.carrier.sandbox.wire import Code, Company, Kind, Party

_WAY: dict[Kind, tuple[tuple[Code, float], ...]] = {
    "delivery": (
        ("picked_up", 0.1),
        ("in_transit", 0.4),
        ("out_for_delivery", 0.8),
        ("delivered", 0.95),
        ("signed", 1),
    ),
    "return": (("picked_up", 0.3), ("in_transit", 0.6), ("signed", 1)),
}
"""What happens after which share of the journey."""
_DAYS: dict[Company, int] = {"sandbox": 0, "sandbox_relay": 2}
"""How much slower than the quickest a company is."""
_HERE: frozenset[Code] = frozenset({"booked", "picked_up", "cancelled", "going_back", "brought_back"})
PICKUP_AFTER = timedelta(hours=4)
"""From booking a return until someone rings for it."""


def next_step(kind: Kind, status: Code, booked_at: datetime, journey: timedelta) -> tuple[Code, datetime] | None:
    """What happens to the parcel next by itself; None at the end of its way, and off it."""
    steps = _WAY[kind]
    place = next((n for n, (code, _) in enumerate(steps, 1) if code == status), 0 if status == "booked" else len(steps))
    if place == len(steps):
        return None
    code, share = steps[place]
    return code, booked_at + journey * share


def arrival(company: Company, sender: Party, recipient: Party, now: datetime, journey: timedelta) -> datetime:
    """When the parcel should arrive: as the journey is simulated, or else by how far it goes, always by 20:00 (UTC+8)."""
    if journey:
        return now + journey
    if sender.country != recipient.country:
        days = 10
    elif sender.region != recipient.region:
        days = 3
    else:
        days = 1 if sender.city == recipient.city else 2
    return (now + timedelta(days=days + _DAYS[company])).replace(hour=12, minute=0, second=0, microsecond=0)


def place_of(code: Code, sender: Party, recipient: Party) -> str:
    """Where that happens, as far as a city goes."""
    party = sender if code in _HERE else recipient
    return party.city or party.region or party.country
