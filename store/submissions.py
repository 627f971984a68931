"""Items as they were accepted: append-only, one row a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

COPY = """
COPY submissions (org_id, seq, arrived_at, submission_id, type_id, type_version, item_id,
                  creator_type_id, creator_id, data, source) FROM STDIN
"""

# In the order of arrival, from after one place to another, for backfilling a counter.
HISTORY = text("""
SELECT seq, arrived_at, data::text FROM submissions
WHERE type_id = :type_id AND arrived_at > :after AND arrived_at <= :until ORDER BY arrived_at
""")
HISTORY_OF_VERSIONS = text("""
SELECT seq, arrived_at, data::text FROM submissions
WHERE type_id = :type_id AND arrived_at > :after AND arrived_at <= :until
  AND type_version = ANY(:versions)
ORDER BY arrived_at
""")


class Submission(NamedTuple):
    """data: the stored JSON text, exactly. source: what it came with, `post-items` by default."""

    seq: int
    arrived_at: datetime
    submission_id: str
    type_id: str
    type_version: int
    item_id: str
    creator_type_id: str | None
    creator_id: str | None
    data: str
    source: str = "post-items"


def copy_text(value: str) -> bytes:
    """A text as COPY's text format wants it."""
    if value.isprintable() and "\\" not in value:
        return value.encode()
    escaped = value.replace("\\", "\\\\").replace("\t", "\\t")
    return escaped.replace("\n", "\\n").replace("\r", "\\r").encode()


def copy_tail(
    *,
    submission_id: str,
    type_id: str,
    type_version: int,
    item_id: str,
    creator: tuple[str, str] | None,
    data: bytes,
    source: bytes,
) -> bytes:
    """What of a COPY line is known before the place is: all after `arrived_at`.

    data: encoded JSON, in which control characters are escaped already.
    """
    return b"\t%b\t%b\t%d\t%b\t%b\t%b\t%b\t%b\n" % (
        submission_id.encode(),
        copy_text(type_id),
        type_version,
        copy_text(item_id),
        copy_text(creator[0]) if creator else b"\\N",
        copy_text(creator[1]) if creator else b"\\N",
        data.replace(b"\\", b"\\\\"),
        source,
    )


def history(
    tx: Connection,
    type_id: str,
    after: datetime,
    until: datetime,
    versions: Sequence[int] | None = None,
) -> Iterator[tuple[int, datetime, str]]:
    """(seq, arrived_at, data) of one item type; streamed, so that a month fits in memory.

    versions: only items checked against these versions of the type.
    """
    parameters = {"type_id": type_id, "after": after, "until": until}
    statement = HISTORY if versions is None else HISTORY_OF_VERSIONS
    given = parameters if versions is None else {**parameters, "versions": list(versions)}
    yield from tx.execute(statement, given, execution_options={"yield_per": 2000})
