"""How the other ends of an organisation's webhooks are doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.webhooks.breaker import Health
from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

# In one order, so that two writers of new endpoints do not wait for each other.
KNOW = """
INSERT INTO webhook_endpoints (org_id, endpoint)
SELECT current_setting('app.org_id')::int, e FROM unnest(%(endpoints)s::text[]) AS e ORDER BY e
ON CONFLICT DO NOTHING
"""

# Those something is due for. Held until the transaction ends, so that one sender at a time decides
# what an endpoint gets; another passes it over meanwhile.
WITH_WORK = """
SELECT endpoint, failures, opens, open_until, probe::text FROM webhook_endpoints AS e
WHERE (open_until IS NULL OR open_until <= %(now)s)
  AND (
      SELECT true FROM outbox AS o
      WHERE o.endpoint = e.endpoint AND o.state = 'pending' AND o.next_attempt_at <= %(now)s
      LIMIT 1
  )
FOR UPDATE OF e SKIP LOCKED
"""

LOCK = """
SELECT endpoint, failures, opens, open_until, probe::text FROM webhook_endpoints
WHERE endpoint = ANY(%(endpoints)s) ORDER BY endpoint FOR UPDATE
"""

SAVE = """
UPDATE webhook_endpoints AS e
SET failures = n.failures, opens = n.opens, open_until = n.open_until, probe = n.probe
FROM unnest(%(endpoints)s::text[], %(failures)s::int[], %(opens)s::int[],
            %(open_until)s::timestamptz[], %(probes)s::uuid[])
     AS n(endpoint, failures, opens, open_until, probe)
WHERE e.endpoint = n.endpoint
"""

TROUBLED = """
SELECT endpoint FROM webhook_endpoints
WHERE endpoint = ANY(%(endpoints)s) AND (failures > 0 OR open_until IS NOT NULL)
"""

ALL = """
SELECT endpoint, failures, opens, open_until, probe::text FROM webhook_endpoints ORDER BY endpoint
"""


def know(tx: Connection, endpoints: Collection[str]) -> None:
    cursor(tx).execute(KNOW, {"endpoints": list(endpoints)})


def with_work(tx: Connection, now: datetime) -> dict[str, Health]:
    """Endpoints to lease for, locked, none of them with an open breaker."""
    return {row[0]: Health(*row[1:]) for row in cursor(tx).execute(WITH_WORK, {"now": now})}


def locked(tx: Connection, endpoints: Collection[str]) -> dict[str, Health]:
    found = cursor(tx).execute(LOCK, {"endpoints": list(endpoints)})
    return {row[0]: Health(*row[1:]) for row in found}


def troubled(tx: Connection, endpoints: Collection[str]) -> set[str]:
    """Of these, the ones that a success is news of."""
    found = cursor(tx).execute(TROUBLED, {"endpoints": list(endpoints)})
    return {row[0] for row in found}


def save(tx: Connection, health: Mapping[str, Health]) -> None:
    if not health:
        return
    parameters = {
        "endpoints": list(health),
        "failures": [one.failures for one in health.values()],
        "opens": [one.opens for one in health.values()],
        "open_until": [one.open_until for one in health.values()],
        "probes": [one.probe for one in health.values()],
    }
    cursor(tx).execute(SAVE, parameters)


def all_known(tx: Connection) -> dict[str, Health]:
    return {row[0]: Health(*row[1:]) for row in cursor(tx).execute(ALL)}
