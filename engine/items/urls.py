"""Which URLs a platform may send, and what kind of medium one names."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from pydantic_core import Url, ValidationError

_PLAIN: Final = re.compile(r"https?://(?:[a-z0-9-]+\.)+[a-z]{2,12}(?:/[!-~]*)?")
_LOCAL_NAMES: Final = ("localhost", "localhost.localdomain")
_MEDIA_KINDS: Final = {
    **dict.fromkeys(
        ["jpg", "jpeg", "png", "gif", "webp", "bmp", "svg", "avif", "heic", "heif", "tif", "tiff"],
        "IMAGE",
    ),
    **dict.fromkeys(["mp4", "m4v", "mov", "webm", "mkv", "avi", "flv"], "VIDEO"),
    **dict.fromkeys(["mp3", "m4a", "wav", "aac", "flac", "opus", "wma"], "AUDIO"),
}
"""By file extension; one that several kinds share (ogg) is left out."""


def read_url(text: str) -> Url | None:
    """The URL as a browser would read it (WHATWG), or None."""
    try:
        return Url(text)
    except ValidationError:
        return None


def is_web_url(text: str, *, allow_localhost: bool = False) -> bool:
    """Whether this is an http or https URL that does not point back at the machine itself."""
    if _PLAIN.fullmatch(text) and "xn--" not in text and "localhost" not in text:
        return True  # the usual case, told apart without a full parse
    url = read_url(text)
    if url is None or url.scheme not in {"http", "https"}:
        return False
    return allow_localhost or not _is_loopback(url.host or "")


def media_kind(text: str) -> str | None:
    """IMAGE, VIDEO or AUDIO by the extension of the URL's path; None when it does not say."""
    url = read_url(text)
    _, dot, extension = ((url.path if url else None) or "").rpartition(".")
    return _MEDIA_KINDS.get(extension.lower()) if dot else None


def _is_loopback(host: str) -> bool:
    name = host.rstrip(".").lower()
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return True
    if not (name[:1].isdigit() or name.startswith("[")):
        return False
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any(each.is_loopback or each.is_unspecified for each in (mapped or address,))
