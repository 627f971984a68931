"""What happens on the simulated platform, in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Thing(StrEnum):
    """What a platform has; each becomes one item type."""

    ACCOUNT = "Account"
    POST = "Post"
    COMMENT = "Comment"
    MESSAGE = "Message"
    LISTING = "Listing"


class Offence(StrEnum):
    """Why a simulated item should not stand, known to the simulator alone."""

    SPAM = "Spam"
    SCAM = "Scams and fraud"
    HARASSMENT = "Harassment"
    SELF_HARM = "Self-harm and suicide"


@dataclass(frozen=True)
class Ref:
    """thing: the name of an item type, one of `Thing` for whatever the simulator makes."""

    thing: str
    item_id: str


@dataclass(frozen=True)
class Written:
    """Something a person made. `data` is JSON; `refs` are the fields that point at other things."""

    ref: Ref
    at: datetime
    data: Mapping[str, object]
    refs: Mapping[str, Ref]
    offence: Offence | None


@dataclass(frozen=True)
class Reported:
    """A reader told the platform that something is wrong, rightly or not."""

    at: datetime
    reporter: Ref
    target: Ref
    reason: Offence


@dataclass(frozen=True)
class Appealed:
    """An author asked for another look."""

    at: datetime
    author: Ref
    target: Ref
    words: str


Event = Written | Reported | Appealed
