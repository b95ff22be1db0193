"""Logs say what happened and to whom, never a secret or a person's data."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.context import bind, current, scope
from hanse.logs import MaskedJsonFormatter
from hanse.masking import MASK, mask_text, mask_value

SAMPLES = {
    "a Chinese mobile number": ("call 13812345678 now", "call 138****5678 now"),
    "with country code": ("call +86 138 1234 5678", "call +86 138****5678"),
    "a foreign number": ("call +4915112345678", "call +****78"),
    "an e-mail address": ("to zhang.san+shop@example.com.", "to z***@example.com."),
    "a card number": ("card 4111 1111 1111 1111 declined", "card ****1111 declined"),
    "an identity card": ("id 11010519491231002X", "id ***"),
    "a bearer token": ("Authorization: Bearer abc.def-123", "Authorization: ***"),
    "a token by its look": ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "got ***"),
    "a password in a setting": ("password=hunter2 next=1", "password=*** next=1"),
    "a password in JSON": ('{"new_password": "hunter\\" 2", "x": 1}', '{"new_password": ***, "x": 1}'),
    "a token in an address": ("GET /reset?token=s3cret&x=1", "GET /reset?token=***&x=1"),
    "a database password": ("postgresql://hanse:pa55@db:5432/x", "postgresql://hanse:***@db:5432/x"),
    "a cookie": ("Cookie: sid=abc; theme=dark", "Cookie: ***; theme=dark"),
}
HARMLESS = [
    "ord_01kdyak348qs27d90ymxgwyd7n was paid 129.00 CNY",
    "trace 0af7651916cd43dd8448eb211c80319c span b7ad6b7169203331",
    "at 2026-01-02T03:04:05.000006+00:00, 1767323045000 ms, offset 4111111111111112",
    "listening on http://127.0.0.1:8000/v1/orders?cursor=abc",
    "sku 6901234567892, 17 pieces, version 1.35.0",
]


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_what_a_person_would_not_want_to_read_in_a_log_is_masked(sample: tuple[str, str]) -> None:
    told, written = sample
    assert mask_text(told) == written
    assert mask_text(written) == written


@pytest.mark.parametrize("text", HARMLESS)
def test_ids_times_and_amounts_stay_readable(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "name",
    ["password", "new_password", "access_token", "Authorization", "Set-Cookie", "api_key", "cvv", "card_number", "otp"],
)
def test_a_field_that_is_secret_by_its_name_is_masked_whole(name: str) -> None:
    assert mask_value(name, "x") == MASK
    assert mask_value("body", {"deep": [{name: 12345}]}) == {"deep": [{name: MASK}]}


@pytest.mark.parametrize("name", ["address", "receiver_name", "real_name", "phone", "contact"])
def test_a_field_that_is_personal_by_its_name_is_masked(name: str) -> None:
    assert mask_value(name, "Nanjing Road 1, Shanghai") == MASK


@pytest.mark.parametrize("name", ["order_id", "span", "footprint", "japan", "options", "duration_ms", "company"])
def test_a_field_with_a_harmless_name_stays(name: str) -> None:
    assert mask_value(name, "17") == "17"


@given(st.integers(min_value=0, max_value=10**8 - 1), st.sampled_from("3456789"))
def test_no_mobile_number_survives_in_any_field(digits: int, second: str) -> None:
    number = f"1{second}{digits:09d}"
    assert number not in str(mask_value("detail", {"text": f"to {number}!", "list": [number]}))


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(MaskedJsonFormatter("test"))
    logger = logging.getLogger("tests.masked")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)


def written(stream: io.StringIO) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(stream.getvalue().splitlines()[-1])
    return line


def test_a_log_line_is_json_with_service_level_and_time_in_utc(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.info("stock of %s is low", "sku_1", extra={"available": 3})
    line = written(stream)
    assert line["time"].endswith("Z")
    assert {key: line[key] for key in ("level", "logger", "service", "message", "available")} == {
        "level": "info",
        "logger": "tests.masked",
        "service": "test",
        "message": "stock of sku_1 is low",
        "available": 3,
    }


def test_arguments_extra_fields_and_exceptions_are_masked(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    try:
        raise ValueError("Key (email)=(zhang@example.com) already exists")
    except ValueError:
        logger.exception(
            "cannot register %s", "13812345678", extra={"password": "hunter2", "form": {"phone": "13812345678"}}
        )
    line = written(stream)
    assert line["message"] == "cannot register 138****5678"
    assert line["password"] == MASK
    assert line["form"] == {"phone": "138****5678"}
    assert "z***@example.com" in line["exc_info"]
    assert "hunter2" not in stream.getvalue()
    assert "13812345678" not in stream.getvalue()


def test_a_log_line_carries_what_was_bound_around_it(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    with scope(request_id="r1"):
        with scope(order_id="ord_1"):
            bind(user_id="usr_1")
            logger.info("inside")
        inside = written(stream)
        logger.info("outside")
    assert {"request_id": "r1", "order_id": "ord_1", "user_id": "usr_1"}.items() <= inside.items()
    assert not {"order_id", "user_id"} & set(written(stream))
    assert current() == {}
