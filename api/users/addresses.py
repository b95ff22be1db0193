"""The address book."""

import secrets

from fastapi import APIRouter

from api.edge.identity import CurrentUser
from api.edge.problems import refusals
from api.edge.wired import Wired
from api.users.address_schemas import AddressRequest, AddressView
from models.shared.ids import AddressId
from models.shared.refusals import NotFound
from models.users.errors import AddressBookFull, NotAuthenticated

router = APIRouter(prefix="/v1/addresses", tags=["users"])


@router.get("", summary="Your address book", responses=refusals(NotAuthenticated))
async def list_addresses(who: CurrentUser, shop: Wired) -> list[AddressView]:
    """The default first, then the newest."""
    return [AddressView.of(address) for address in await shop.users.addresses.of_user(who.user_id)]


@router.post("", status_code=201, summary="Add an address", responses=refusals(NotAuthenticated, AddressBookFull))
async def add_address(ask: AddressRequest, who: CurrentUser, shop: Wired) -> AddressView:
    """A new entry; the first one of a book is its default."""
    now = shop.clock()
    address_id = AddressId.mint(now, secrets.token_bytes(10))
    added = await shop.users.addresses.add(address_id, who.user_id, ask.postal(), default=ask.is_default, now=now)
    return AddressView.of(added)


@router.get("/{address_id}", summary="An address", responses=refusals(NotAuthenticated, NotFound))
async def show_address(address_id: AddressId, who: CurrentUser, shop: Wired) -> AddressView:
    """One entry of your book."""
    return AddressView.of(await shop.users.addresses.get(who.user_id, address_id))


@router.put("/{address_id}", summary="Replace an address", responses=refusals(NotAuthenticated, NotFound))
async def replace_address(address_id: AddressId, ask: AddressRequest, who: CurrentUser, shop: Wired) -> AddressView:
    """New words for an entry. `is_default` makes it the default; orders that were placed keep the old words."""
    replaced = await shop.users.addresses.replace(
        who.user_id, address_id, ask.postal(), default=ask.is_default, now=shop.clock()
    )
    return AddressView.of(replaced)


@router.delete(
    "/{address_id}", status_code=204, summary="Delete an address", responses=refusals(NotAuthenticated, NotFound)
)
async def remove_address(address_id: AddressId, who: CurrentUser, shop: Wired) -> None:
    """Remove an entry. When the default goes, the newest entry takes its place."""
    await shop.users.addresses.remove(who.user_id, address_id)
