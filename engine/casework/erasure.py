"""Erasing what is known of a person: its stages, and the name by which the audit log knows them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.items import ItemRef

LONGEST: Final = timedelta(days=30)
"""What is promised. In fact it begins within seconds, and takes as long as the lake's rewriting."""


class ErasureState(StrEnum):
    """WAITING for a worker, LISTED by item, DELETED from the database, DONE in the lake too."""

    WAITING = "waiting"
    LISTED = "listed"
    DELETED = "deleted"
    DONE = "done"


def pseudonym(person: ItemRef) -> str:
    """The same for the same person; it leads only to somebody whose id one knows."""
    named = f"{person.type_id}\x1f{person.item_id}".encode()
    return hashlib.sha256(named).hexdigest()[:24]
