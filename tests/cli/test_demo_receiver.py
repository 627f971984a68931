"""The demo's platform believes a webhook only when both signatures hold."""

from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from standardwebhooks.webhooks import Webhook

from cli.demo_receiver import Platform, Verifier, served

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = json.dumps({"action": {"id": "remove"}, "item": {"id": "1"}}).encode()


def signed(body: bytes = BODY, message: str = "msg_1") -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "coop-signature": base64.b64encode(
            KEY.sign(body, padding.PKCS1v15(), hashes.SHA256())
        ).decode(),
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(message, now, body.decode()),
    }


@pytest.fixture
def platform() -> Platform:
    return Platform(Verifier.of(PEM.decode(), SECRET))


def test_a_signed_webhook_is_taken_and_counted_once_a_message(platform: Platform) -> None:
    assert [platform.take(signed(), BODY) for _ in range(2)] == [204, 204]
    assert platform.take(signed(message="msg_2"), BODY) == 204
    assert (platform.verified, platform.repeated, platform.failed) == (3, 1, 0)
    assert platform.by_action == {"remove": 3}
    assert platform.acted == {"1": ["remove"] * 3}


@pytest.mark.parametrize("header", ["coop-signature", "webhook-signature", "webhook-id"])
def test_a_webhook_with_a_broken_or_missing_header_is_refused(
    platform: Platform, header: str
) -> None:
    broken = {**signed(), header: signed(b'{"action": {"id": "x"}}', "other")[header]}
    missing = {name: value for name, value in signed().items() if name != header}
    assert platform.take(broken, BODY) == 401
    assert platform.take(missing, BODY) == 401
    assert (platform.verified, platform.failed) == (0, 2)


def test_a_changed_body_is_refused(platform: Platform) -> None:
    assert platform.take(signed(), BODY.replace(b"remove", b"restore")) == 401


def test_an_old_webhook_cannot_be_replayed(platform: Platform) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    replayed = {
        **signed(),
        "webhook-timestamp": str(int(long_ago.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", long_ago, BODY.decode()),
    }
    assert platform.take(replayed, BODY) == 401


def test_before_the_platform_knows_the_keys_it_believes_nothing() -> None:
    assert Platform().take(signed(), BODY) == 401


def test_it_answers_over_http_and_is_gone_afterwards(platform: Platform) -> None:
    with served(platform) as address:
        answer = httpx.post(f"{address}/remove", content=BODY, headers=signed())
    assert answer.status_code == 204
    assert platform.verified == 1
    assert all(thread.name != "platform" for thread in threading.enumerate())
    with pytest.raises(httpx.ConnectError):
        httpx.post(f"{address}/remove", content=BODY)
