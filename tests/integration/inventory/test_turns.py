"""Crowds are served in turns; a fault in one leaves nobody waiting."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from hanse.database import Connection, Database
from models.inventory.types import Reservation, ReservationState
from models.shared.ids import OrderId
from stores.inventory.holding import Wish
from stores.inventory.turns import Turns
from tests.integration.inventory.shop import NOW, SHANGHAI, Shop, line, order


def wish(name: str | int) -> Wish:
    return Wish(order(name), [line(1)], SHANGHAI, NOW, None)


async def test_a_fault_reaches_the_first_of_its_crowd_and_leaves_the_others_to_themselves(shop: Shop) -> None:
    crowds: list[int] = []

    async def serve(connection: Connection, crowd: Sequence[Wish]) -> Mapping[OrderId, Reservation]:
        crowds.append(len(crowd))
        if len(crowds) == 1:
            await connection.execute("SELECT 1/0")
        return {w.order_id: Reservation(order_id=w.order_id, state=ReservationState.HELD) for w in crowd}

    turns = Turns(shop.db, serve)
    answers = await asyncio.gather(*(turns.ask(wish(n)) for n in range(5)), return_exceptions=True)
    later = await turns.ask(wish("later"))

    assert [type(answer).__name__ for answer in answers] == ["DivisionByZeroError", *["NoneType"] * 4]
    assert later is not None
    assert later.order_id == order("later")
    assert crowds == [5, 1]


async def test_without_a_connection_nobody_waits_for_ever(shop: Shop) -> None:
    async def serve(connection: Connection, crowd: Sequence[Wish]) -> Mapping[OrderId, Reservation]:
        return {}

    closed = Turns(Database("postgresql://nobody@localhost/none"), serve)
    answers = await asyncio.wait_for(
        asyncio.gather(*(closed.ask(wish(n)) for n in range(3)), return_exceptions=True), 5
    )
    assert sum(isinstance(answer, RuntimeError) for answer in answers) == 1
    with pytest.raises(RuntimeError):
        await closed.ask(wish(1))
