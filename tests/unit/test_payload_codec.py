"""Payloads are unreadable without the key and readable with any key that is still known."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from hanse.codec import (
    EncryptingCodec,
    PayloadDamaged,
    PayloadKeys,
    PayloadKeysMissing,
    UnknownPayloadKey,
)
from hanse.codec_endpoint import NotPayloads, convert
from hanse.settings import Settings
from hanse.temporal import data_converter

OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))


def codec(keys: str) -> EncryptingCodec:
    return EncryptingCodec(PayloadKeys.parse(keys))


def plain(data: bytes = b'"Zhang San, 13800138000"') -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=data)


@given(st.binary(max_size=2000), st.dictionaries(st.text(max_size=10), st.binary(max_size=20), max_size=3))
async def test_any_payload_comes_back_as_it_was(data: bytes, metadata: dict[str, bytes]) -> None:
    payload = Payload(metadata=metadata, data=data)
    both_ways = codec(f"k1:{OLD}")
    assert await both_ways.decode(await both_ways.encode([payload, payload])) == [payload, payload]


async def test_the_ciphertext_shows_nothing_and_never_repeats() -> None:
    first, second = await codec(f"k1:{OLD}").encode([plain(), plain()])
    assert first.data != second.data
    assert b"Zhang" not in first.SerializeToString()
    assert dict(first.metadata) == {"encoding": b"aes", "k": b"k1"}


async def test_a_payload_of_repeating_json_takes_less_room_encrypted_than_plain() -> None:
    lines = b"[" + b",".join(b'{"sku_id":"sku_01kdyak3485s0vw5en020235j9","quantity":%d}' % n for n in range(9)) + b"]"
    (sealed,) = await codec(f"k1:{OLD}").encode([plain(lines)])
    assert sealed.ByteSize() < plain(lines).ByteSize() / 2


async def test_a_small_payload_grows_by_less_than_60_bytes() -> None:
    (sealed,) = await codec(f"k1:{OLD}").encode([plain(b'"ok"')])
    assert sealed.ByteSize() - plain(b'"ok"').ByteSize() < 60


async def test_after_a_rotation_the_new_key_encrypts_and_the_old_one_still_decrypts() -> None:
    written_before = await codec(f"k1:{OLD}").encode([plain()])
    rotated = codec(f"k2:{NEW},k1:{OLD}")
    assert await rotated.decode(written_before) == [plain()]
    assert (await rotated.encode([plain()]))[0].metadata["k"] == b"k2"


async def test_a_key_that_is_gone_is_named_with_what_to_do() -> None:
    written = await codec(f"k1:{OLD}").encode([plain()])
    with pytest.raises(UnknownPayloadKey, match=r"key 'k1'; this process has k2\. Add the old key"):
        await codec(f"k2:{NEW}").decode(written)


@pytest.mark.parametrize("harm", ["flip", "cut", "other_key", "renamed_key"])
async def test_an_altered_payload_is_refused(harm: str) -> None:
    (sealed,) = await codec(f"k1:{OLD}").encode([plain()])
    if harm == "flip":
        sealed.data = sealed.data[:-1] + bytes([sealed.data[-1] ^ 1])
    if harm == "cut":
        sealed.data = sealed.data[:10]
    if harm == "renamed_key":
        sealed.metadata["k"] = b"k2"
    keys = f"k1:{NEW}" if harm == "other_key" else f"k1:{OLD},k2:{OLD}"
    with pytest.raises(PayloadDamaged):
        await codec(keys).decode([sealed])


async def test_a_payload_that_was_never_encrypted_passes_through() -> None:
    assert await codec(f"k1:{OLD}").decode([plain()]) == [plain()]


@pytest.mark.parametrize("text", ["", " , "])
def test_without_keys_the_error_says_what_to_set(text: str) -> None:
    with pytest.raises(PayloadKeysMissing, match=r"HANSE_PAYLOAD_KEYS is empty.*hanse up.*openssl rand"):
        PayloadKeys.parse(text)


@pytest.mark.parametrize(
    "text", ["k1", "k1:short", f":{OLD}", "k1:" + "A" * 40, f"k1:{OLD},k2:?", f"k1:{OLD},k1:{NEW}"]
)
def test_malformed_keys_are_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(PayloadKeysMissing) as caught:
        PayloadKeys.parse(text)
    assert OLD not in str(caught.value)


async def test_a_failure_shows_neither_message_nor_stack_nor_cause() -> None:
    converter = data_converter(Settings(payload_keys=f"k1:{OLD}"))
    failure = Failure()
    try:
        try:
            raise ValueError("no such phone 13800138000")
        except ValueError as cause:
            raise ApplicationError("Zhang San cannot pay", "card 4111", type="declined") from cause
    except ApplicationError as error:
        await converter.encode_failure(error, failure)
    told = str(failure)
    for secret in ("Zhang", "13800138000", "4111", "test_payload_codec"):
        assert secret not in told
    assert failure.application_failure_info.type == "declined"
    back = await converter.decode_failure(failure)
    assert isinstance(back, ApplicationError)
    assert (back.message, back.details) == ("Zhang San cannot pay", ("card 4111",))
    assert isinstance(back.cause, ApplicationError)
    assert back.cause.message == "no such phone 13800138000"


async def test_the_remote_codec_reads_what_a_workflow_wrote_and_back() -> None:
    both_ways = codec(f"k1:{OLD}")
    as_json: dict[str, Any] = {
        "payloads": [{"metadata": {"encoding": base64.b64encode(b"json/plain").decode()}, "data": "Im1vaW4i"}]
    }
    encoded = await convert(both_ways, "encode", as_json)
    assert base64.b64decode(encoded["payloads"][0]["metadata"]["k"]) == b"k1"
    assert await convert(both_ways, "decode", encoded) == as_json
    assert await convert(both_ways, "decode", {}) == {}


@pytest.mark.parametrize("body", [[], "x", None, {"payloads": 3}, {"payloads": [{"data": 5}]}, {"else": 1}])
async def test_the_remote_codec_says_when_a_body_holds_no_payloads(body: Any) -> None:
    with pytest.raises(NotPayloads, match="expected"):
        await convert(codec(f"k1:{OLD}"), "decode", body)
