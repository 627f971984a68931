"""What the API says of webhooks: each delivery, its attempts, and the keys that sign them."""

from datetime import datetime
from typing import Any

import msgspec

from app.winnow_client.model import Wire


class Attempt(Wire, frozen=True):
    attempt: int = 0
    started_at: datetime | None = None
    latency_ms: float | None = None
    status: int | None = None
    error: str | None = None
    response: str | None = None


class Trial(Wire, frozen=True):
    """A webhook sent as a test, and how it was answered."""

    delivery_id: str = ""
    delivered: bool = False
    status: int | None = None
    latency_ms: float = 0.0
    error: str = ""
    response: str = ""


class Replayed(Wire, frozen=True):
    matched: int = 0
    replayed: int = 0


class Endpoint(Wire, frozen=True):
    """breaker: closed, open or probing."""

    endpoint: str = ""
    breaker: str = ""
    failures: int = 0
    open_until: datetime | None = None
    waiting: int = 0


class Delivery(Wire, frozen=True):
    delivery_id: str = ""
    action_id: str | None = None
    action_name: str | None = None
    kind: str = ""
    url: str = ""
    state: str = ""
    attempts: int | list[Attempt] = 0
    attempt_log: list[Attempt] = msgspec.field(default_factory=list)
    created_at: datetime | None = None
    delivered_at: datetime | None = None
    next_attempt_at: datetime | None = None
    body: Any = None


class SigningKey(Wire, frozen=True):
    """state: next, active or retired. webhook_secret: of keys in use."""

    key_id: str
    state: str = ""
    public_key_pem: str = ""
    webhook_secret: str | None = None
    created_at: datetime | None = None
    active_from: datetime | None = None
    retired_at: datetime | None = None
