from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from engine.configuration.reader import MAX_NAME, SCHEMA, Reader, escape
from engine.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_TEXT = 100_000
MOST_LOCALES = 200
DEFAULT_STRIKE_WEIGHT = 1
# Of BCP 47, what platforms use: a language, perhaps a script, perhaps a region or variant.
LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


class Severity(StrEnum):
    NONE = "NONE"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    SEVERE = "SEVERE"


@dataclass(frozen=True)
class Wording:
    """A policy in another language; an empty part is said as in the policy itself."""

    name: str = ""
    text: str = ""
    guidelines: str = ""


@dataclass(frozen=True)
class Policy:
    """type: the organisation's own word for the kind of harm.

    strike_weight: strikes that a violation counts; None inherits it from the parent.
    locales: by language tag.
    """

    policy_id: str
    version: int
    name: str
    parent_id: str | None = None
    text: str = ""
    guidelines: str = ""
    severity: Severity = Severity.NONE
    strike_weight: int | None = None
    type: str = ""
    locales: Mapping[str, Wording] = field(default_factory=dict)

    def wording(self, language: str) -> Wording:
        """In this language, else in its wider one (`de` for `de-AT`), else as written."""
        by_tag = {tag.lower(): words for tag, words in self.locales.items()}
        tag = language.lower()
        while tag and tag not in by_tag:
            tag = tag.rpartition("-")[0]
        said = by_tag.get(tag, Wording())
        return Wording(
            said.name or self.name, said.text or self.text, said.guidelines or self.guidelines
        )


def parse_policy(policy_id: str, version: int, document: object) -> Policy:
    """Raises InvalidConfiguration."""
    reader = Reader(document)
    policy = Policy(
        policy_id=policy_id,
        version=version,
        name=reader.text("name", limit=MAX_NAME, required=True),
        parent_id=reader.optional_text("parentId"),
        text=reader.text("text", limit=MAX_TEXT),
        guidelines=reader.text("guidelines", limit=MAX_TEXT),
        severity=reader.choice("severity", Severity, Severity.NONE),
        strike_weight=reader.whole("strikeWeight", default=None, high=1000),
        type=reader.text("type", limit=MAX_NAME),
        locales=_locales(reader),
    )
    reader.finish("policy")
    return policy


def _locales(reader: Reader) -> dict[str, Wording]:
    kept: dict[str, Wording] = {}
    for tag, document in reader.mapping("locales", most=MOST_LOCALES).items():
        pointer = f"{reader.pointer}/locales/{escape(tag)}"
        if not LANGUAGE.fullmatch(tag):
            reader.wrong(f"locales/{escape(tag)}", f"`{tag}` is no language tag", "such as `de`")
            continue
        inner = Reader(document, pointer, reader.problems)
        kept[tag] = Wording(
            inner.text("name", limit=MAX_NAME),
            inner.text("text", limit=MAX_TEXT),
            inner.text("guidelines", limit=MAX_TEXT),
        )
        inner.unknown()
    return kept


def policy_document(policy: Policy) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "name": policy.name,
        "parentId": policy.parent_id,
        "text": policy.text,
        "guidelines": policy.guidelines,
        "severity": policy.severity.value,
        "strikeWeight": policy.strike_weight,
        "type": policy.type,
        "locales": {tag: _wording_document(said) for tag, said in policy.locales.items()},
    }


def _wording_document(said: Wording) -> dict[str, str]:
    return {"name": said.name, "text": said.text, "guidelines": said.guidelines}


def strike_weight(policy: Policy, policies: Mapping[str, Policy]) -> int:
    """Its own weight, else that of the nearest ancestor which has one, else one strike."""
    seen: set[str] = set()
    at: Policy | None = policy
    while at is not None and at.policy_id not in seen:
        if at.strike_weight is not None:
            return at.strike_weight
        seen.add(at.policy_id)
        at = policies.get(at.parent_id or "")
    return DEFAULT_STRIKE_WEIGHT


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
