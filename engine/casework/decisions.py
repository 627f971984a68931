"""What a reviewer may decide about a job, and the labels that follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.configuration.parameters import given_values
from engine.configuration.reader import escape
from engine.errors import Conflict, InvalidInput, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from engine.configuration.actions import Action
    from engine.configuration.configuration import Configuration
    from engine.configuration.settings import OrgSettings

UNDO_WINDOW = timedelta(seconds=10)
MAX_REASON = 5000


class DecisionKind(StrEnum):
    IGNORE = "IGNORE"
    CUSTOM_ACTION = "CUSTOM_ACTION"
    ACCEPT_APPEAL = "ACCEPT_APPEAL"
    REJECT_APPEAL = "REJECT_APPEAL"


APPEAL_KINDS = frozenset({DecisionKind.ACCEPT_APPEAL, DecisionKind.REJECT_APPEAL})
APPEAL_JOB = "APPEAL"
CHILD_SAFETY_JOB = "NCMEC"


@dataclass(frozen=True)
class Verdict:
    """What a reviewer says. parameters: by action id, the values given for that action."""

    kind: DecisionKind
    action_ids: tuple[str, ...] = ()
    policy_ids: tuple[str, ...] = ()
    reason: str = ""
    parameters: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True)
class ChosenAction:
    """values: what was given, completed with the action's defaults."""

    action: Action
    values: Mapping[str, object]


@dataclass(frozen=True)
class Label:
    """Whether an item violates a policy; policy_id None: any policy."""

    policy_id: str | None
    violating: bool


def judge(
    verdict: Verdict,
    type_id: str,
    queue_id: str,
    configuration: Configuration,
    job_kind: str = "DEFAULT",
) -> tuple[ChosenAction, ...]:
    """The actions to take on an item of this type; raises InvalidInput with every problem."""
    problems = [
        *_shape_problems(verdict),
        *_kind_problems(verdict.kind, job_kind),
        *_policy_problems(verdict, configuration),
        *_required_problems(verdict, job_kind, configuration.settings),
    ]
    chosen: list[ChosenAction] = []
    for index, action_id in enumerate(verdict.action_ids):
        problem = _action_problem(action_id, type_id, queue_id, configuration)
        if problem:
            problems.append(Problem(problem, f"/actionIds/{index}"))
            continue
        action = configuration.actions[action_id]
        given = verdict.parameters.get(action_id, {})
        pointer = f"/parameters/{escape(action_id)}"
        values, wrong = given_values(action.parameters, given, pointer)
        problems.extend(wrong)
        chosen.append(ChosenAction(action, values))
    if problems:
        raise InvalidInput(problems[0].message, problems=tuple(problems))
    return tuple(chosen)


def _shape_problems(verdict: Verdict) -> list[Problem]:
    problems: list[Problem] = []
    if verdict.kind is DecisionKind.IGNORE and verdict.action_ids:
        problems.append(Problem("an ignored job takes no actions", "/actionIds"))
    if verdict.kind is DecisionKind.CUSTOM_ACTION and not verdict.action_ids:
        problems.append(Problem("choose at least one action, or ignore", "/actionIds"))
    if len(verdict.reason) > MAX_REASON:
        problems.append(Problem(f"at most {MAX_REASON} characters", "/reason"))
    problems.extend(
        Problem(f"`{action_id}` was not chosen", f"/parameters/{escape(action_id)}")
        for action_id in verdict.parameters
        if action_id not in verdict.action_ids
    )
    return problems


def _kind_problems(kind: DecisionKind, job_kind: str) -> list[Problem]:
    """An appeal is accepted or rejected, and nothing else is."""
    if (kind in APPEAL_KINDS) is (job_kind == APPEAL_JOB):
        return []
    if job_kind == APPEAL_JOB:
        return [Problem("an appeal is decided by ACCEPT_APPEAL or REJECT_APPEAL", "/kind")]
    return [Problem("this job is no appeal", "/kind", "ignore it, or choose an action")]


def _required_problems(verdict: Verdict, job_kind: str, settings: OrgSettings) -> list[Problem]:
    """What the organisation asks of every decision. Child safety has its own requirements."""
    problems: list[Problem] = []
    if job_kind == CHILD_SAFETY_JOB:
        return problems
    acts = verdict.kind is DecisionKind.CUSTOM_ACTION
    if settings.decision_needs_policy and acts and not verdict.policy_ids:
        problems.append(Problem("name the policy that is violated", "/policyIds"))
    if settings.decision_needs_reason and not verdict.reason.strip():
        problems.append(Problem("give a reason for the decision", "/reason"))
    return problems


def _policy_problems(verdict: Verdict, configuration: Configuration) -> list[Problem]:
    return [
        Problem(f"there is no policy `{policy_id}`", f"/policyIds/{index}")
        for index, policy_id in enumerate(verdict.policy_ids)
        if policy_id not in configuration.policies
    ]


def _action_problem(
    action_id: str, type_id: str, queue_id: str, configuration: Configuration
) -> str:
    action = configuration.actions.get(action_id)
    if action is None:
        return f"there is no action `{action_id}`"
    queue = configuration.queues.get(queue_id)
    if queue is not None and action_id in queue.hidden_action_ids:
        return f"`{action.name}` may not be taken from the queue `{queue.name}`"
    if not action.allows(type_id):
        return f"`{action.name}` is not for items of this type"
    return ""


def offered_actions(
    type_id: str, queue_id: str, configuration: Configuration
) -> tuple[Action, ...]:
    """The actions a reviewer of this queue may take on an item of this type, by name."""
    allowed = (
        action
        for action_id, action in configuration.actions.items()
        if not _action_problem(action_id, type_id, queue_id, configuration)
    )
    return tuple(sorted(allowed, key=lambda action: action.name.casefold()))


def labels_of(verdict: Verdict, job_policy_ids: Sequence[str]) -> tuple[Label, ...]:
    """An action, or a rejected appeal, says the item violates the policies named; the rest, none.

    Without named policies, those the job was opened for count; without any, no policy is named.
    """
    violating = verdict.kind in {DecisionKind.CUSTOM_ACTION, DecisionKind.REJECT_APPEAL}
    named = tuple(verdict.policy_ids) if violating else ()
    policies = named or tuple(job_policy_ids)
    if not policies:
        return (Label(None, violating),)
    return tuple(Label(policy_id, violating) for policy_id in dict.fromkeys(policies))


def check_undo(
    *, decided_by: str, decided_at: datetime, undone: bool, actor: str, now: datetime
) -> None:
    """Raises Conflict unless the decider asks, in time, for the first time."""
    if undone:
        raise Conflict("this decision has been undone already")
    if decided_by != actor:
        raise Conflict("only the person who decided may undo", hint="ask that person")
    if now >= decided_at + UNDO_WINDOW:
        seconds = int(UNDO_WINDOW.total_seconds())
        raise Conflict(f"a decision can be undone for {seconds} seconds; they have passed")
