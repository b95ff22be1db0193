"""What the shop tells about accounts: ids only."""

from models.shared.events import Event
from models.shared.ids import UserId


class UserRegistered(Event):
    """Someone opened an account."""

    type = "hanse.users.user_registered.v1"
    identity = ("user_id",)
    ordered_by = "user_id"

    user_id: UserId
