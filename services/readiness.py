"""Whether Winnow can serve, and whether what it hands its work to keeps up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from engine.admission import Gate
from engine.errors import Unavailable
from services.admission import read_gate
from services.context import Context
from store import organisations, readiness

LATE_DELIVERY_S = 300.0
LATE_EXPORT_S = 24 * 3600.0
# Organisations looked at; the question is asked often and without a key.
MOST = 200


@dataclass(frozen=True)
class Checks:
    """database: without it nothing works. evaluation: items are taken in, none waits too long.

    delivery: webhooks go out when they are due.
    lake: lacks nothing that is older than a day; None if there is none yet.
    """

    database: bool
    evaluation: bool | None = None
    delivery: bool | None = None
    lake: bool | None = None


@dataclass(frozen=True)
class Figures:
    """Of the organisation that is furthest behind; None when nothing waits.

    lake_age_seconds: for how long the oldest item that the lake lacks has been here.
    """

    oldest_unevaluated_seconds: float | None = None
    oldest_undelivered_seconds: float | None = None
    lake_age_seconds: float | None = None


@dataclass(frozen=True)
class Readiness:
    """status: ready, degraded (requests are served, something behind them is late), not ready."""

    status: str
    checks: Checks
    figures: Figures


NOT_READY = Readiness("not ready", Checks(database=False), Figures())


@dataclass(frozen=True)
class _Seen:
    gate: Gate
    undelivered_s: float | None
    lake_s: float | None


def look(context: Context) -> Readiness:
    """Never raises for a database that is away."""
    try:
        with context.database.system() as tx:
            org_ids = list(organisations.ids(tx))[:MOST]
        return readiness_of([_seen(context, org_id) for org_id in org_ids])
    except (Unavailable, SQLAlchemyError):
        return NOT_READY


def _seen(context: Context, org_id: int) -> _Seen:
    gate = read_gate(context, org_id)
    with context.database.transaction(org_id) as tx:
        return _Seen(gate, readiness.oldest_due_s(tx), readiness.lake_behind_s(tx))


def readiness_of(seen: Sequence[_Seen]) -> Readiness:
    undelivered = _longest(each.undelivered_s for each in seen)
    lake = _longest(each.lake_s for each in seen)
    checks = Checks(
        database=True,
        evaluation=all(each.gate.is_open for each in seen),
        delivery=undelivered is None or undelivered <= LATE_DELIVERY_S,
        lake=None if lake is None else lake <= LATE_EXPORT_S,
    )
    late = False in (checks.evaluation, checks.delivery, checks.lake)
    figures = Figures(_longest(each.gate.oldest_s for each in seen), undelivered, lake)
    return Readiness("degraded" if late else "ready", checks, figures)


def _longest(ages: Iterable[float | None]) -> float | None:
    return max((round(age, 1) for age in ages if age is not None), default=None)
