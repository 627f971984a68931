"""What signals answered about values, shared by every process; the values are not kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from store.database import begun_for
from store.raw import cursor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

KNOWN = """
SELECT asked, answer FROM signal_answers
WHERE signal = %(signal)s AND version = %(version)s AND asked = ANY(%(asked)s)
"""

KEEP = """
INSERT INTO signal_answers (org_id, signal, version, asked, answer)
SELECT current_setting('app.org_id')::int, %(signal)s, %(version)s, a, n
FROM unnest(%(asked)s::bytea[], %(answers)s::double precision[]) AS given(a, n)
ORDER BY a
ON CONFLICT DO NOTHING
"""

FORGET = text("""
DELETE FROM signal_answers
WHERE (signal, version, asked) IN (
    SELECT signal, version, asked FROM signal_answers WHERE answered_at < :before LIMIT :most
)
""")


@dataclass(frozen=True)
class Shelf:
    """One organisation's, in transactions of its own. asked: SHA-256 of options and value."""

    engine: Engine
    org_id: int

    def known(self, signal: str, version: str, asked: Sequence[bytes]) -> dict[bytes, float | None]:
        """None: the signal had nothing to say."""
        parameters = {"signal": signal, "version": version, "asked": list(asked)}
        with begun_for(self.engine, self.org_id) as tx:
            found = cursor(tx).execute(KNOWN, parameters).fetchall()
        return {bytes(key): answer for key, answer in found}

    def keep(self, signal: str, version: str, answers: Mapping[bytes, float | None]) -> None:
        parameters = {
            "signal": signal,
            "version": version,
            "asked": list(answers),
            "answers": list(answers.values()),
        }
        with begun_for(self.engine, self.org_id) as tx:
            cursor(tx).execute(KEEP, parameters)


def forget(tx: Connection, *, before: datetime, most: int) -> int:
    """How many old answers were dropped, at most so many."""
    return tx.execute(FORGET, {"before": before, "most": most}).rowcount
