"""Where the people of the tests live, when it does not matter where."""

from models.users.types import PostalAddress

HOME = PostalAddress(
    recipient="林小海",
    phone="+8613800138000",
    region="Shanghai",
    city="Shanghai",
    line="外滩路 1 号",
    postal_code="200002",
)
