"""What every call to a platform's server shares: how far it may reach, and its signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.webhooks import Message
from engine.webhooks.addresses import Reach, refusal
from engine.webhooks.headers import delivery_headers
from engine.webhooks.signature import signed_headers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from engine.configuration.settings import OrgSettings
    from engine.webhooks.signature import SigningKeys
    from services.context import Context

PRIVATE_HINT = (
    "use a public address, or allow this one in the settings (`allowedPrivateHosts`) or with "
    "WINNOW_ALLOWED_PRIVATE_HOSTS"
)


def reach_of(context: Context, settings: OrgSettings) -> Reach:
    return Reach(context.private_hosts, settings.allowed_private_hosts)


def url_refusal(context: Context, settings: OrgSettings, url: str | None) -> str:
    """Why a URL may not be configured; empty when it may, or there is none."""
    return refusal(url, reach_of(context, settings)) if url else ""


def signed_message(
    keys: SigningKeys,
    reach: Reach,
    *,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    message_id: str,
    now: datetime,
    timeout_s: float | None,
) -> Message:
    """now: of this attempt; message_id: the same for every attempt at this message."""
    signed = signed_headers(keys, message_id, int(now.timestamp()), body)
    return Message(url, delivery_headers(headers, signed), body, timeout_s, reach)
