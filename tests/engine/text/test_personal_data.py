from __future__ import annotations

import pytest

from engine.text.personal_data import Personal, passes_luhn, personal_data

FOUND = [
    ("👩 mail A.b+c@Ex-ample.co.uk!", Personal.EMAIL, "A.b+c@ex-ample.co.uk"),
    ("call +1 (650) 253-0000 now", Personal.PHONE, "+16502530000"),
    ("4111 1111 1111 1111", Personal.CARD, "4111111111111111"),
    ("378282246310005", Personal.CARD, "378282246310005"),
    ("é 5555-5555-5555-4444.", Personal.CARD, "5555555555554444"),
]


@pytest.mark.parametrize(("text", "kind", "value"), FOUND)
def test_personal_data_is_found_where_it_stands(text: str, kind: Personal, value: str) -> None:
    (datum,) = personal_data(text)
    assert (datum.kind, datum.value) == (kind, value)
    assert text[datum.start : datum.end].strip("👩 malé.!cownd") != ""
    assert text[datum.start].isalnum() or text[datum.start] in "+("


NOT_FOUND = [
    "4111 1111 1111 1112",  # wrong check digit
    "0000000000000000",
    "1234567812345670",  # no such issuer
    "x@y..z a@b @c me@host.invalid",
    "030 901820",  # no country code
    "12345",
]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_it_is_not_found(text: str) -> None:
    assert personal_data(text) == ()


def test_a_region_lets_phone_numbers_go_without_a_country_code() -> None:
    (datum,) = personal_data("ruf 030 901820 an", "DE")
    assert (datum.kind, datum.value, datum.start, datum.end) == ("phone", "+4930901820", 4, 14)


def test_one_wrong_digit_fails_the_check() -> None:
    good = "79927398713"
    assert passes_luhn(good)
    assert not any(passes_luhn(good[:-1] + digit) for digit in "012456789")
