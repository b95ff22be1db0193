"""An event in, a Kafka record out, and back."""

from collections.abc import Mapping

import pytest

from bus.asyncapi import example
from bus.catalog import known_events
from bus.envelope import EventTooLarge, MalformedEvent, UnknownEventType, decode, encode
from models.orders.events import OrderCreated
from models.payments.events import PaymentRefunded
from models.products.events import PriceChanged
from models.shared.events import Event, EventBatch

TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


@pytest.mark.parametrize("kind", known_events().values(), ids=lambda kind: kind.__name__)
def test_every_event_comes_back_as_it_went(kind: type[Event]) -> None:
    event = example(kind)
    record = encode(event, TRACE)
    envelope = decode(record.key, record.value, record.headers)
    assert envelope.event == event
    assert (envelope.id, envelope.trace) == (event.event_id, TRACE)


def test_a_record_is_a_cloud_event_in_binary_mode() -> None:
    event = example(PaymentRefunded)
    assert isinstance(event, PaymentRefunded)
    record = encode(event, TRACE)
    headers: Mapping[str, bytes] = dict(record.headers)
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_type"] == b"hanse.payments.payment_refunded.v1"
    assert headers["ce_source"] == b"/hanse/payments"
    assert headers["ce_id"] == f"payment_refunded/{event.refund_id}".encode()
    assert headers["ce_time"] == b"2026-01-02T03:04:05Z"
    assert headers["content-type"] == b"application/json"
    assert headers["ce_partitionkey"] == record.key == event.order_id.encode()
    assert headers["ce_traceparent"] == headers["traceparent"] == TRACE["traceparent"].encode()
    assert record.topic == "hanse.payments"


def test_the_same_fact_has_the_same_id_and_the_next_one_another() -> None:
    first = example(PriceChanged)
    later = first.model_copy(update={"occurred_at": first.occurred_at.replace(hour=9)})
    assert first.event_id == example(PriceChanged).event_id != later.event_id


def test_an_event_over_64_kib_is_refused_before_it_is_sent() -> None:
    event = example(OrderCreated)
    assert isinstance(event, OrderCreated)
    with pytest.raises(EventTooLarge, match="the limit is 65536"):
        encode(event.model_copy(update={"lines": event.lines * 2000}), {})


def test_a_field_added_by_a_newer_shop_is_passed_over() -> None:
    record = encode(example(OrderCreated), {})
    value = record.value.replace(b"{", b'{"gift_wrap":true,', 1)
    assert decode(record.key, value, record.headers).event == example(OrderCreated)


def test_a_type_of_a_newer_shop_is_named_as_unknown() -> None:
    record = encode(example(OrderCreated), {})
    headers = [(name, value.replace(b".v1", b".v2")) for name, value in record.headers]
    with pytest.raises(UnknownEventType, match=r"order_created\.v2"):
        decode(record.key, record.value, headers)


@pytest.mark.parametrize(
    ("value", "drop"),
    [
        (b"no json, call +8613800138000", ""),
        (b'{"order_id": "13800138000"}', ""),
        (b"", ""),
        (None, ""),
        (b"{}", "ce_id"),
    ],
)
def test_a_broken_record_is_malformed_and_its_content_is_not_repeated(value: bytes | None, drop: str) -> None:
    record = encode(example(OrderCreated), {})
    headers = [(name, content) for name, content in record.headers if name != drop]
    if drop:
        headers.append((drop, b""))
    with pytest.raises(MalformedEvent) as caught:
        decode(record.key, value, headers)
    assert "13800138000" not in str(caught.value)


def test_a_record_without_cloud_event_headers_is_malformed() -> None:
    with pytest.raises(MalformedEvent):
        decode(None, b"{}", [])


def test_a_batch_keeps_the_type_of_each_event_through_json() -> None:
    batch = EventBatch(events=tuple(example(kind) for kind in known_events().values()))
    assert EventBatch.model_validate_json(batch.model_dump_json()) == batch


def test_an_event_that_names_a_missing_field_cannot_be_defined() -> None:
    with pytest.raises(TypeError, match="order_id"):
        type("Wrong", (Event,), {"type": "hanse.orders.wrong.v1", "identity": ("order_id",), "ordered_by": "order_id"})
    with pytest.raises(TypeError, match=r"expected hanse\.<domain>"):
        type("Nameless", (Event,), {"identity": ("occurred_at",), "ordered_by": "occurred_at"})
