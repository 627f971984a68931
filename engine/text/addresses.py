"""Links, mentions and hashtags within a text, and whose domain a link leads to; no network."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import cache
from typing import Final

from publicsuffixlist import PublicSuffixList

_SCHEME: Final = re.compile(r"(?:https?|ftp)://([^\s/?#\\<>\"]{1,300})", re.IGNORECASE)
_WHOLE: Final = re.compile(r"(?:https?|ftp)://\S*", re.IGNORECASE)
_BARE: Final = re.compile(
    r"(?<![\w@./:-])((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,10}[^\W\d_][\w-]{1,62})(?![\w@])"
)
_MENTION: Final = re.compile(r"(?<![\w@/.])[@\uff20](\w(?:[\w.-]{0,62}\w)?)(?![\w@\uff20])")
_HASHTAG: Final = re.compile(r"(?<![\w#\uff03&/])[#\uff03](\w{1,140})")
_DOTS: Final = re.compile("[\u3002\uff0e\uff61]")
_MAX_HOST: Final = 253


def url_hosts(text: str) -> tuple[str, ...]:
    """Hosts of the links in a text, in order, each once; small letters, names in Punycode.

    A link has a scheme, or is a name under a public suffix in small letters (`bit.ly/x`).
    """
    rest = _WHOLE.sub(lambda link: " " * len(link[0]), text)
    found = [
        *((match.start(), _authority_host(match[1])) for match in _SCHEME.finditer(text)),
        *((match.start(), _bare_host(match[1])) for match in _BARE.finditer(rest)),
    ]
    return tuple(dict.fromkeys(host for _, host in sorted(found) if host))


def url_domains(text: str) -> tuple[str, ...]:
    """The registrable domains of `url_hosts`, each once: `a.b.co.uk` is `b.co.uk`."""
    return tuple(dict.fromkeys(map(registrable_domain, url_hosts(text))))


def registrable_domain(host: str) -> str:
    """By the public suffix list, with its private part: `you.github.io` is one.

    A host that is a suffix itself, or an IP address, is its own.
    """
    if _is_ip(host):
        return host
    return _suffixes().privatesuffix(host) or host


def mentions(text: str) -> tuple[str, ...]:
    """`@names` without the sign, in order, each once; an e-mail address is none."""
    return tuple(dict.fromkeys(match[1] for match in _MENTION.finditer(text)))


def hashtags(text: str) -> tuple[str, ...]:
    """`#tags` without the sign, in order, each once; `#1` is none."""
    tags = (match[1] for match in _HASHTAG.finditer(text))
    return tuple(dict.fromkeys(tag for tag in tags if not tag.isdigit()))


def is_public_name(host: str) -> bool:
    """Whether a name could be registered: it has something before a known public suffix."""
    return _suffixes().privatesuffix(host, accept_unknown=False) is not None


def _authority_host(authority: str) -> str:
    host = authority.rpartition("@")[2]
    if host.startswith("["):
        return _checked(host[1:].partition("]")[0])
    return _checked(host.partition(":")[0])


def _bare_host(name: str) -> str:
    suffix = name.rpartition(".")[2]
    is_meant = suffix == suffix.lower() or name.lower().startswith("www.")
    host = _checked(name) if is_meant else ""
    return host if is_public_name(host) else ""


def _checked(host: str) -> str:
    host = _DOTS.sub(".", unicodedata.normalize("NFKC", host)).lower().strip(".,;!'\"()*_-")
    if not host or len(host) > _MAX_HOST:
        return ""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@cache
def _suffixes() -> PublicSuffixList:
    """The list that the library ships."""
    return PublicSuffixList()
