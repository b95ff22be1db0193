"""The few kinds of columns that tables are made of; only `tables.py` of a domain and its neighbours import this."""

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

IDENTIFIER = Text(collation="C")
"""The type of a typed id: compared byte by byte, so that ids sort by their time whatever the server's language."""
MOMENT = DateTime(timezone=True)
"""The type of a time with its zone."""


def identifier(*constraints: Any, nullable: bool = False, key: bool = False) -> Any:
    """A typed id."""
    return Field(sa_column=Column(IDENTIFIER, *constraints, primary_key=key, nullable=nullable))


def moment(*, nullable: bool = False) -> Any:
    """A time with its zone."""
    return Field(sa_column=Column(MOMENT, nullable=nullable))


def words(*constraints: Any, nullable: bool = False, key: bool = False, default: str | None = None) -> Any:
    """Text of any length."""
    return Field(sa_column=Column(Text, *constraints, primary_key=key, nullable=nullable, server_default=default))


def whole(*, nullable: bool = False, key: bool = False, default: int | None = None) -> Any:
    """An amount in minor units, or a number of things."""
    server_default = None if default is None else text(str(default))
    return Field(sa_column=Column(BigInteger, primary_key=key, nullable=nullable, server_default=server_default))


def structure(*, nullable: bool = False) -> Any:
    """A value kept as JSON, because nothing is ever looked up by its parts."""
    return Field(sa_column=Column(JSONB, nullable=nullable))


def counting() -> Any:
    """A number that counts rows up, and is their key."""
    return Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
