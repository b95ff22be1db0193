"""Telling a server that is away from a mistake in our own code: the first is waited out, the second is not."""

import asyncpg
from redis import exceptions as redis
from temporalio.service import RPCError, RPCStatusCode

_AWAY = (
    OSError,  # refused, reset, unreachable; a timeout, too, which is one of these
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.TransactionRollbackError,
    redis.ConnectionError,
    redis.TimeoutError,
    redis.ReadOnlyError,
    redis.OutOfMemoryError,
)
_OURS = (ValueError, asyncpg.QueryCanceledError)
"""Of those, what a call brings on itself: an argument that does not fit (asyncpg), a statement that takes too long."""
_RPC = frozenset(
    (
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.ABORTED,
    )
)
_NEVER_CONNECTED = "Failed client connect"
"""How Temporal's client, which has no type for it, says that its first call found nobody."""


def is_away(error: BaseException | None) -> bool:
    """Whether this says that PostgreSQL, Redis, Temporal or another server did not answer, or not now, itself or as the cause of
    what was raised. The same call may go well later."""
    while error is not None:
        if isinstance(error, RPCError):
            return error.status in _RPC
        if isinstance(error, _OURS):
            return False
        if isinstance(error, _AWAY) or (type(error) is RuntimeError and str(error).startswith(_NEVER_CONNECTED)):
            return True
        error = error.__cause__
    return False
