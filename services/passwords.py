"""Argon2id. A password is never stored, logged or compared in the clear."""

from __future__ import annotations

import functools
import secrets

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = argon2.PasswordHasher()
GENERATED_BYTES = 18


def hash_password(password: str) -> str:
    return HASHER.hash(password.encode("utf-8", "surrogatepass"))


def verify_password(stored_hash: str | None, password: str) -> bool:
    """Takes as long for an account that does not exist (None) as for one that does."""
    try:
        HASHER.verify(stored_hash or _nobodys_hash(), password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
    return stored_hash is not None


def needs_rehash(stored_hash: str) -> bool:
    """True when it was made with weaker parameters than today's."""
    return HASHER.check_needs_rehash(stored_hash)


def generate_password() -> str:
    """24 characters, 144 bits."""
    return secrets.token_urlsafe(GENERATED_BYTES)


@functools.cache
def _nobodys_hash() -> str:
    return hash_password(generate_password())
