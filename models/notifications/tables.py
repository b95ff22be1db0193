"""The schema of notifications in database `notifications`, in written form; the migrations create it, a test holds the two
together. Outgoing webhooks live in the same database (`models/webhooks/tables.py`)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, MetaData
from sqlmodel import SQLModel

from models.shared.columns import identifier, moment, words


class NotificationsDatabase(SQLModel):
    """The base of every table in database `notifications`."""

    metadata = MetaData()


class PreferenceTable(NotificationsDatabase, table=True):
    """In which language someone is written to."""

    __tablename__ = "notification_preferences"
    __table_args__ = (CheckConstraint("language IN ('zh', 'en')", name="notification_preferences_language"),)

    user_id: str = identifier(key=True)
    language: str = words()
    changed_at: datetime = moment()


class NoticeTable(NotificationsDatabase, table=True):
    """What was sent to whom, once a cause and receiver. The text itself went to the channel only."""

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint("language IN ('zh', 'en')", name="notices_language"),
        Index("notices_by_user", "user_id", "at"),
        Index("notices_by_time", "at"),
    )

    cause: str = identifier(key=True)
    user_id: str = identifier(key=True)
    template: str = words()
    language: str = words()
    channel: str = words()
    at: datetime = moment()
