"""What could identify or be used against a person: e-mail addresses, phone numbers, cards."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import phonenumbers

from engine.text.addresses import is_public_name

if TYPE_CHECKING:
    from collections.abc import Iterator

_EMAIL: Final = re.compile(
    r"(?<![\w.+-])([A-Za-z0-9_+-](?:[\w.+-]{0,62}[\w+-])?)@((?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})(?!\w)"
)
_CARD: Final = re.compile(r"(?<![\w.+-])\d(?:[ -]?\d){12,18}(?![\w-])", re.ASCII)
_ISSUERS: Final = re.compile(r"4|5[1-5]|2[2-7]|3[0-9]|6")
_MAX_PHONES: Final = 100


class Personal(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"


@dataclass(frozen=True)
class PersonalDatum:
    """Where it stands, in code points, end exclusive. value: as machines write it."""

    kind: Personal
    start: int
    end: int
    value: str


def personal_data(text: str, region: str | None = None) -> tuple[PersonalDatum, ...]:
    """In reading order; what a card number covers is no phone number.

    region: the country (`DE`) whose phone numbers may be written without their country code;
    without one only numbers that begin with a plus sign are found.
    """
    found = [*emails(text), *cards(text)]
    covered = [range(each.start, each.end) for each in found]
    found.extend(
        phone
        for phone in phones(text, region)
        if not any(phone.start in span or phone.end - 1 in span for span in covered)
    )
    return tuple(sorted(found, key=lambda each: each.start))


def emails(text: str) -> Iterator[PersonalDatum]:
    for match in _EMAIL.finditer(text):
        name, host = match[1], match[2].lower()
        if ".." not in name and is_public_name(host):
            yield PersonalDatum(Personal.EMAIL, *match.span(), f"{name}@{host}")


def phones(text: str, region: str | None = None) -> Iterator[PersonalDatum]:
    """Numbers that could be dialled, as E.164; at most a hundred."""
    matcher = phonenumbers.PhoneNumberMatcher(text, region, max_tries=_MAX_PHONES)
    for match in matcher:
        number = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        yield PersonalDatum(Personal.PHONE, match.start, match.end, number)


def cards(text: str) -> Iterator[PersonalDatum]:
    """Payment cards: 13 to 19 digits of a known issuer whose check digit (Luhn) is right."""
    for match in _CARD.finditer(text):
        digits = match[0].replace(" ", "").replace("-", "")
        if _ISSUERS.match(digits) and len(set(digits)) > 1 and passes_luhn(digits):
            yield PersonalDatum(Personal.CARD, *match.span(), digits)


def passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right is doubled, its digits added."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 - of two digits
    return total % 10 == 0
