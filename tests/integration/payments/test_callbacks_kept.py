"""Callbacks are kept as they came, forged ones too, within bounds."""

import asyncio

from models.payments.types import CallbackVerdict
from tests.integration.payments.till import OPENED, Till


async def test_a_forged_callback_is_kept_as_it_came(till: Till) -> None:
    await till.store.keep_callback(
        "att_x",
        "sandbox",
        {"Sandbox-Signature": "t=1,v1=00"},
        b"\x00\xff",
        None,
        CallbackVerdict.SIGNATURE_INVALID,
        OPENED,
    )
    (kept,) = await till.store.callbacks("att_x", limit=10)
    assert (kept.verdict, kept.body, kept.headers, kept.event_id) == (
        CallbackVerdict.SIGNATURE_INVALID,
        b"\x00\xff",
        {"Sandbox-Signature": "t=1,v1=00"},
        None,
    )


async def test_a_huge_callback_is_cut_and_its_size_remembered(till: Till) -> None:
    headers = {"X-Long": "h" * 9_000, "X-After": "not kept any more"}
    await till.store.keep_callback(
        "att_x", None, headers, b"a" * 100_000, None, CallbackVerdict.UNKNOWN_PAYMENT, OPENED
    )
    (kept,) = await till.store.callbacks("att_x", limit=10)
    assert (len(kept.body), kept.size, kept.headers) == (65_536, 100_000, {})


async def test_credentials_are_not_kept(till: Till) -> None:
    headers = {"Authorization": "Bearer x", "cookie": "y", "Content-Type": "application/json"}
    await till.store.keep_callback("att_x", None, headers, b"", None, CallbackVerdict.MALFORMED, OPENED)
    (kept,) = await till.store.callbacks("att_x", limit=10)
    assert kept.headers == {"Content-Type": "application/json"}


async def test_a_report_that_was_told_is_known_by_channel_and_event(till: Till) -> None:
    assert not await till.store.was_told("sandbox", "evt_1")
    await asyncio.gather(*(till.store.mark_told("sandbox", "evt_1", OPENED) for _ in range(10)))
    assert await till.store.was_told("sandbox", "evt_1")
    assert not await till.store.was_told("sandbox_card", "evt_1")
