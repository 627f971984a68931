"""The demo's platform: takes the webhooks, and believes none of them before both signatures hold.

It checks with the libraries that a platform would use, not with the code that signed.
"""

from __future__ import annotations

import base64
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec
import uvicorn
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.errors import Unavailable

HOST = "127.0.0.1"
_START_S = 10.0


class _Action(msgspec.Struct):
    id: str


class _Item(msgspec.Struct):
    id: str


class _Callback(msgspec.Struct):
    action: _Action
    item: _Item


@dataclass(frozen=True)
class Verifier:
    """public_key: of `coop-signature`; webhook: of the Standard Webhooks headers."""

    public_key: rsa.RSAPublicKey
    webhook: Webhook

    @classmethod
    def of(cls, public_key_pem: str, secret: str) -> Verifier:
        key = serialization.load_pem_public_key(public_key_pem.encode())
        assert isinstance(key, rsa.RSAPublicKey)
        return cls(key, Webhook(secret))

    def holds(self, headers: Mapping[str, str], body: bytes) -> bool:
        try:
            signature = base64.b64decode(headers.get("coop-signature", ""))
            self.public_key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
            self.webhook.verify(body, dict(headers))
        except (InvalidSignature, WebhookVerificationError, ValueError):
            return False
        return True


@dataclass
class Platform:
    """What arrived, in totals. `messages` holds the idempotency keys of verified deliveries.

    acted: for each item, by its id, the ids of the actions to take on it, in order.
    """

    verifier: Verifier | None = None
    verified: int = 0
    failed: int = 0
    messages: set[str] = field(default_factory=set)
    by_action: Counter[str] = field(default_factory=Counter)
    acted: dict[str, list[str]] = field(default_factory=dict)

    @property
    def repeated(self) -> int:
        return self.verified - len(self.messages)

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """The status to answer with."""
        if self.verifier is None or not self.verifier.holds(headers, body):
            self.failed += 1
            return 401
        self.verified += 1
        self.messages.add(headers["webhook-id"])
        told = msgspec.json.decode(body, type=_Callback)
        self.by_action[told.action.id] += 1
        self.acted.setdefault(told.item.id, []).append(told.action.id)
        return 204

    def application(self) -> Starlette:
        async def receive(request: Request) -> Response:
            return Response(status_code=self.take(request.headers, await request.body()))

        return Starlette(routes=[Route("/webhooks/{action}", receive, methods=["POST"])])


@contextmanager
def served(platform: Platform) -> Iterator[str]:
    """The platform on a free port of this machine, for as long as the block runs; its address."""
    listener = socket.create_server((HOST, 0), backlog=512)
    config = uvicorn.Config(
        platform.application(), log_level="error", access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="platform", daemon=True
    )
    thread.start()
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}/webhooks"
    finally:
        server.should_exit = True
        thread.join(_START_S)
        listener.close()
        if thread.is_alive():
            raise Unavailable("The demo's webhook receiver did not stop.")
