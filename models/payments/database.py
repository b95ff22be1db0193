"""The base of the tables of database `payments`, which stand in three files."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel


class PaymentsTable(SQLModel):
    """The base of this database's tables."""

    metadata = MetaData()
