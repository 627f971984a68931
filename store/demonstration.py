"""What the database says of one organisation after a demo, all of one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

SUBMITTED = text("SELECT count(*) AS rows, count(DISTINCT seq) AS places FROM submissions")
EVALUATED = text("SELECT count(*) AS rows, count(DISTINCT seq) AS places FROM evaluations")
WITHOUT_VERDICT = text("""
    SELECT count(*) FROM submissions AS s
    WHERE NOT EXISTS (
        SELECT 1 FROM evaluations AS e WHERE e.org_id = s.org_id AND e.seq = s.seq
    )
""")
WAITING = text("SELECT count(*) FROM pending WHERE set_aside_at IS NULL")
SET_ASIDE = text("SELECT count(*) FROM pending WHERE set_aside_at IS NOT NULL")
MATCHES = text("""
    SELECT outcome ->> 'ruleId' AS rule_id, count(*) AS matches
    FROM evaluations, jsonb_array_elements(outcomes) AS outcome
    WHERE outcome ->> 'outcome' = 'TRUE'
    GROUP BY 1
""")
OUTBOX = text("SELECT state, count(*) AS rows FROM outbox GROUP BY state")
JOBS = text("SELECT count(*) FROM jobs")
DECISIONS = text("SELECT count(*) FROM decisions WHERE undone_at IS NULL")
SPOKEN = text("""
    SELECT (SELECT count(*) FROM reports WHERE job_id IS NOT NULL) AS reports,
           (SELECT count(*) FROM appeals WHERE job_id IS NOT NULL) AS appeals
""")
TYPES = text("SELECT DISTINCT type_id FROM submissions ORDER BY type_id")


@dataclass(frozen=True)
class Facts:
    """matches: by rule id. outbox: by state. without_verdict: submissions not evaluated."""

    submissions: int
    places: int
    evaluations: int
    evaluated_places: int
    without_verdict: int
    waiting: int
    set_aside: int
    matches: Mapping[str, int]
    outbox: Mapping[str, int]
    jobs: int
    decisions: int

    @property
    def undelivered(self) -> int:
        return self.outbox.get("pending", 0) + self.outbox.get("leased", 0)


def gather(tx: Connection) -> Facts:
    submitted, evaluated = tx.execute(SUBMITTED).one(), tx.execute(EVALUATED).one()
    return Facts(
        submissions=submitted.rows,
        places=submitted.places,
        evaluations=evaluated.rows,
        evaluated_places=evaluated.places,
        without_verdict=tx.execute(WITHOUT_VERDICT).scalar_one(),
        waiting=tx.execute(WAITING).scalar_one(),
        set_aside=tx.execute(SET_ASIDE).scalar_one(),
        matches={row.rule_id: row.matches for row in tx.execute(MATCHES)},
        outbox={row.state: row.rows for row in tx.execute(OUTBOX)},
        jobs=tx.execute(JOBS).scalar_one(),
        decisions=tx.execute(DECISIONS).scalar_one(),
    )


def spoken(tx: Connection) -> tuple[int, int]:
    """Reports and appeals that have a job."""
    row = tx.execute(SPOKEN).one()
    return row.reports, row.appeals


def waiting_items(tx: Connection) -> int:
    count: int = tx.execute(WAITING).scalar_one()
    return count


def waiting_webhooks(tx: Connection) -> int:
    states: dict[str, int] = {row.state: row.rows for row in tx.execute(OUTBOX)}
    return states.get("pending", 0) + states.get("leased", 0)


def submitted_types(tx: Connection) -> list[str]:
    return [row.type_id for row in tx.execute(TYPES)]
