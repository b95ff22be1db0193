"""Amounts on lines: every share in proportion to what lines cost, no line below zero, as much in all as can be.

Offers are sources with an amount, lines are sinks with a price: what they save together is the largest flow. Shares start
in proportion; what does not fit is led around full lines, over the shares of others if it must (augmenting paths), so no
order of offers or lines makes the sum smaller.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import le

from models.shared.money import largest_remainder


@dataclass(slots=True)
class Pouring:
    """One amount that wants onto these sinks. A limit is the most that one sink takes of it."""

    amount: int
    sinks: Sequence[int]
    weights: Sequence[int]
    limits: Sequence[int] | None = None


Shares = list[dict[int, int]]
"""For each pouring: how much on which sink."""


def pour(pourings: Sequence[Pouring], capacity: Sequence[int]) -> Shares:
    """The largest sum of shares with no sink above its capacity. The same for the same, whatever was poured before."""
    room = list(capacity)
    shares: Shares = []
    for pouring in pourings:
        given = _in_proportion(pouring, room)
        for sink, share in given.items():
            room[sink] -= share
        shares.append(given)
    for number, pouring in enumerate(pourings):
        left = pouring.amount - sum(shares[number].values())
        while left > 0:
            pushed = _push(number, left, pourings, shares, room)
            if pushed == 0:
                break
            left -= pushed
    return shares


def _in_proportion(pouring: Pouring, room: Sequence[int]) -> dict[int, int]:
    """Largest remainder by weight; what a full sink cannot take is shared by the others, again in proportion."""
    if pouring.limits is None and any(pouring.weights):
        shares = largest_remainder(pouring.amount, pouring.weights)
        if all(map(le, shares, map(room.__getitem__, pouring.sinks))):
            return {sink: share for sink, share in zip(pouring.sinks, shares, strict=True) if share}
    most = {
        sink: min(room[sink], pouring.limits[n]) if pouring.limits is not None else room[sink]
        for n, sink in enumerate(pouring.sinks)
    }
    weights = dict(zip(pouring.sinks, pouring.weights, strict=True))
    given = dict.fromkeys(pouring.sinks, 0)
    left = min(pouring.amount, sum(most.values()))
    while left > 0:
        takers = [sink for sink in pouring.sinks if given[sink] < most[sink]]
        by = [weights[sink] or 1 for sink in takers]
        for sink, share in zip(takers, largest_remainder(left, by), strict=True):
            fits = min(share, most[sink] - given[sink])
            given[sink] += fits
            left -= fits
    return {sink: share for sink, share in given.items() if share}


def _push(start: int, amount: int, pourings: Sequence[Pouring], shares: Shares, room: list[int]) -> int:
    """Lead up to `amount` of one pouring to a sink with room along a shortest path; returns how much found a place.

    A path goes from a pouring onto a sink, from there back along another's share to that pouring, and so on.
    """
    came_from: dict[int, int] = {}  # sink → the pouring that leads onto it
    moved_by: dict[int, int] = {start: -1}  # pouring → the sink that its share would leave
    queue = [start]
    for number in queue:
        pouring = pourings[number]
        for n, sink in enumerate(pouring.sinks):
            if sink in came_from or (pouring.limits is not None and shares[number].get(sink, 0) >= pouring.limits[n]):
                continue
            came_from[sink] = number
            if room[sink] > 0:
                return _shift(sink, amount, pourings, shares, room, came_from, moved_by)
            for other, given in enumerate(shares):
                if other not in moved_by and given.get(sink, 0) > 0:
                    moved_by[other] = sink
                    queue.append(other)
    return 0


def _shift(
    end: int,
    amount: int,
    pourings: Sequence[Pouring],
    shares: Shares,
    room: list[int],
    came_from: dict[int, int],
    moved_by: dict[int, int],
) -> int:
    path: list[tuple[int, int, int]] = []  # pouring, onto, away from
    sink = end
    most = min(amount, room[end])
    while sink != -1:
        number = came_from[sink]
        limits = pourings[number].limits
        if limits is not None:
            most = min(most, limits[pourings[number].sinks.index(sink)] - shares[number].get(sink, 0))
        leaves = moved_by[number]
        if leaves != -1:
            most = min(most, shares[number][leaves])
        path.append((number, sink, leaves))
        sink = leaves
    for number, onto, leaves in path:
        shares[number][onto] = shares[number].get(onto, 0) + most
        if leaves != -1:
            shares[number][leaves] -= most
    room[end] -= most
    return most
