"""The contract is replayed over HTTP, as the API's own tests are."""

from __future__ import annotations

from tests.api.conftest import admin, anybody, base_url, platform

__all__ = ["admin", "anybody", "base_url", "platform"]
