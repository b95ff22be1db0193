"""The store of notifications (database `notifications`): who was told what, and in which language someone is written to."""

from stores.notifications.notices import NoticeStore

__all__ = ["NoticeStore"]
