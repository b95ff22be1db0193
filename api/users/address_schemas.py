"""What the address book's routes take and give."""

from typing import Any

from api.users.schemas import like
from models.shared import Instant
from models.shared.ids import AddressId
from models.users.types import Address, PostalAddress

_HOME: dict[str, Any] = {
    "recipient": "安娜",
    "phone": "13800138000",
    "country": "CN",
    "region": "上海市",
    "city": "上海市",
    "line": "浦东新区世纪大道 100 号 2 楼",
    "postal_code": "200120",
    "is_default": True,
}


class AddressRequest(PostalAddress):
    """An entry for the address book."""

    model_config = like(**_HOME)

    is_default: bool = False

    def postal(self) -> PostalAddress:
        """The address without the wish to be the default."""
        return PostalAddress(**self.model_dump(exclude={"is_default"}))


class AddressView(PostalAddress):
    """An entry of the address book."""

    model_config = like(
        **_HOME,
        id="adr_01kfz5e3m00000000000000000",
        created_at="2026-11-22T10:00:00Z",
        updated_at="2026-11-22T10:00:00Z",
    )

    id: AddressId
    is_default: bool
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, address: Address) -> "AddressView":
        """The entry as its owner sees it."""
        return cls(**address.postal.model_dump(), **address.model_dump(exclude={"postal"}))
