"""From a host name to the addresses that may be connected to: asked once, judged, then used.

What was judged is what is connected to, so a name that changes its answer in between gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from engine.webhooks.addresses import Reach, literal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

KEPT_S = 5.0
MOST_KEPT = 1000


class Refused(Exception):
    """We will not call this, or not follow it there."""


async def ask_system(host: str, port: int) -> list[str]:
    """Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


@dataclass
class Resolver:
    """lookup: raises OSError for a name that stands for nothing."""

    reach: Reach = field(default_factory=Reach)
    lookup: Callable[[str, int], Awaitable[Sequence[str]]] = ask_system
    _kept: dict[tuple[str, int], tuple[float, tuple[str, ...]]] = field(default_factory=dict)

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Those that may be connected to. Raises Refused when none may, OSError."""
        now = monotonic()
        kept = self._kept.get((host, port))
        if kept is not None and kept[0] > now:
            return kept[1]
        admitted = await self._judged(host, port)
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[host, port] = (now + KEPT_S, admitted)
        return admitted

    async def _judged(self, host: str, port: int) -> tuple[str, ...]:
        spelled = literal(host) if not host.lower().endswith("localhost") else None
        found = [str(spelled)] if spelled is not None else await self.lookup(host, port)
        admitted = tuple(
            text for text in found if self.reach.admits(host, ipaddress.ip_address(text))
        )
        if not admitted:
            raise Refused(f"{host} is not a public address, and not among those allowed")
        return admitted
