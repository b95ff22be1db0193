"""The sandbox's signatures, against vectors made with OpenSSL (`printf … | openssl dgst -sha256 -hmac SECRET`)."""

import pytest

from channels.sandbox_signing import (
    callback_is_genuine,
    read_callback_header,
    same_signature,
    sign_callback,
    sign_request,
)

SECRET = "whsec_hanse_vector_secret_000001"
BODY = '{"kind":"payment_paid","reference":"sbx_1","描述":"两本书"}'.encode()
CALLBACK_MAC = "ade88c4d93f83270dacee5a6eaecaa9fbbf537f6385aed73944c8dd58c25e703"
REQUEST_MAC = "71f5423bcdf2044b0630a803cc1000c1816f68d5b0f3e2c32b9a9cbab53df680"
EMPTY_BODY_MAC = "ca70011e3142c67798a7f9645dd4df2bc94e866351bd95151dd24815c7eb9f7a"


def genuine(header: str, body: bytes = BODY, secret: str = SECRET) -> bool:
    """Whether a header that can be read is genuine."""
    signature = read_callback_header(header)
    assert signature is not None
    return callback_is_genuine(secret, signature, body)


def test_a_callback_is_signed_over_its_timestamp_a_dot_and_the_raw_body() -> None:
    assert sign_callback(SECRET, 1_760_000_000, BODY) == f"t=1760000000,v1={CALLBACK_MAC}"


def test_a_request_is_signed_over_timestamp_nonce_method_path_and_body_a_line_each() -> None:
    signature = sign_request(SECRET, "1760000000", "n0nce-0123456789", "post", "/v1/payments?x=1", BODY)
    assert signature == REQUEST_MAC


def test_a_request_without_body_has_an_empty_last_line() -> None:
    assert sign_request(SECRET, "1760000000", "n0nce-0123456789", "GET", "/v1/refunds/r", b"") == EMPTY_BODY_MAC


def test_a_genuine_callback_is_accepted() -> None:
    assert genuine(f"t=1760000000,v1={CALLBACK_MAC}")


def test_any_of_several_signatures_may_fit_while_a_secret_is_rotated() -> None:
    assert genuine(f"t=1760000000,v1={'0' * 64},v1={CALLBACK_MAC}")


def test_other_schemes_are_passed_over() -> None:
    assert genuine(f"t=1760000000,v0=abc,v1={CALLBACK_MAC},x=y")


@pytest.mark.parametrize(
    ("header", "body", "secret"),
    [
        (f"t=1760000001,v1={CALLBACK_MAC}", BODY, SECRET),
        (f"t=1760000000,v1={CALLBACK_MAC}", BODY + b" ", SECRET),
        (f"t=1760000000,v1={CALLBACK_MAC}", BODY, SECRET + "x"),
        (f"t=1760000000,v1={CALLBACK_MAC[:-1]}", BODY, SECRET),
        (f"t=1760000000,v1={'0' * 64}", BODY, SECRET),
    ],
    ids=["another time", "another body", "another secret", "cut short", "zeros"],
)
def test_anything_else_is_not_genuine(header: str, body: bytes, secret: str) -> None:
    assert not genuine(header, body, secret)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1",
        f"v1={CALLBACK_MAC}",
        f"t=x,v1={CALLBACK_MAC}",
        f"t=1,t=2,v1={CALLBACK_MAC}",
        f"t=-1,v1={CALLBACK_MAC}",
        "é",
    ],
)
def test_a_header_without_one_time_and_a_signature_cannot_be_read(header: str) -> None:
    assert read_callback_header(header) is None


def test_signatures_that_are_not_ascii_differ_instead_of_failing() -> None:
    assert not same_signature(CALLBACK_MAC, "é" * 64)
    assert same_signature(CALLBACK_MAC, str(CALLBACK_MAC))
