"""What shares an order, a concurrency limit and a circuit breaker: scheme, host and port."""

from __future__ import annotations

from urllib.parse import urlsplit


def endpoint_of(url: str) -> str:
    """`https://host:port` in lower case, as the URL writes it; empty for what is no URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme and parts.netloc else ""
