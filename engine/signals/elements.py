"""What a signal says of a list, from what it says of the elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.signals.signal import Answer


def texts_of(subject: object) -> tuple[str, ...]:
    """What a signal is asked about: a text, of media the address, of a list each element's."""
    if isinstance(subject, list | tuple):
        return tuple(dict.fromkeys(text for each in subject for text in texts_of(each)))
    address = subject.get("url") if isinstance(subject, Mapping) else subject
    return (address,) if isinstance(address, str) else ()


def combined(gives: str, answers: Sequence[Answer]) -> Answer:
    """Of a list: TRUE if one is, NULL if one is unknown and none is; the largest number known.

    An empty list is FALSE and 0. Only BOOLEAN and NUMBER have an answer for a list.
    """
    if gives == "BOOLEAN":
        return True if True in answers else (None if None in answers else False)
    known = [each for each in answers if isinstance(each, float)]
    return max(known, default=None if answers else 0.0)
