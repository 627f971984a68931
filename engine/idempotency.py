"""Requests that are not done twice: a key that the caller chose, and what it was used for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from engine.errors import InvalidInput, KeyReused, Problem

HEADER: Final = "Idempotency-Key"
KEPT: Final = timedelta(hours=24)
LONGEST_KEY: Final = 255


@dataclass(frozen=True)
class Once:
    """fingerprint: of the endpoint and the body, to tell a repetition from another request."""

    key: str
    fingerprint: bytes


@dataclass(frozen=True)
class Kept:
    """What a key was used for before, and the answer that was given."""

    fingerprint: bytes
    answer: bytes


def once(key: str, endpoint: str, body: bytes) -> Once:
    """Raises InvalidInput for a key that is empty, too long or not printable ASCII."""
    if not 0 < len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        message = f"An {HEADER} has 1 to {LONGEST_KEY} printable ASCII characters."
        problem = Problem(message, hint="Use a fresh UUID for each request.")
        raise InvalidInput(message, problems=(problem,))
    hashed = hashlib.sha256(endpoint.encode())
    hashed.update(b"\0")
    hashed.update(body)
    return Once(key, hashed.digest())


def repeated(asked: Once, kept: Kept) -> bytes:
    """The answer given before. Raises KeyReused when the key was used for something else."""
    if kept.fingerprint != asked.fingerprint:
        raise KeyReused(
            f"The {HEADER} '{asked.key}' was used for another request.",
            hint="Use a fresh key for each request; repeat a request with the same body.",
        )
    return kept.answer
