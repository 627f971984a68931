"""Decisions as rows of a table and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.views.documents import person
from app.views.flip_rows import safe

Decision = Mapping[str, Any]
_NAMED = {"IGNORE": "Ignored", "ACCEPT_APPEAL": "Overturned", "REJECT_APPEAL": "Upheld"}
_HEADER = ("decided_at", "decision", "policies", "reason", "reviewer", "queue", "item", "item_type")


def verdict(decision: Decision, names: Mapping[str, str]) -> str:
    kind = str(decision.get("kind"))
    if kind in _NAMED:
        return _NAMED[kind]
    return ", ".join(names.get(a, a) for a in decision.get("actionIds", [])) or "Decided"


def decision_rows(
    decisions: Sequence[Decision], names: Mapping[str, str], href: Callable[[str], str]
) -> list[dict[str, Any]]:
    return [_row(decision, names, href) for decision in decisions]


def _row(
    decision: Decision, names: Mapping[str, str], href: Callable[[str], str]
) -> dict[str, Any]:
    undone = " (taken back)" if decision.get("undoneAt") else ""
    job_id = str(decision.get("jobId", ""))
    queue = str(decision.get("queueId") or "")
    return {
        "_id": job_id,
        "_href": href(job_id),
        "what": {"text": verdict(decision, names) + undone, "note": decision.get("reason") or ""},
        "item": decision.get("itemId"),
        "policies": _policies(decision, names) or None,
        "queue": decision.get("queueName") or names.get(queue, queue) or None,
        "who": person(decision.get("decidedBy"), decision.get("decidedByName")),
        "when": decision.get("decidedAt"),
    }


def _policies(decision: Decision, names: Mapping[str, str]) -> str:
    return ", ".join(names.get(p, p) for p in decision.get("policyIds", []))


def decisions_csv(decisions: Sequence[Decision], names: Mapping[str, str]) -> str:
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(_HEADER)
    for decision in decisions:
        cells = (
            decision.get("decidedAt"),
            verdict(decision, names) + (" (taken back)" if decision.get("undoneAt") else ""),
            _policies(decision, names),
            decision.get("reason"),
            person(decision.get("decidedBy"), decision.get("decidedByName")),
            names.get(str(decision.get("queueId")), decision.get("queueId")),
            decision.get("itemId"),
            decision.get("itemTypeId"),
        )
        table.writerow([safe(str(cell)) if cell is not None else "" for cell in cells])
    return out.getvalue()
