"""What is known of an entity beside its items: strikes, reports and labels, each with a place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from datetime import datetime

    from engine.items.item import ItemRef


class FactKind(StrEnum):
    STRIKE = "strike"
    REPORT = "report"
    LABEL = "label"


@dataclass(frozen=True)
class NewFact:
    """name: the policy id of a strike or report, the name of a label.

    cause: the item that a strike is for; who reported.
    """

    fact_id: str
    kind: FactKind
    subject: ItemRef
    name: str | None
    amount: float = 1.0
    expires_at: datetime | None = None
    cause: ItemRef | None = None
    actor: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Fact:
    """at, withdrawn_at: instants of the clock that gives submissions their places."""

    at: datetime
    fact_id: str
    kind: FactKind
    subject: ItemRef
    name: str | None
    amount: float = 1.0
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None
    cause: ItemRef | None = None
    actor: str = ""
    reason: str = ""

    def known_at(self, moment: datetime) -> bool:
        """Whether an item that arrives at that moment finds it; what expires then is gone."""
        begun = self.at <= moment
        expired = self.expires_at is not None and self.expires_at <= moment
        withdrawn = self.withdrawn_at is not None and self.withdrawn_at <= moment
        return begun and not expired and not withdrawn

    def anew(self, actor: str) -> NewFact:
        """The same once more, after it was withdrawn, known from then on."""
        return NewFact(
            fact_id=next_life(self.fact_id),
            kind=self.kind,
            subject=self.subject,
            name=self.name,
            amount=self.amount,
            expires_at=self.expires_at,
            cause=self.cause,
            actor=actor,
            reason=self.reason,
        )


def next_life(fact_id: str) -> str:
    """Of a fact that was withdrawn and is known anew: one for each, so that it is so once."""
    return str(uuid5(UUID(fact_id), "again"))
