from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from standardwebhooks import Webhook, WebhookVerificationError

from engine.errors import InvalidConfiguration
from engine.webhooks.signature import (
    SigningKey,
    SigningKeys,
    read_secret,
    read_signing_key,
    rsa_signature,
    signed_headers,
    standard_signature,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def test_the_published_standard_webhooks_vector_is_reproduced() -> None:
    signature = standard_signature(
        read_secret(SECRET),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_standard_library_of_receivers_accepts_our_headers(
    private_key: rsa.RSAPrivateKey,
) -> None:
    key = read_signing_key("k1", pem(private_key), SECRET)
    body = '{"item":{"id":"ü"}}'.encode()
    now = int(datetime.now(UTC).timestamp())
    headers = dict(signed_headers(SigningKeys(key), "message-1", now, body))
    assert Webhook(SECRET).verify(body.decode(), headers) == {"item": {"id": "ü"}}
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.decode() + " ", headers)


def test_the_rsa_signature_verifies_over_the_exact_body(private_key: rsa.RSAPrivateKey) -> None:
    body = b'{"a":1}'
    signature = base64.b64decode(rsa_signature(private_key, body), validate=True)
    public = private_key.public_key()
    public.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
    assert len(signature) == 256
    with pytest.raises(InvalidSignature):
        public.verify(signature, b'{"a": 1}', padding.PKCS1v15(), hashes.SHA256())


def test_a_message_keeps_its_id_and_renews_its_signature_with_the_time(
    private_key: rsa.RSAPrivateKey,
) -> None:
    key = SigningKey("k1", private_key, read_secret(SECRET))
    first, second = (signed_headers(SigningKeys(key), "m", at, b"{}") for at in (1, 2))
    assert first["webhook-id"] == second["webhook-id"]
    assert first["coop-signature"] == second["coop-signature"]
    assert first["webhook-signature"] != second["webhook-signature"]


def test_a_key_that_is_not_rsa_is_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="not an RSA key"):
        read_signing_key("k1", pem(ec.generate_private_key(ec.SECP256R1())), SECRET)


def test_a_secret_that_is_not_base64_is_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="base64"):
        read_secret("whsec_not base64!")


def test_a_signing_key_does_not_print_its_secrets(private_key: rsa.RSAPrivateKey) -> None:
    assert "RSAPrivateKey" not in repr(SigningKey("k1", private_key, b"hush"))
    assert "hush" not in repr(SigningKey("k1", private_key, b"hush"))
