from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from engine.items.instants import instant_of, instant_text, write_instant
from engine.items.numbers import number_text, read_number

BEHIND = timezone(timedelta(hours=-5, minutes=-30))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_from_its_text(value: float) -> None:
    read = read_number(number_text(value))
    assert read == value


@given(st.text(alphabet="0123456789.eE+-xob_ ", max_size=12))
def test_whatever_reads_is_finite(text: str) -> None:
    read = read_number(text)
    assert read is None or math.isfinite(read)


@given(st.datetimes(timezones=st.just(BEHIND)).filter(lambda moment: 1 < moment.year < 9999))
def test_an_instant_reads_back_to_the_millisecond(moment: datetime) -> None:
    utc = moment.astimezone(UTC)
    text = write_instant(utc)
    assert instant_text(text) == text
    read = instant_of(text)
    assert read == utc.replace(microsecond=utc.microsecond // 1000 * 1000)
