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
_APPEAL = "APPEAL"
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
        verdict = self._judge_appeal(job) if job.kind == _APPEAL else self._judge(job)
        try:
            self.winnow.decide(
                job.job_id,
                job.lease_token or "",
                kind=verdict.kind,
                action_ids=verdict.action_ids,
                policy_ids=verdict.policy_ids,
                reason=verdict.reason,
            )
        except ApiError as error:
            if error.status != _CONFLICT:
                raise
            return
        self.decided += 1
        self.kinds[verdict.heard_as] += 1

    def _judge(self, job: Job) -> _Verdict:
        offered = {action.name: action.id for action in job.actions}
        choice = choose(self._offence(job), list(offered), self.chance, self.accuracy)
        if choice.action is None:
            return _Verdict("IGNORE", choice.reason, "ignored")
        policy = self.policies.get(choice.policy or "")
        actions = [offered[choice.action]]
        policies = [policy] if policy else []
        return _Verdict("CUSTOM_ACTION", choice.reason, "acted", actions, policies)

    def _judge_appeal(self, job: Job) -> _Verdict:
        violates = (self._offence(job) is not None) is (self.chance.random() < self.accuracy)
        if violates:
            return _Verdict("REJECT_APPEAL", "It does break the policy.", "upheld")
        return _Verdict("ACCEPT_APPEAL", "A second look finds nothing wrong.", "overturned")

    def _offence(self, job: Job) -> str | None:
        return self.truth.get((job.item.item_type_name, job.item.item_id))


@dataclass(frozen=True)
class _Verdict:
    """As the API wants it. heard_as: how the demo counts it."""

    kind: str
    reason: str
    heard_as: str
    action_ids: Sequence[str] = ()
    policy_ids: Sequence[str] = ()
