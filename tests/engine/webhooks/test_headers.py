from __future__ import annotations

import pytest

from engine.webhooks.headers import OURS, delivery_headers

SIGNED = {"webhook-id": "m1", "coop-signature": "s"}


def test_configured_headers_are_sent_beside_ours() -> None:
    headers = delivery_headers({"X-Team": "safety"}, SIGNED)
    assert headers["X-Team"] == "safety"
    assert headers["webhook-id"] == "m1"
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_header_that_is_ours_cannot_be_configured(name: str) -> None:
    headers = delivery_headers({name.title(): "theirs", f" {name}": "theirs"}, SIGNED)
    assert "theirs" not in headers.values()


def test_the_user_agent_may_be_configured() -> None:
    headers = delivery_headers({"user-agent": "acme"}, SIGNED)
    assert headers["user-agent"] == "acme"
