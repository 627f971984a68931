"""How appeals ended, counted by what was appealed against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

RESOLVED = """
FROM appeals AS a {each}
WHERE a.outcome IS NOT NULL AND a.resolved_at >= :since AND a.resolved_at < :until
"""
COUNTED = "count(DISTINCT a.id) FILTER (WHERE a.outcome = 'ACCEPT'), count(DISTINCT a.id)"
TOTAL = text(f"""
SELECT {COUNTED}, percentile_cont(0.5) WITHIN GROUP (
    ORDER BY extract(epoch FROM a.resolved_at - a.received_at)
) {RESOLVED.format(each="")}
""")
WAITING = text("SELECT count(*), min(received_at) FROM appeals WHERE outcome IS NULL")

# Each appeal counts once for every policy, reviewer, rule or action that it is against.
EACH: dict[str, tuple[LiteralString, LiteralString]] = {
    "policy": (
        "p.key",
        """CROSS JOIN LATERAL (
            SELECT jsonb_array_elements_text(a.policy_ids) AS key
            UNION SELECT jsonb_array_elements_text(d -> 'policyIds')
            FROM jsonb_array_elements(a.against) AS d
        ) AS p""",
    ),
    "reviewer": (
        "d ->> 'actor'",
        "CROSS JOIN LATERAL jsonb_array_elements(a.against) AS d",
    ),
    "rule": (
        "r.key",
        """CROSS JOIN LATERAL jsonb_array_elements(a.against) AS d
        CROSS JOIN LATERAL jsonb_array_elements_text(d -> 'ruleIds') AS r(key)""",
    ),
    "action": ("x.key", "CROSS JOIN LATERAL jsonb_array_elements_text(a.action_ids) AS x(key)"),
    "day": ("to_char(a.resolved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')", ""),
}
BY = {
    name: text(
        f"SELECT {key}, {COUNTED} {RESOLVED.format(each=each)} GROUP BY 1 ORDER BY 3 DESC, 1"
    )
    for name, (key, each) in EACH.items()
}


@dataclass(frozen=True)
class Ended:
    """key: an id, an actor or a day; empty for all. overturned: accepted, of those resolved."""

    key: str
    overturned: int
    resolved: int


@dataclass(frozen=True)
class Totals:
    ended: Ended
    median_seconds: float | None
    waiting: int
    oldest: datetime | None


def totals(tx: Connection, since: datetime, until: datetime) -> Totals:
    row = tx.execute(TOTAL, {"since": since, "until": until}).one()
    waiting = tx.execute(WAITING).one()
    return Totals(Ended("", row[0], row[1]), row[2], waiting[0], waiting[1])


def ended_by(tx: Connection, what: str, since: datetime, until: datetime) -> list[Ended]:
    """what: a key of `EACH`. The most appealed first; days are a few at most."""
    rows = tx.execute(BY[what], {"since": since, "until": until})
    return [Ended(row[0], row[1], row[2]) for row in rows if row[0]]
