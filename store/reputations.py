"""What a user's reputation is made of, read from where it happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.items import ItemRef

LATEST_ITEMS = 1000


@dataclass(frozen=True)
class ActedDecision:
    """A standing decision that acted on the user, or on something of theirs."""

    at: datetime
    policy_ids: tuple[str, ...]


STRIKES = text("""
SELECT at, amount FROM facts
WHERE kind = 'strike' AND subject_type_id = :type_id AND subject_id = :item_id
  AND withdrawn_at IS NULL AND at > :since
""")


def strikes(tx: Connection, user: ItemRef, since: datetime) -> list[tuple[datetime, float]]:
    """(when, how many) of those not revoked, expired ones too."""
    return [(row[0], row[1]) for row in tx.execute(STRIKES, _asked(user, since))]


# The user's own jobs, and those of the latest thousand submissions: enough for a score, and bounded
# for an account that posts without end.
DECISIONS = text("""
WITH theirs AS (
    SELECT :type_id AS type_id, :item_id AS item_id
    UNION
    SELECT type_id, item_id FROM (
        SELECT type_id, item_id FROM submissions
        WHERE creator_type_id = :type_id AND creator_id = :item_id
        ORDER BY arrived_at DESC LIMIT :most
    ) AS latest
)
SELECT d.decided_at, d.policy_ids
FROM theirs JOIN jobs AS j USING (type_id, item_id) JOIN decisions AS d USING (org_id, job_id)
WHERE d.kind = 'CUSTOM_ACTION' AND d.undone_at IS NULL AND d.decided_at > :since
""")


def decisions(tx: Connection, user: ItemRef, since: datetime) -> list[ActedDecision]:
    rows = tx.execute(DECISIONS, _asked(user, since) | {"most": LATEST_ITEMS})
    return [ActedDecision(row[0], tuple(row[1])) for row in rows]


def _asked(user: ItemRef, since: datetime) -> dict[str, object]:
    return {"type_id": user.type_id, "item_id": user.item_id, "since": since}


REPORTS = text("""
SELECT r.received_at,
       CASE WHEN r.invalidated_at IS NOT NULL THEN 'report-invalidated'
            WHEN d.kind = 'IGNORE' THEN 'report-dismissed' ELSE 'report-upheld' END
FROM reports AS r
LEFT JOIN LATERAL (
    SELECT kind FROM decisions WHERE job_id = r.job_id AND undone_at IS NULL
    ORDER BY decided_at DESC LIMIT 1
) AS d ON true
WHERE r.reporter_type_id = :type_id AND r.reporter_id = :item_id AND r.received_at > :since
  AND (r.invalidated_at IS NOT NULL OR d.kind IS NOT NULL)
ORDER BY r.received_at DESC LIMIT :most
""")


def reports(tx: Connection, user: ItemRef, since: datetime) -> list[tuple[datetime, str]]:
    """(when, what became of it) of the latest thousand settled reports by the user."""
    rows = tx.execute(REPORTS, _asked(user, since) | {"most": LATEST_ITEMS})
    return [(row[0], row[1]) for row in rows]
