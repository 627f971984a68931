"""Encryption at rest for what must be read back: signing keys, credentials."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from engine.errors import InvalidConfiguration

if TYPE_CHECKING:
    from pathlib import Path

KEY_HINT = "Make one with: openssl rand -base64 32 | tr '+/' '-_'"


class SecretBox:
    """keys: 32 bytes each in URL-safe base64. The first encrypts; every one decrypts."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._fernet = MultiFernet([_fernet(key) for key in keys])

    def encrypt(self, secret: bytes) -> bytes:
        return self._fernet.encrypt(secret)

    def decrypt(self, encrypted: bytes) -> bytes:
        """Raises InvalidConfiguration when no key of ours made this."""
        try:
            return self._fernet.decrypt(encrypted)
        except InvalidToken as error:
            raise InvalidConfiguration(
                "A stored secret cannot be decrypted with WINNOW_SECRET_KEY.",
                hint="Put back the key that encrypted it, after a comma if there is a new one.",
            ) from error


def load_secret_box(secret_key: str | None, key_file: Path) -> SecretBox:
    """secret_key: one key, or several with commas, newest first.

    Without it the file is used, and made (0600) when there is none.
    """
    if secret_key:
        return SecretBox(tuple(part.strip() for part in secret_key.split(",")))
    return SecretBox((_read_or_make(key_file),))


def _fernet(key: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError as error:
        raise InvalidConfiguration(
            "WINNOW_SECRET_KEY is not 32 bytes in URL-safe base64.", hint=KEY_HINT
        ) from error


def _read_or_make(key_file: Path) -> str:
    """Two may start at once: `link` lets one of them publish, and only a whole file."""
    key_file.parent.mkdir(parents=True, exist_ok=True)
    if not key_file.exists():
        with tempfile.NamedTemporaryFile(dir=key_file.parent) as partial:  # made with mode 0600
            partial.write(Fernet.generate_key())
            partial.flush()
            with contextlib.suppress(FileExistsError):  # the other was first; its key counts
                os.link(partial.name, key_file)
    return key_file.read_text().strip()
