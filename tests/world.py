"""What tests are given beside a database: an organisation, and a clock that they move."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class Organisation:
    org_id: int
    api_key: str
    admin_email: str
    admin_password: str


@dataclass
class MovableClock:
    """Stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)
