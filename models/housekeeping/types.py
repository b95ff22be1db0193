"""What is removed after a time."""

from datetime import timedelta
from enum import StrEnum

from models.shared import Frozen


class Chore(StrEnum):
    """One kind of thing that nobody needs for ever."""

    NOTICES = "notices"
    """That someone was told something."""
    WEBHOOK_DELIVERIES = "webhook_deliveries"
    """Deliveries that ended, with their tries."""
    REVIEW_PICTURES = "review_pictures"
    """Uploaded to be put into a review, and never were."""
    EVIDENCE = "evidence"
    """Uploaded to show what is wrong, and no case has it."""
    REMEMBERED_REQUESTS = "remembered_requests"
    """Answers under an Idempotency-Key, after the time that the API promises."""
    SESSIONS = "sessions"
    """Log-ins that ended or expired, with their refresh tokens."""


class Keeping(Frozen):
    """For how long each is kept."""

    notices: timedelta
    webhook_deliveries: timedelta
    """From the event on."""
    unused_pictures: timedelta
    """From the upload on."""
    sessions: timedelta
    """From the last moment on at which the session can have been used."""
