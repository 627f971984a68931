"""The headers of one delivery: what the action's owner configured, then ours, which win."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Names whose value is ours to give, or the HTTP client's; configured ones are left out.
OURS = frozenset(
    {
        "connection",
        "content-length",
        "content-type",
        "coop-signature",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    }
)


def delivery_headers(configured: Mapping[str, str], signed: Mapping[str, str]) -> dict[str, str]:
    theirs = {name: value for name, value in configured.items() if name.strip().lower() not in OURS}
    return {
        "user-agent": "winnow-webhooks/1",
        **theirs,
        "Content-Type": "application/json",
        **signed,
    }
