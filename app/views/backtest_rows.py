"""Backtests as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.views.documents import person
from app.views.figures import share_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from app.winnow_client.model import Backtest

TONES = {"done": "good", "running": "info", "queued": "soft", "failed": "bad", "cancelled": "soft"}


def backtest_rows(
    runs: Sequence[Backtest], names: Mapping[str, str], href: Callable[[str], str]
) -> list[dict[str, Any]]:
    return [_row(run, names, href) for run in runs]


def _row(run: Backtest, names: Mapping[str, str], href: Callable[[str], str]) -> dict[str, Any]:
    report: Mapping[str, Any] = run.report or {}
    precision = report.get("precision") or {}
    known = precision.get("value") is not None
    return {
        "_id": run.backtest_id,
        "_href": href(run.backtest_id),
        "what": {"text": title_of(run, names), "note": _against(run)},
        "state": {"text": run.state.capitalize(), "tone": TONES.get(run.state, "plain")},
        "rows": report.get("rows"),
        "hits": report.get("hits"),
        "precision": share_interval(
            precision.get("value"), precision.get("low"), precision.get("high")
        )
        if known
        else None,
        "who": person(run.requested_by, run.requested_by_name) or None,
        "when": run.created_at.isoformat() if run.created_at else None,
    }


def title_of(run: Backtest, rules: Mapping[str, str]) -> str:
    rule_id = run.request.get("ruleId")
    if rule_id:
        return rules.get(str(rule_id), str(rule_id))
    return str(run.request.get("where") or run.request.get("candidate") or "A condition")


def _against(run: Backtest) -> str:
    baseline = run.request.get("baselineWhere") or run.request.get("baseline")
    return f"against {baseline}" if baseline else ""
