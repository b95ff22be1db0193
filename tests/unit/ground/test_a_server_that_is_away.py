"""What is waited out, and what is a mistake of our own."""

import asyncpg
import pytest
from redis import exceptions as redis
from temporalio.service import RPCError, RPCStatusCode

from hanse.away import is_away
from hanse.unreachable import Unreachable


def caused(by: Exception) -> Exception:
    error = RuntimeError("it was not written down")
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        Unreachable("PostgreSQL", "here"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.AdminShutdownError("going down"),
        asyncpg.ConnectionDoesNotExistError("gone"),
        asyncpg.TooManyConnectionsError("full"),
        asyncpg.InterfaceError("connection is closed"),
        redis.ConnectionError(),
        redis.BusyLoadingError(),
        RPCError("no", RPCStatusCode.UNAVAILABLE, b""),
        RuntimeError("Failed client connect: refused"),
        caused(ConnectionResetError()),
    ],
)
def test_a_server_that_does_not_answer_is_away(error: Exception) -> None:
    assert is_away(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("a bug"),
        KeyError("order_id"),
        asyncpg.UniqueViolationError("twice"),
        asyncpg.exceptions.DataError("an argument does not fit"),
        asyncpg.QueryCanceledError("too slow"),
        redis.ResponseError("WRONGTYPE"),
        RPCError("no", RPCStatusCode.INVALID_ARGUMENT, b""),
        caused(ValueError("not a number")),
    ],
)
def test_a_mistake_is_not(error: Exception) -> None:
    assert not is_away(error)
