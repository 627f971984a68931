"""Addresses that Winnow calls: a URL, the headers and the static body that go with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.configuration.reader import Reader

FIXED_HEADERS = frozenset({"content-type", "content-length", "host", "transfer-encoding"})
MAX_URL = 2048


@dataclass(frozen=True)
class Callback:
    """body: JSON that every call carries."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] = field(default_factory=dict)


def read_callback(reader: Reader, key: str) -> Callback | None:
    """`{"url": ..., "headers": {...}, "body": {...}}` under a key; None where it is absent."""
    inner = reader.record(key)
    if inner is None:
        return None
    url = inner.text("url", limit=MAX_URL, required=True)
    if url and not is_web_url(url):
        inner.wrong("url", "`url` must be an http or https URL")
    callback = Callback(url, read_headers(inner, "headers"), inner.mapping("body"))
    inner.unknown()
    return callback


def callback_document(callback: Callback | None) -> dict[str, object] | None:
    if callback is None:
        return None
    return {"url": callback.url, "headers": dict(callback.headers), "body": dict(callback.body)}


def read_headers(reader: Reader, key: str) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, value in reader.mapping(key, most=50).items():
        if not isinstance(value, str) or not _is_header(name, value):
            reader.wrong(key, f"`{name}` is not a header with a text value")
        elif name.lower() in FIXED_HEADERS:
            reader.wrong(key, f"`{name}` is set by the sender", "remove it")
        else:
            kept[name] = value
    return kept


def _is_header(name: str, value: str) -> bool:
    token = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return token and value.isascii() and value.isprintable() and len(value) <= 8192  # noqa: PLR2004 - the usual limit of servers


def is_web_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    printable = text.isprintable() and " " not in text
    return printable and parts.scheme in {"http", "https"} and bool(parts.hostname)
