"""Fresh random ids, as many as there are items: the system is asked for many at a time."""

from __future__ import annotations

import os
from threading import Lock
from typing import Final

_AT_ONCE: Final = 256
_BYTES: Final = 16
_VARIANTS: Final = "89ab"

_lock: Final = Lock()
_drawn: Final[list[str]] = []


def new_id() -> str:
    """A random UUID (RFC 9562, version 4) in its usual form, lower case."""
    with _lock:
        if not _drawn:
            _drawn.extend(_draw())
        return _drawn.pop()


def _draw() -> list[str]:
    digits = os.urandom(_AT_ONCE * _BYTES).hex()
    return [_uuid(digits[at : at + 2 * _BYTES]) for at in range(0, len(digits), 2 * _BYTES)]


def _uuid(h: str) -> str:
    variant = _VARIANTS[int(h[16], 16) & 3]
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{variant}{h[17:20]}-{h[20:]}"


# A process that forks must not give out the same ids twice.
os.register_at_fork(after_in_child=_drawn.clear)
