"""Which people a rule in partial rollout acts on: a stable share, different for every rule."""

from __future__ import annotations

import hashlib

WHOLE = 100
STEPS = 1 << 64


def in_rollout(rule_id: str, subject: str, percent: int) -> bool:
    """subject: the creator, so that a person does not flicker between treatments.

    Raising the percentage only ever adds people.
    """
    if percent >= WHOLE:
        return True
    digest = hashlib.blake2b(f"{rule_id}\0{subject}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") * WHOLE < percent * STEPS
