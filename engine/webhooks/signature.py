"""The two signatures every webhook carries, both over the exact bytes of the body.

`coop-signature`: base64 of RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits, as platforms verify today.
It covers the body alone, so it can be replayed; the second one cannot.
`webhook-id`, `webhook-timestamp`, `webhook-signature`: the Standard Webhooks specification,
HMAC-SHA256 over `id.timestamp.body`.
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


@dataclass(frozen=True)
class SigningKey:
    """private_key: the organisation's RSA key. secret: the raw bytes behind `whsec_...`."""

    key_id: str
    private_key: rsa.RSAPrivateKey = field(repr=False)
    secret: bytes = field(repr=False)


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
    return base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()


def standard_signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp, body)
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def signed_headers(
    key: SigningKey, message_id: str, timestamp: int, body: bytes
) -> Mapping[str, str]:
    """timestamp: seconds since the epoch, taken anew for each attempt; message_id never changes."""
    return {
        "coop-signature": rsa_signature(key.private_key, body),
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": standard_signature(key.secret, message_id, timestamp, body),
    }
