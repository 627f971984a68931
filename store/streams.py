"""How far each stream has been read; it moves in the transaction that places the items."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import text

from store.database import psycopg_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from engine.paging import PageRequest
    from store.database import Database

ALONE = "SELECT pg_advisory_lock(hashtextextended(%(name)s, 0))"

BEGIN = text("""
INSERT INTO streams (org_id, stream, seq, accepted, refused, updated_at)
VALUES (current_setting('app.org_id')::int, :stream, 0, 0, 0, :now)
ON CONFLICT DO NOTHING
""")
LOCK = text("SELECT seq FROM streams WHERE stream = :stream FOR UPDATE")
MOVE = text("""
UPDATE streams SET seq = :seq, accepted = accepted + :accepted, refused = refused + :refused,
    updated_at = :now
WHERE stream = :stream
""")
STREAMS = text("""
SELECT stream, seq, accepted, refused, updated_at FROM streams ORDER BY stream
""")
REFUSE = text("""
INSERT INTO stream_refusals (org_id, stream, seq, position, subject, body, problems, refused_at)
VALUES (current_setting('app.org_id')::int, :stream, :seq, :position, :subject, :body,
        CAST(:problems AS jsonb), :now)
""")
REFUSALS = text("""
SELECT stream, seq, position, subject, body, problems, refused_at FROM stream_refusals
WHERE CAST(:at AS timestamptz) IS NULL
   OR (refused_at, stream || ':' || seq || ':' || position) < (:at, :id)
ORDER BY refused_at DESC, stream || ':' || seq || ':' || position DESC
LIMIT :limit
""")


@dataclass(frozen=True)
class StreamPosition:
    """seq: of the last message that was taken in or refused, as the stream numbers it."""

    stream: str
    seq: int
    accepted: int
    refused: int
    updated_at: datetime


@dataclass(frozen=True)
class Refusal:
    """position: of the item in its message. body: the message as it came.

    problems: each with `message`, `pointer` and `hint`.
    """

    stream: str
    seq: int
    position: int
    subject: str
    body: bytes
    problems: Sequence[dict[str, str]]
    refused_at: datetime

    @property
    def refusal_id(self) -> str:
        return f"{self.stream}:{self.seq}:{self.position}"


@contextmanager
def alone_at(database: Database, org_id: int, stream: str) -> Iterator[None]:
    """Waits until no other process reads the stream; a connection of its own holds the lock."""
    with psycopg.connect(psycopg_url(database.url), autocommit=True) as connection:
        connection.execute(ALONE, {"name": f"stream:{org_id}:{stream}"})
        yield


def lock(tx: Connection, stream: str, now: datetime) -> int:
    """How far the stream was read; nobody else moves it until the transaction ends."""
    tx.execute(BEGIN, {"stream": stream, "now": now})
    return int(tx.execute(LOCK, {"stream": stream}).scalar_one())


def move(
    tx: Connection, stream: str, seq: int, *, accepted: int, refused: int, now: datetime
) -> None:
    counts = {"accepted": accepted, "refused": refused}
    tx.execute(MOVE, {"stream": stream, "seq": seq, "now": now} | counts)


def refuse(tx: Connection, refusals: Sequence[Refusal]) -> None:
    if refusals:
        tx.execute(REFUSE, [_parameters(refusal) for refusal in refusals])


def _parameters(refusal: Refusal) -> dict[str, object]:
    return {
        "stream": refusal.stream,
        "seq": refusal.seq,
        "position": refusal.position,
        "subject": refusal.subject,
        "body": refusal.body,
        "problems": json.dumps(refusal.problems),
        "now": refusal.refused_at,
    }


def streams(tx: Connection) -> list[StreamPosition]:
    return [StreamPosition(*row) for row in tx.execute(STREAMS)]


def refusals(tx: Connection, page: PageRequest) -> list[Refusal]:
    """Latest first; one more than the limit if there is."""
    parameters = {
        "at": page.after and page.after.at,
        "id": page.after and page.after.id,
        "limit": page.limit + 1,
    }
    return [Refusal(*row) for row in tx.execute(REFUSALS, parameters)]
