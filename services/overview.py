"""The figures of the first page, over the last days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import Connection

from engine.configuration.configuration import Configuration
from engine.errors import InvalidInput, Problem
from engine.permissions import Permission
from services.context import Caller, Context, require
from services.rule_health import configuration_problem, rule_problems
from services.rulesets import known_configuration
from store import overview, pending
from store.overview import HourCount, KindCount

MAX_DAYS = 90
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class HourVolume:
    hour: datetime
    accepted: int
    evaluated: int


@dataclass(frozen=True)
class RuleMatches:
    rule_id: str
    rule_name: str
    status: str
    matches: int


@dataclass(frozen=True)
class JobFigures:
    """decided_today: since midnight UTC."""

    open: int
    decided_today: int


@dataclass(frozen=True)
class DeliveryFigures:
    pending: int
    dead: int


@dataclass(frozen=True)
class LakeFigures:
    """rows: None until something has been exported."""

    rows: int | None
    exported_at: datetime | None


@dataclass(frozen=True)
class RuleProblem:
    rule_id: str
    rule_name: str
    problem: str


@dataclass(frozen=True)
class Overview:
    """set_aside: how many items could not be evaluated, whenever they came.

    broken_rules: LIVE and SHADOW ones left out for an item type, or naming what is gone.
    configuration_problem: why workers go on with an earlier configuration; empty if they do not.
    """

    days: int
    volume: tuple[HourVolume, ...]
    matches_by_rule: tuple[RuleMatches, ...]
    jobs: JobFigures
    decisions_by_kind: tuple[KindCount, ...]
    deliveries: DeliveryFigures
    lake: LakeFigures
    set_aside: int
    broken_rules: tuple[RuleProblem, ...]
    configuration_problem: str


def figures(context: Context, caller: Caller, days: int) -> Overview:
    require(caller, Permission.VIEW_INSIGHTS)
    if not 1 <= days <= MAX_DAYS:
        problem = Problem(f"`days` must be from 1 to {MAX_DAYS}")
        raise InvalidInput(problem.message, problems=(problem,))
    now = context.clock()
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    since, until = this_hour - timedelta(days=days), this_hour + HOUR
    midnight = datetime.combine(now.date(), time(), now.tzinfo)
    with context.database.transaction(caller.org_id) as tx:
        configuration = known_configuration(tx)
        waiting, dead = overview.deliveries(tx)
        return Overview(
            days=days,
            volume=hours(overview.accepted(tx, since, until), overview.waiting(tx, since)),
            matches_by_rule=_matches(tx, configuration, since),
            jobs=JobFigures(overview.open_jobs(tx), overview.decided(tx, midnight)),
            decisions_by_kind=tuple(overview.decisions_by_kind(tx, since)),
            deliveries=DeliveryFigures(waiting, dead),
            lake=LakeFigures(*overview.exported(tx)),
            set_aside=pending.count_set_aside(tx),
            broken_rules=_broken(configuration, rule_problems(tx, now), now),
            configuration_problem=configuration_problem(tx, now),
        )


def _broken(
    configuration: Configuration, problems: Mapping[str, str], now: datetime
) -> tuple[RuleProblem, ...]:
    rules = sorted(configuration.rules.values(), key=lambda rule: rule.name)
    return tuple(
        RuleProblem(rule.rule_id, rule.name, problems[rule.rule_id])
        for rule in rules
        if rule.rule_id in problems and rule.is_evaluated(now)
    )


def hours(accepted: list[HourCount], waiting: list[HourCount]) -> tuple[HourVolume, ...]:
    """Every hour in which something arrived; what does not wait any more has been evaluated."""
    left = {count.hour: count.count for count in waiting}
    return tuple(
        HourVolume(one.hour, one.count, max(0, one.count - left.get(one.hour, 0)))
        for one in accepted
    )


def _matches(
    tx: Connection, configuration: Configuration, since: datetime
) -> tuple[RuleMatches, ...]:
    return tuple(
        RuleMatches(
            rule_id=count.rule_id,
            rule_name=_rule_name(configuration, count.rule_id),
            status=count.status,
            matches=count.matches,
        )
        for count in overview.matches(tx, since)
    )


def _rule_name(configuration: Configuration, rule_id: str) -> str:
    rule = configuration.rules.get(rule_id)
    return rule.name if rule else rule_id
