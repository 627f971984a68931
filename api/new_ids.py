"""Fresh random ids, as many as there are items: the system is asked for many at a time."""

from __future__ import annotations

import os
from threading import Lock
from typing import Final

_AT_ONCE: Final = 256
_BYTES: Final = 16
_FORM: Final = b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
_DIGITS: Final = [place for place, sign in enumerate(_FORM) if sign == ord("x")]
_AS_VERSION_4: Final = bytes(0x40 | byte & 0x0F for byte in range(256))
_AS_VARIANT: Final = bytes(0x80 | byte & 0x3F for byte in range(256))

_lock: Final = Lock()
_drawn: Final[list[str]] = []


def new_id() -> str:
    """A random UUID (RFC 9562, version 4) in its usual form, lower case."""
    with _lock:
        if not _drawn:
            _drawn.extend(_draw())
        return _drawn.pop()


def _draw() -> list[str]:
    """Every digit of all of them at once."""
    drawn = bytearray(os.urandom(_AT_ONCE * _BYTES))
    drawn[6::_BYTES] = drawn[6::_BYTES].translate(_AS_VERSION_4)
    drawn[8::_BYTES] = drawn[8::_BYTES].translate(_AS_VARIANT)
    digits = drawn.hex().encode()
    written = bytearray(_FORM * _AT_ONCE)
    for nth, place in enumerate(_DIGITS):
        written[place :: len(_FORM)] = digits[nth :: len(_DIGITS)]
    ids = written.decode()
    return [ids[at : at + len(_FORM)] for at in range(0, len(ids), len(_FORM))]


# A process that forks must not give out the same ids twice.
os.register_at_fork(after_in_child=_drawn.clear)
