"""How what a poll brought is cut into batches, and what names one."""

from aiokafka import ConsumerRecord

from bus.batches import MOST_BYTES, in_batches
from bus.member import MOST_AT_ONCE


def record(offset: int, size: int = 10) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord("hanse.orders", 0, offset, 0, 0, b"", b"x" * size, None, 0, size, ())


def test_records_stay_in_order_in_as_few_batches_as_their_number_allows() -> None:
    batches = list(in_batches(record(offset) for offset in range(2 * MOST_AT_ONCE + 1)))
    assert [len(batch) for batch in batches] == [MOST_AT_ONCE, MOST_AT_ONCE, 1]
    assert [each.offset for batch in batches for each in batch] == list(range(2 * MOST_AT_ONCE + 1))


def test_a_batch_is_never_larger_than_a_payload_may_be_and_no_record_is_too_large_for_one() -> None:
    third = MOST_BYTES // 3
    sizes = [third, third, third, third, MOST_BYTES + 1, 1]
    batches = list(in_batches(record(offset, size) for offset, size in enumerate(sizes)))
    assert [[each.offset for each in batch] for batch in batches] == [[0, 1, 2], [3], [4], [5]]
    assert list(in_batches([])) == []
