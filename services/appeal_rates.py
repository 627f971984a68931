"""How often what was done did not hold: accepted appeals among those resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.permissions import Permission
from engine.statistics.estimates import wilson
from services.context import Caller, Context, require
from services.people import names_in
from services.rulesets import known_configuration
from store import appeal_figures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.configuration.configuration import Configuration
    from store.appeal_figures import Ended


@dataclass(frozen=True)
class Rate:
    """key: an id, an actor or a day. overturned of resolved, with a 95% Wilson interval.

    rate, low, high: None before anything is resolved.
    """

    key: str
    name: str
    overturned: int
    resolved: int
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class AppealFigures:
    """Appeals resolved in the period; waiting, oldest_waiting: at this moment."""

    since: datetime
    until: datetime
    all: Rate
    median_seconds_to_decide: float | None
    waiting: int
    oldest_waiting: datetime | None
    by_policy: tuple[Rate, ...]
    by_reviewer: tuple[Rate, ...]
    by_rule: tuple[Rate, ...]
    by_action: tuple[Rate, ...]
    by_day: tuple[Rate, ...]


def figures(context: Context, caller: Caller, days: int) -> AppealFigures:
    """Of the appeals that were resolved in so many days up to now."""
    require(caller, Permission.VIEW_MRT_DATA)
    until = context.clock()
    since = until - timedelta(days=days)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        totals = appeal_figures.totals(tx, since, until)
        ended = {
            what: appeal_figures.ended_by(tx, what, since, until) for what in appeal_figures.BY
        }
        names = {**names_in(tx, [row.key for row in ended["reviewer"]]), **_named(configuration)}
    rates = {what: tuple(_rate(row, names) for row in rows) for what, rows in ended.items()}
    return AppealFigures(
        since=since,
        until=until,
        all=_rate(totals.ended, names),
        median_seconds_to_decide=totals.median_seconds,
        waiting=totals.waiting,
        oldest_waiting=totals.oldest,
        by_policy=rates["policy"],
        by_reviewer=rates["reviewer"],
        by_rule=rates["rule"],
        by_action=rates["action"],
        by_day=tuple(sorted(rates["day"], key=lambda rate: rate.key)),
    )


def _named(configuration: Configuration) -> dict[str, str]:
    return {
        **{key: policy.name for key, policy in configuration.policies.items()},
        **{key: rule.name for key, rule in configuration.rules.items()},
        **{key: action.name for key, action in configuration.actions.items()},
    }


def _rate(ended: Ended, names: Mapping[str, str]) -> Rate:
    name = names.get(ended.key, ended.key)
    if not ended.resolved:
        return Rate(ended.key, name, 0, 0, None, None, None)
    low, high = wilson(ended.overturned, ended.resolved)
    share = ended.overturned / ended.resolved
    return Rate(ended.key, name, ended.overturned, ended.resolved, share, low, high)
