"""How much is let in: a bucket of tokens for each key, and a line that must not grow too old."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.errors import RateLimited, Unavailable

BURST_S: Final = 2.0
COME_BACK_S: Final = 10.0


@dataclass(frozen=True)
class Rate:
    """burst: what may be saved up, in items."""

    per_second: float
    burst: float

    def after(self, level: float, elapsed_s: float) -> float:
        """What a bucket holds so much later."""
        return min(self.burst, level + max(elapsed_s, 0.0) * self.per_second)


@dataclass(frozen=True)
class Gate:
    """What an organisation lets in. items_per_second: of a key without a limit of its own.

    oldest_s: the age of the oldest item that waits for its evaluation, None when none waits.
    """

    items_per_second: float | None
    oldest_s: float | None
    most_s: float

    @property
    def is_open(self) -> bool:
        """Whether no item waits longer than the organisation has set."""
        return self.oldest_s is None or self.oldest_s <= self.most_s

    def check_backlog(self) -> None:
        """Raises Unavailable."""
        if not self.is_open:
            raise Unavailable(
                f"Items wait {self.oldest_s:.0f} s for their evaluation; "
                f"no more are taken in beyond {self.most_s:g} s.",
                hint="Nothing was accepted. Come back as Retry-After says.",
                retry_after_s=COME_BACK_S,
            )


def rate_of(per_second: float, burst_s: float = BURST_S) -> Rate:
    """At least one item can always be saved up."""
    return Rate(per_second, max(per_second * burst_s, 1.0))


def drawn(level: float, wanted: float, rate: Rate) -> float:
    """What is left in a bucket of that level. Raises RateLimited when it is empty.

    A batch larger than the bucket passes when there is anything in it, and is owed.
    """
    if level <= 0:
        raise RateLimited(
            f"This key may send {rate.per_second:g} items a second.",
            retry_after_s=(min(1.0, rate.burst) - level) / rate.per_second,
            hint="Wait as long as Retry-After says.",
        )
    return level - wanted
