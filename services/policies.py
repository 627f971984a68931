from __future__ import annotations

from typing import TYPE_CHECKING

from engine.audit import Event
from engine.configuration.policies import Policy, parse_policy, policy_document
from engine.configuration.references import policy_problems, users_of_policy
from engine.permissions import Permission
from services.configuration import Events, Noun, Saving, refuse
from services.rulesets import known_configuration
from store.config import ConfigKind

if TYPE_CHECKING:
    from services.context import Caller, Context


def all_policies(context: Context, caller: Caller) -> list[Policy]:
    """Every policy, by name: what platforms read to show their users."""
    with context.database.transaction(caller.org_id) as tx:
        policies = known_configuration(tx).policies.values()
    return sorted(policies, key=lambda policy: (policy.name, policy.policy_id))


def _settle(saving: Saving, policy: Policy) -> Policy:
    refuse("policy", policy_problems(policy, saving.configuration))
    return policy


def _users(saving: Saving) -> tuple[str, ...]:
    return users_of_policy(saving.configuration, saving.object_id)


POLICIES = Noun(
    kind=ConfigKind.POLICY,
    title="policy",
    events=Events(
        Event.POLICY_CREATE, Event.POLICY_UPDATE, Event.POLICY_DELETE, Event.POLICY_ROLLBACK
    ),
    parse=parse_policy,
    document=policy_document,
    name=lambda policy: policy.name,
    select=lambda configuration: configuration.policies,
    needs=lambda _before, _after: Permission.MANAGE_POLICIES,
    settle=_settle,
    users=_users,
)
