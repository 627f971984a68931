"""The JSON body of an action callback. Absent keys are left out, never null."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from engine.actions.execution import Execution, Report, Target

ENCODER = msgspec.json.Encoder()


def callback_body(execution: Execution) -> bytes:
    """The exact bytes that are signed and sent."""
    target = execution.target
    body: dict[str, object] = {
        "item": {"id": target.item_id, "typeId": target.type_id, "typeName": target.type_name},
        "action": {"id": execution.action.action_id},
        "policies": [
            {"id": policy.policy_id, "name": policy.name, "penalty": policy.severity.value}
            for policy in execution.policies
        ],
        "rules": [{"id": rule.rule_id, "name": rule.name} for rule in execution.rules],
        "custom": _custom(execution),
    }
    optional = {
        "actorEmail": execution.actor_email,
        "actorNote": execution.actor_note,
        "creator": _creator(target),
        "decisionReason": execution.decision_reason,
        "userStrikeCount": execution.user_strike_count,
    }
    return ENCODER.encode(
        body | {key: value for key, value in optional.items() if value is not None}
    )


def _custom(execution: Execution) -> dict[str, object]:
    """The configured body; a parameter's value wins over a configured key of its name."""
    custom = {**execution.action.callback_url_body, **execution.parameters}
    if execution.report_history is not None:
        custom["reason"] = execution.decision_reason or ""
        custom["reportHistory"] = [_report(report) for report in execution.report_history]
    return custom


def _report(report: Report) -> dict[str, object]:
    reporter = report.reporter
    return {
        "reason": report.reason,
        "reporter": {"id": reporter.item_id, "typeId": reporter.type_id} if reporter else None,
    }


def _creator(target: Target) -> dict[str, str] | None:
    person = target.person
    return {"id": person[1], "typeId": person[0]} if person else None
