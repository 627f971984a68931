"""Which addresses an organisation's callbacks may reach: the public internet, and what is allowed.

An address is judged by where its packets go: one of version 6 that only carries another of version
4 (mapped, 6to4, NAT64) is judged as that one.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LOOPBACK_NAME = re.compile(r"(?:.*\.)?localhost(?:\.localdomain)?", re.IGNORECASE)
_GLOBAL_6 = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        "2001::/23", "2001:db8::/32", "3fff::/20",
    )
)  # fmt: skip
# Where machines in a cloud are told their secrets; no organisation's setting opens them.
_METADATA = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32", "192.0.0.192/32",
    )
)  # fmt: skip
_PART = re.compile(r"0[xX][0-9a-fA-F]*|0[0-7]*|[1-9][0-9]*")
_BITS = 32
_PARTS = 4
_BYTE = 256


@dataclass(frozen=True)
class Reach:
    """What may be called beside public addresses: names, `*.names`, addresses, networks.

    operator: what the installation allows everybody. organisation: what its settings allow.
    """

    operator: tuple[str, ...] = ()
    organisation: tuple[str, ...] = ()

    def admits(self, host: str, address: Address) -> bool:
        """host: as the URL names it; address: what it stands for."""
        real = carried(address)
        if is_public(real) or _listed(self.operator, host, real):
            return True
        return not _in(real, _METADATA) and _listed(self.organisation, host, real)


def is_public(address: Address) -> bool:
    real = carried(address)
    if isinstance(real, ipaddress.IPv6Address) and real not in _GLOBAL_6:
        return False
    return not _in(real, _NOT_PUBLIC)


def carried(address: Address) -> Address:
    """The version 4 address that one of version 6 leads to, where it does; else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64 or (int(address) >> _BITS == 0 and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def literal(host: str) -> Address | None:
    """The address that a host name spells, in any form a resolver reads: `0x7f.1`, `2130706433`."""
    name = host.strip("[]").partition("%")[0].rstrip(".")
    if _LOOPBACK_NAME.fullmatch(name):
        return ipaddress.IPv4Address("127.0.0.1")
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return _old_form(name)


def _old_form(name: str) -> ipaddress.IPv4Address | None:
    """One to four numbers, decimal, octal or hexadecimal; the last one fills what is left."""
    parts = name.split(".")
    if len(parts) > _PARTS or not all(_PART.fullmatch(part) for part in parts):
        return None
    *first, last = (_number(part) for part in parts)
    left = _BITS - 8 * len(first)
    if any(number >= _BYTE for number in first) or last >= 1 << left:
        return None
    value = last
    for index, number in enumerate(first):
        value |= number << (24 - 8 * index)
    return ipaddress.IPv4Address(value)


def _number(text: str) -> int:
    if text[:2] in {"0x", "0X"}:
        return int(text[2:] or "0", 16)
    return int(text, 8) if text.startswith("0") else int(text)


def refusal(url: str, reach: Reach) -> str:
    """Why a URL cannot be configured: it spells an address out of reach. Empty when it may be."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return "this is not a URL"
    address = literal(host)
    if address is None or reach.admits(host, address):
        return ""
    return f"`{host}` is not a public address"


def entry_problem(entry: str) -> str:
    """What is wrong with an entry of an allow-list; empty when nothing is."""
    if _network(entry) is not None or re.fullmatch(r"(\*\.)?[A-Za-z0-9._-]+", entry):
        return ""
    return f"`{entry}` is not a host name, an address or a network"


def _listed(entries: tuple[str, ...], host: str, address: Address) -> bool:
    if not entries:
        return False
    names, networks = _parsed(entries)
    name = host.strip("[]").rstrip(".").lower()
    if name in names or any(name.endswith(each[1:]) for each in names if each.startswith("*.")):
        return True
    return _in(address, networks)


@lru_cache(maxsize=256)
def _parsed(entries: tuple[str, ...]) -> tuple[frozenset[str], tuple[Network, ...]]:
    networks = {entry: _network(entry) for entry in entries}
    names = frozenset(entry.lower() for entry, network in networks.items() if network is None)
    return names, tuple(network for network in networks.values() if network is not None)


def _network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return None


def _in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
