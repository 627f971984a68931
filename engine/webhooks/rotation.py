"""One signing key takes over from another while receivers learn the new one.

During the overlap the old key is still the active one, which makes `coop-signature`, and the next
key signs beside it, so that a receiver may know either or both. Then the next key is active.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.errors import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class KeyState(StrEnum):
    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True)
class KeyTimes:
    """active_from: when it takes over. retired_at: when it is used no more; may be ahead."""

    created_at: datetime
    active_from: datetime
    retired_at: datetime | None = None

    def state(self, now: datetime) -> KeyState:
        if self.retired_at is not None and self.retired_at <= now:
            return KeyState.RETIRED
        return KeyState.NEXT if self.active_from > now else KeyState.ACTIVE


def made_way(
    keys: Mapping[str, KeyTimes], takes_over_at: datetime, now: datetime
) -> dict[str, KeyTimes]:
    """The keys in use, by id, retired by the time that another takes over."""
    return {
        key_id: replace(times, retired_at=min(times.retired_at or takes_over_at, takes_over_at))
        for key_id, times in keys.items()
        if times.state(now) is not KeyState.RETIRED
    }


def retired(keys: Mapping[str, KeyTimes], key_id: str, now: datetime) -> dict[str, KeyTimes]:
    """What changes when a key is given up at once: the next one, if there is one, takes over.

    Raises NotFound; Conflict when it is retired, or the last one.
    """
    if key_id not in keys:
        raise NotFound(f"there is no signing key `{key_id}`")
    if keys[key_id].state(now) is KeyState.RETIRED:
        raise Conflict("this signing key is retired already")
    left = {
        other: times
        for other, times in keys.items()
        if other != key_id and times.state(now) is not KeyState.RETIRED
    }
    if not left:
        raise Conflict("this is the only signing key in use", hint="rotate it instead")
    changed = {key_id: replace(keys[key_id], retired_at=now)}
    heir = max(left, key=lambda other: (left[other].active_from, other))
    if all(times.state(now) is KeyState.NEXT for times in left.values()):
        changed[heir] = replace(left[heir], active_from=now)
    if left[heir].retired_at is not None:
        changed[heir] = replace(changed.get(heir, left[heir]), retired_at=None)
    return changed
