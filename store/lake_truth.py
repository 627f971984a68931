"""What people have said of items: one verdict an item, by precedence of its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from store.analysis import literal

if TYPE_CHECKING:
    import duckdb

    from store.lake import Snapshot

# golden > adjudicated (a second reviewer or the audit) > appeal > review; the latest of the best.
_PRECEDENCE: Final = """CASE source WHEN 'golden' THEN 0 WHEN 'second_review' THEN 1
    WHEN 'audit' THEN 1 WHEN 'appeal' THEN 2 ELSE 3 END"""

# Labels of one decision share its time; the item is violating if any policy finds it so. A label
# that names a place is about that submission alone. What a decision said that was undone later
# does not count.
_TRUTH: Final = """
CREATE OR REPLACE TEMP TABLE truth AS
WITH said AS (
    SELECT item_id, seq, violating, created_at, {precedence} AS rank
    FROM read_parquet([{labels}], hive_partitioning = false) AS label
    WHERE type_id = {type_id} AND NOT ({undone})
), best AS (
    SELECT item_id, seq, violating, rank() OVER (
        PARTITION BY item_id, seq ORDER BY rank, created_at DESC
    ) AS place FROM said
)
SELECT item_id, seq, bool_or(violating) AS violating FROM best WHERE place = 1
GROUP BY item_id, seq
"""
_UNDONE: Final = """source IN ('review', 'appeal') AND EXISTS (
    SELECT 1 FROM read_parquet([{decisions}], hive_partitioning = false) AS decision
    WHERE decision.undone_at IS NOT NULL AND decision.decided_by = label.reviewer
      AND decision.decided_at = label.created_at)"""
_NOBODY: Final = """
CREATE OR REPLACE TEMP TABLE truth AS
SELECT NULL::VARCHAR AS item_id, NULL::BIGINT AS seq, NULL::BOOLEAN AS violating LIMIT 0
"""


def define_truth(
    connection: duckdb.DuckDBPyConnection,
    type_id: str,
    labels: Snapshot | None,
    decisions: Snapshot | None,
) -> None:
    """Makes the table `truth`; without labels it is empty."""
    if labels is None or not labels.files:
        connection.execute(_NOBODY)
        return
    undone = _UNDONE.format(decisions=_paths(decisions)) if decisions else "FALSE"
    connection.execute(
        _TRUTH.format(
            precedence=_PRECEDENCE,
            labels=_paths(labels),
            type_id=literal(type_id),
            undone=undone,
        )
    )


def with_truth(relation: str) -> str:
    """The relation with `_truth` beside every item; null where nobody has said anything."""
    return (
        f"(SELECT item.*, coalesce(here.violating, whole.violating) AS _truth"
        f" FROM {relation} AS item"
        " LEFT JOIN truth AS here ON here.seq = item._seq AND here.item_id = item._item_id"
        " LEFT JOIN truth AS whole ON whole.seq IS NULL AND whole.item_id = item._item_id)"
    )


def _paths(snapshot: Snapshot) -> str:
    return ", ".join(literal(file.path) for file in snapshot.files)
