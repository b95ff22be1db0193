"""Where webhooks may go."""

from ipaddress import ip_address

import pytest

from models.webhooks.errors import EventTypeUnknown, WebhookTargetForbidden
from models.webhooks.rules import check_filters, check_url, may_be_reached

INSIDE = (
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
)


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_reached_in_whatever_form(address: str) -> None:
    assert not may_be_reached(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_an_address_of_the_internet_is_reached(address: str) -> None:
    assert may_be_reached(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://user:secret@example.com/",
        "https:///nowhere",
        "https://example.com/#part",
        "https://localhost/",
        "https://db.internal/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://[::1]/",
        "https://[::1/",
        "https://example.com:99999/",
        *(f"https://{address}/" for address in INSIDE if ":" not in address),
    ],
)
def test_such_an_endpoint_is_refused(url: str) -> None:
    with pytest.raises(WebhookTargetForbidden):
        check_url(url, allow_private=False)


def test_https_outside_is_taken_and_loopback_where_a_setting_allows_it() -> None:
    check_url("https://example.com/hook?token=1", allow_private=False)
    check_url("http://127.0.0.1:8080/hook", allow_private=True)


def test_a_filter_that_lets_nothing_through_is_refused() -> None:
    known = ["hanse.orders.order_paid.v1"]
    check_filters(["hanse.orders.*", "hanse.orders.order_paid.v1"], known)
    with pytest.raises(EventTypeUnknown):
        check_filters(["hanse.orders.order_payed.v1"], known)
