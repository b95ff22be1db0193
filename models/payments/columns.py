"""What the tables of database `payments` share: their base, and the few kinds of columns they are made of."""

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, MetaData, Text, text
from sqlmodel import Field, SQLModel


class PaymentsTable(SQLModel):
    """The base of this database's tables."""

    metadata = MetaData()


def id_column(*foreign: ForeignKey, key: bool = False, nullable: bool = False) -> Any:
    """An id: compared byte by byte."""
    return Field(sa_column=Column(Text(collation="C"), *foreign, primary_key=key, nullable=nullable))


def text_column(*, nullable: bool = False, key: bool = False, default: str | None = None) -> Any:
    """Text."""
    return Field(sa_column=Column(Text, primary_key=key, nullable=nullable, server_default=default))


def minor_column(*, default: str | None = None, nullable: bool = False, key: bool = False) -> Any:
    """Minor units, or another whole number."""
    server_default = text(default) if default else None
    return Field(sa_column=Column(BigInteger, primary_key=key, nullable=nullable, server_default=server_default))


def moment_column(*, nullable: bool = False) -> Any:
    """A moment."""
    return Field(sa_column=Column(DateTime(timezone=True), nullable=nullable))


def number_column() -> Any:
    """A number that counts up."""
    return Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
