from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.configuration.reader import MAX_NAME, SCHEMA, Reader
from engine.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TEXT = 100_000
DEFAULT_STRIKE_WEIGHT = 1


class Severity(StrEnum):
    NONE = "NONE"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    SEVERE = "SEVERE"


@dataclass(frozen=True)
class Policy:
    policy_id: str
    version: int
    name: str
    parent_id: str | None = None
    text: str = ""
    guidelines: str = ""
    severity: Severity = Severity.NONE
    strike_weight: int = DEFAULT_STRIKE_WEIGHT


def parse_policy(policy_id: str, version: int, document: object) -> Policy:
    """Raises InvalidConfiguration."""
    reader = Reader(document)
    weight = reader.whole("strikeWeight", default=DEFAULT_STRIKE_WEIGHT, high=1000)
    policy = Policy(
        policy_id=policy_id,
        version=version,
        name=reader.text("name", limit=MAX_NAME, required=True),
        parent_id=reader.optional_text("parentId"),
        text=reader.text("text", limit=MAX_TEXT),
        guidelines=reader.text("guidelines", limit=MAX_TEXT),
        severity=reader.choice("severity", Severity, Severity.NONE),
        strike_weight=DEFAULT_STRIKE_WEIGHT if weight is None else weight,
    )
    reader.finish("policy")
    return policy


def policy_document(policy: Policy) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "name": policy.name,
        "parentId": policy.parent_id,
        "text": policy.text,
        "guidelines": policy.guidelines,
        "severity": policy.severity.value,
        "strikeWeight": policy.strike_weight,
    }


def parent_problems(policy: Policy, others: Mapping[str, Policy]) -> tuple[Problem, ...]:
    """A parent must exist and must not be the policy itself or one of its descendants."""
    seen = {policy.policy_id}
    parent = policy.parent_id
    while parent is not None:
        if parent in seen:
            return (Problem("a policy cannot be its own ancestor", "/parentId"),)
        seen.add(parent)
        above = others.get(parent)
        if above is None:
            return (Problem(f"there is no policy `{parent}`", "/parentId"),)
        parent = above.parent_id
    return ()
