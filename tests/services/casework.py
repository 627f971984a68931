"""A queue with jobs and two reviewers, for tests about review."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.permissions import Permission, UserRole, permissions_of
from services import configuration, jobs
from services.actions import ACTIONS
from services.context import Caller, system_caller
from services.policies import POLICIES
from services.queues import QUEUES
from services.rulesets import load_configuration
from store.jobs import NewJob, open_job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.configuration import Noun
    from services.context import Context
    from services.job_page import JobView

BAN: Mapping[str, object] = {
    "name": "Ban",
    "callbackUrl": "https://platform.example/ban",
    "parameters": [{"name": "days", "type": "NUMBER", "defaultValue": 7, "max": 30}],
}


@dataclass(frozen=True)
class Desk:
    context: Context
    org_id: int
    queue_id: str
    type_id: str
    action_id: str
    policy_id: str

    @property
    def ann(self) -> Caller:
        return self.reviewer("ann")

    @property
    def bob(self) -> Caller:
        return self.reviewer("bob")

    @property
    def cleo(self) -> Caller:
        """Who may also see what is about child safety."""
        return self.reviewer("cleo", UserRole.CHILD_SAFETY_MODERATOR)

    def reviewer(self, name: str, role: UserRole = UserRole.MODERATOR) -> Caller:
        permissions = permissions_of(role)
        email = f"{name}@test.example"
        return Caller(self.org_id, f"user:{name}", permissions, name, email)

    def opened(self, item_id: str, policy_ids: Sequence[str] = (), kind: str = "DEFAULT") -> str:
        """Opens a job, or adds a source to the open one; its id."""
        with self.context.database.transaction(self.org_id) as tx:
            return open_job(
                tx,
                NewJob(
                    job_id=self.context.new_id(),
                    queue_id=self.queue_id,
                    type_id=self.type_id,
                    item_id=item_id,
                    seq=None,
                    arrived_at=None,
                    source={"kind": "RULE_EXECUTION", "ruleId": "r1", "ruleName": "Rule"},
                    policy_ids=policy_ids,
                    now=self.context.clock(),
                    kind=kind,
                ),
            )

    def next_job(self, caller: Caller) -> JobView | None:
        return jobs.claim_next(self.context, caller, self.queue_id)

    def claimed(self, caller: Caller) -> tuple[str, str]:
        """(job id, lease token) of the next job."""
        view = self.next_job(caller)
        assert view is not None
        assert view.lease_token is not None
        return view.job_id, view.lease_token


def desk(context: Context, org_id: int) -> Desk:
    admin = replace(system_caller(org_id, "test"), permissions=frozenset(Permission))
    with context.database.transaction(org_id) as tx:
        known = load_configuration(tx)

    def made(noun: Noun[Any], document: Mapping[str, object]) -> str:
        return configuration.create(context, admin, noun, document, "").object_id

    return Desk(
        context=context,
        org_id=org_id,
        queue_id=made(QUEUES, {"name": "Review"}),
        type_id=next(iter(known.item_types)),
        action_id=made(ACTIONS, BAN),
        policy_id=made(POLICIES, {"name": "Spam"}),
    )
