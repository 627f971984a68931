"""Simulated moderators: they claim jobs, look, and decide, mostly rightly."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.winnow_client import ApiError, Winnow
from app.winnow_client.model import Job
from engine.simulation.events import Offence

_CONFLICT = 409
_ACTIONS: Mapping[str, str] = {
    Offence.SPAM: "Remove",
    Offence.SCAM: "Hide listing",
    Offence.HARASSMENT: "Remove",
    Offence.SELF_HARM: "Offer support",
}


@dataclass(frozen=True)
class Choice:
    """What a moderator decides. action and policy are None for an item that may stay."""

    action: str | None
    policy: str | None
    reason: str


def choose(
    offence: str | None, offered: Sequence[str], chance: random.Random, accuracy: float
) -> Choice:
    """offence: what the item really is. offered: the names of the actions of the job."""
    sees_it = chance.random() < accuracy
    violates = (offence is not None) is sees_it
    if not violates:
        return Choice(None, None, "Nothing wrong with it.")
    wanted = _ACTIONS.get(offence or "", "Remove")
    action = wanted if wanted in offered else next((a for a in offered if a == "Remove"), None)
    if action is None:
        return Choice(None, None, "No fitting action here.")
    return Choice(action, offence or None, "Breaks the policy." if offence else "Looks wrong.")


@dataclass
class Moderator:
    """winnow: signed in. truth: what the platform knows of its items, by (type, id)."""

    winnow: Winnow
    truth: Mapping[tuple[str, str], str | None]
    policies: Mapping[str, str]
    chance: random.Random
    accuracy: float = 0.92
    decided: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def work(self, queue_ids: Sequence[str]) -> Iterator[bool]:
        """Endless: one job after another; False when every queue is empty.

        A moderator stays with a queue until it is empty.
        """
        while True:
            found = False
            for queue_id in queue_ids:
                while (job := self.winnow.claim_next(queue_id)) is not None:
                    self.decide(job)
                    found = True
                    yield True
            if not found:
                yield False

    def decide(self, job: Job) -> None:
        """A job that somebody else has settled meanwhile is left alone."""
        offered = {action.name: action.id for action in job.actions}
        offence = self.truth.get((job.item.item_type_name, job.item.item_id))
        choice = choose(offence, list(offered), self.chance, self.accuracy)
        policy = self.policies.get(choice.policy or "")
        try:
            self.winnow.decide(
                job.job_id,
                job.lease_token or "",
                kind="CUSTOM_ACTION" if choice.action else "IGNORE",
                action_ids=[offered[choice.action]] if choice.action else [],
                policy_ids=[policy] if policy and choice.action else [],
                reason=choice.reason,
            )
        except ApiError as error:
            if error.status != _CONFLICT:
                raise
            return
        self.decided += 1
        self.kinds["acted" if choice.action else "ignored"] += 1
