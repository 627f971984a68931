"""How much one process takes in: per request, per key and altogether."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.errors import RateLimited, TooLarge, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

MEBIBYTE = 1 << 20
MOST_KEYS = 10_000


@dataclass(frozen=True)
class Limits:
    """items_per_s: of one key in one process, None for no limit; burst_s: seconds' worth saved up.

    in_flight_bytes: bodies held at once, received and not yet committed.
    """

    body_bytes: int = 50 * MEBIBYTE
    in_flight_bytes: int = 512 * MEBIBYTE
    items_per_s: float | None = None
    burst_s: float = 2.0


class BodyReader:
    """Reads bodies as they arrive, so that one over the limit is refused before it is held."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.in_flight = 0

    async def read(self, request: Request) -> bytes:
        """The caller gives the bytes back with `done`. Raises TooLarge or Unavailable."""
        announced = request.headers.get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced) > self.limits.body_bytes:
            raise self._too_large()
        chunks: list[bytes] = []
        taken = 0
        try:
            async for chunk in request.stream():
                taken += len(chunk)
                self.in_flight += len(chunk)
                self._check(taken)
                chunks.append(chunk)
        except BaseException:
            self.done(taken)
            raise
        return b"".join(chunks)

    def done(self, size: int) -> None:
        self.in_flight -= size

    def _check(self, taken: int) -> None:
        if taken > self.limits.body_bytes:
            raise self._too_large()
        if self.in_flight > self.limits.in_flight_bytes:
            raise Unavailable("Too much is being received at once.", hint="Try again in a moment.")

    def _too_large(self) -> TooLarge:
        most = self.limits.body_bytes
        return TooLarge(
            f"The body is larger than {most} bytes.", hint="Send the items in smaller batches."
        )


@dataclass
class _Bucket:
    level: float
    at: float


@dataclass
class RateLimit:
    """A token bucket a key. A batch larger than the bucket passes when it is full, and is owed.

    clock: seconds that only grow.
    """

    items_per_s: float | None
    burst_s: float
    clock: Callable[[], float]
    buckets: dict[str, _Bucket] = field(default_factory=dict)

    def take(self, key: str, items: int) -> None:
        """Raises RateLimited, saying when to come back."""
        rate = self.items_per_s
        if rate is None:
            return
        bucket = self._bucket(key, rate)
        if bucket.level <= 0:
            raise RateLimited(
                f"This key may send {rate:g} items a second.",
                retry_after_s=(1 - bucket.level) / rate,
                hint="Wait as long as Retry-After says.",
            )
        bucket.level -= max(items, 1)

    def _bucket(self, key: str, rate: float) -> _Bucket:
        now, full = self.clock(), rate * self.burst_s
        if key not in self.buckets and len(self.buckets) >= MOST_KEYS:
            self.buckets.clear()
        bucket = self.buckets.setdefault(key, _Bucket(full, now))
        bucket.level = min(full, bucket.level + (now - bucket.at) * rate)
        bucket.at = now
        return bucket
