"""Saying no to a value: what is wrong with it, and where inside it."""

from __future__ import annotations

import json
import math
from typing import Final

MAX_ECHO_CHARACTERS: Final = 1_000
MAX_DEPTH: Final = 64
MAX_ID_CHARACTERS: Final = 512  # ids are index keys, and an index entry has to fit a page

MISSING: Final = object()
"""What a coercer answers for a value that counts as not given."""


class Refused(Exception):
    """A value that does not fit its field.

    path: keys and indices from the field's value down to the offending one.
    """

    def __init__(self, reason: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path

    def at(self, step: str | int) -> Refused:
        return Refused(self.reason, (step, *self.path))

    def explained(self) -> str:
        if not self.path:
            return self.reason
        return f"At {json_pointer(self.path)}: {self.reason}"


def json_pointer(path: tuple[str | int, ...]) -> str:
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "".join(f"/{step}" for step in steps)


def echo(value: object) -> str:
    """The value as compact JSON with sorted keys, cut short when it is long."""
    try:
        text = json.dumps(
            value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=repr
        )
    except (RecursionError, ValueError):  # too deep, or a number of thousands of digits
        return "(a value too deep or too long to show)"
    if len(text) > MAX_ECHO_CHARACTERS:
        text = f"{text[:MAX_ECHO_CHARACTERS]}…"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def storable_text(value: str) -> str:
    """The text itself; refuses what no database text column holds."""
    if "\0" in value:
        raise Refused("Text must not hold the NUL character (U+0000).")
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise Refused("Text must not hold half of a surrogate pair (U+D800-U+DFFF).") from None
    return value


def check_storable(value: object, depth: int = 0) -> None:
    """Refuses JSON of any shape that could not be stored and read back."""
    if isinstance(value, str):
        storable_text(value)
    elif isinstance(value, dict):
        _check_members(value, depth)
    elif isinstance(value, (list, tuple)):
        for index, element in enumerate(value):
            _check_at(index, element, depth)
    elif isinstance(value, (int, float)):
        _check_number(value)
    elif value is not None:
        raise Refused(f"It is not a JSON value ({type(value).__name__}).")


def _check_members(members: dict[object, object], depth: int) -> None:
    for key, value in members.items():
        if not isinstance(key, str):
            raise Refused("The keys of an object must be text.")
        storable_text(key)
        _check_at(key, value, depth)


def _check_at(step: str | int, value: object, depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise Refused(f"It is nested more than {MAX_DEPTH} levels deep.")
    try:
        check_storable(value, depth + 1)
    except Refused as refused:
        raise refused.at(step) from None


def _check_number(value: float) -> None:
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise Refused("A number must fit a double and be finite.")
