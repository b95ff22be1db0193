"""Tells a stack that is down from a mistake in code, for whoever asked something of it."""

from collections.abc import Iterator


def what_is_away(fault: BaseException) -> str | None:
    """One sentence: which server does not answer and what to do. None when the fault is another one.

    The libraries are imported here, so that a verb that works pays for none.
    """
    import asyncpg
    import httpx
    from aiokafka.errors import KafkaConnectionError
    from redis.exceptions import ConnectionError as RedisAway
    from temporalio.service import RPCError, RPCStatusCode

    from bus.publisher import NotAcknowledged
    from hanse.codec import PayloadKeysMissing
    from hanse.unreachable import Unreachable

    for error in _in(fault):
        match error:
            case Unreachable() | NotAcknowledged() | PayloadKeysMissing():
                return str(error)
            case asyncpg.PostgresConnectionError() | asyncpg.OperatorInterventionError():
                return _sentence("PostgreSQL", error)
            case RedisAway():
                return _sentence("Redis", error)
            case KafkaConnectionError():
                return _sentence("Kafka", error)
            case RPCError(status=RPCStatusCode.UNAVAILABLE):
                return _sentence("Temporal", error)
            case httpx.TransportError():
                return _sentence(f"{error.request.url.netloc.decode()}", error)
            case ConnectionError():
                return _sentence("A server of the stack", error)
    return None


def _in(fault: BaseException) -> Iterator[BaseException]:
    """The fault, or those of a group of tasks."""
    if isinstance(fault, BaseExceptionGroup):
        for one in fault.exceptions:
            yield from _in(one)
    else:
        yield fault


def _sentence(who: str, error: BaseException) -> str:
    said = str(error) or type(error).__name__
    return f"{who} does not answer ({said}); start the stack with `make up`, or see `hanse doctor`"
