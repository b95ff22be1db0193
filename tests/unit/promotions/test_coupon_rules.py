"""Coupons without a database: how codes read, when a coupon is valid, which terms can be lived with."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.promotions.coupon_rules import CODE_ENTROPY, check_terms, digest_of, read_code, validity, write_codes
from models.promotions.coupons import CouponTerms
from models.promotions.errors import PromotionTermsInvalid
from models.promotions.offers import DirectCut
from models.shared import Money

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(9999, 12, 31, 23), timezones=st.just(UTC))  # noqa: DTZ001 # zones are drawn


@given(st.binary(min_size=CODE_ENTROPY, max_size=CODE_ENTROPY * 5))
def test_a_code_reads_as_it_was_written_however_people_type_it(entropy: bytes) -> None:
    codes = list(write_codes(entropy[: len(entropy) // CODE_ENTROPY * CODE_ENTROPY]))
    assert len(codes) == len(entropy) // CODE_ENTROPY
    for code in codes:
        assert len(code) == 19
        for typed in (
            code,
            code.lower(),
            code.replace("-", ""),
            f" {code.replace('-', ' ')}\n",
            code.replace("0", "O"),
        ):
            assert read_code(typed) == code
            assert digest_of(typed) == digest_of(code)


@given(st.binary(min_size=CODE_ENTROPY, max_size=CODE_ENTROPY), st.binary(min_size=CODE_ENTROPY, max_size=CODE_ENTROPY))
def test_other_chance_gives_another_code(one: bytes, other: bytes) -> None:
    assert (list(write_codes(one)) == list(write_codes(other))) == (one == other)


@given(MOMENTS, MOMENTS, st.none() | MOMENTS, st.none() | MOMENTS, st.none() | st.integers(1, 3650))
def test_under_terms_that_make_sense_every_claim_can_be_used(
    claim_from: datetime,
    claim_until: datetime,
    valid_from: datetime | None,
    valid_until: datetime | None,
    valid_days: int | None,
) -> None:
    terms = CouponTerms(
        label="x",
        offer=DirectCut(off=Money(minor=1)),
        claim_from=claim_from,
        claim_until=claim_until,
        valid_from=valid_from,
        valid_until=valid_until,
        valid_days=valid_days,
    )
    try:
        check_terms(terms)
    except PromotionTermsInvalid:
        return
    for moment in (claim_from, claim_until - timedelta(microseconds=1)):
        if moment.year < 9980:  # the calendar ends
            starts, ends = validity(terms, moment)
            assert max(starts, moment) < ends


def test_the_earlier_of_two_ends_counts() -> None:
    terms = CouponTerms(
        label="x",
        offer=DirectCut(off=Money(minor=1)),
        claim_from=NOW,
        claim_until=NOW + timedelta(days=3),
        valid_until=NOW + timedelta(days=3),
        valid_days=2,
    )
    assert validity(terms, NOW) == (NOW, NOW + timedelta(days=2))
    assert validity(terms, NOW + timedelta(days=2)) == (NOW + timedelta(days=2), NOW + timedelta(days=3))


def test_terms_without_an_end_are_refused() -> None:
    with pytest.raises(PromotionTermsInvalid):
        check_terms(
            CouponTerms(
                label="x", offer=DirectCut(off=Money(minor=1)), claim_from=NOW, claim_until=NOW + timedelta(days=5)
            )
        )
