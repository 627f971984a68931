"""Numbers as JSON and ECMAScript know them: IEEE doubles, read from text and written as text."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

SPACE: Final = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What ECMAScript trims from both ends of a text."""

_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_RADIX: Final = {
    "0x": (16, re.compile("[0-9a-fA-F]+")),
    "0o": (8, re.compile("[0-7]+")),
    "0b": (2, re.compile("[01]+")),
}
_MAX_CHARACTERS: Final = 1_000
_EXACT: Final = 2**53
_MAX_PLAIN_DIGITS: Final = 21
_MAX_LEADING_ZEROS: Final = 6


def read_number(text: str) -> int | float | None:
    """The number a text spells, or None. Empty and blank texts spell 0."""
    trimmed = text.strip(SPACE)
    if not trimmed:
        return 0
    if len(trimmed) > _MAX_CHARACTERS:
        return None
    if _DECIMAL.fullmatch(trimmed):
        return as_double(float(trimmed))
    base, digits = _RADIX.get(trimmed[:2].lower(), (0, None))
    if digits is not None and digits.fullmatch(trimmed[2:]):
        return as_double(int(trimmed[2:], base))
    return None


def as_double(value: float) -> int | float | None:
    """The nearest double, as an int where that is exact; None when there is no finite one."""
    try:
        double = float(value)
    except OverflowError:
        return None
    if not math.isfinite(double):
        return None
    return int(double) if abs(double) <= _EXACT and double.is_integer() else double


def number_text(value: float) -> str:
    """The shortest text that reads back as this finite number (ECMA-262, Number::toString).

    Whole numbers that JSON spelled with all their digits keep them all.
    """
    if isinstance(value, int):
        return str(value)
    _, digit_tuple, exponent = Decimal(repr(abs(value))).normalize().as_tuple()
    digits = "".join(map(str, digit_tuple))
    sign = "-" if value < 0 else ""
    return sign + _place_point(digits, len(digits) + int(exponent))


def _place_point(digits: str, point: int) -> str:
    """Digits with the decimal point after the first `point` of them."""
    if digits == "0":
        return "0"
    if len(digits) <= point <= _MAX_PLAIN_DIGITS:
        return digits + "0" * (point - len(digits))
    if 0 < point <= _MAX_PLAIN_DIGITS:
        return f"{digits[:point]}.{digits[point:]}"
    if -_MAX_LEADING_ZEROS < point <= 0:
        return f"0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"
