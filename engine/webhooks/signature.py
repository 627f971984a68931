"""The signatures every webhook carries, all over the exact bytes of the body.

`coop-signature`: base64 of RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits, as platforms verify today,
made with the active key, which `winnow-key-id` names. It covers the body alone, so it can be
replayed; the others cannot.
`webhook-id`, `webhook-timestamp`, `webhook-signature`: the Standard Webhooks specification,
HMAC-SHA256 over `id.timestamp.body`, one signature for each secret in use.
While a new key is about to take over, `coop-signature-next` and `winnow-next-key-id` are its.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from engine.errors import InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET_PREFIX = "whsec_"  # noqa: S105  (the public prefix of every secret, not one of them)
PADDING = padding.PKCS1v15()
DIGEST = hashes.SHA256()


@dataclass(frozen=True)
class SigningKey:
    """private_key: the organisation's RSA key. secret: the raw bytes behind `whsec_...`."""

    key_id: str
    private_key: rsa.RSAPrivateKey = field(repr=False)
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class SigningKeys:
    """next: the key that will take over, while one is about to."""

    active: SigningKey
    next: SigningKey | None = None


def read_signing_key(key_id: str, private_key_pem: bytes, webhook_secret: str) -> SigningKey:
    key = serialization.load_pem_private_key(private_key_pem, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise InvalidConfiguration(
            f"Signing key {key_id} is not an RSA key.", hint="Rotate the signing key."
        )
    return SigningKey(key_id, key, read_secret(webhook_secret))


def read_secret(text: str) -> bytes:
    """`whsec_` followed by base64; the prefix may be left out."""
    try:
        return base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError as error:
        raise InvalidConfiguration(
            "A webhook secret is `whsec_` followed by base64.", hint="Rotate the signing key."
        ) from error


def rsa_signature(key: rsa.RSAPrivateKey, body: bytes) -> str:
    return base64.b64encode(key.sign(body, PADDING, DIGEST)).decode()


def standard_signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def signed_headers(
    keys: SigningKeys, message_id: str, timestamp: int, body: bytes
) -> Mapping[str, str]:
    """timestamp: seconds since the epoch, taken anew for each attempt; message_id never changes."""
    used = [keys.active] if keys.next is None else [keys.active, keys.next]
    headers = {
        "coop-signature": rsa_signature(keys.active.private_key, body),
        "winnow-key-id": keys.active.key_id,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            standard_signature(key.secret, message_id, timestamp, body) for key in used
        ),
    }
    if keys.next is not None:
        headers["coop-signature-next"] = rsa_signature(keys.next.private_key, body)
        headers["winnow-next-key-id"] = keys.next.key_id
    return headers
