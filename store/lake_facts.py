"""Facts of the lake as rules ask for them: from when to when each was known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.language.fact_sql import FACTS
from store.analysis import literal

if TYPE_CHECKING:
    import duckdb

    from store.lake import Snapshot

# A fact that was withdrawn has a second row, which says so.
_KNOWN: Final = """
CREATE OR REPLACE TEMP TABLE {facts} AS
SELECT any_value(kind) AS kind, any_value(subject_type_id) AS subject_type_id,
       any_value(subject_id) AS subject_id, any_value(name) AS name, any_value(amount) AS amount,
       min(epoch_us("at")) AS begins,
       least(min(epoch_us(expires_at)), min(epoch_us(withdrawn_at))) AS ends
FROM read_parquet([{files}], hive_partitioning = false)
GROUP BY fact_id
"""
_NOTHING: Final = """
CREATE OR REPLACE TEMP TABLE {facts} (
    kind VARCHAR, subject_type_id VARCHAR, subject_id VARCHAR, name VARCHAR, amount DOUBLE,
    begins BIGINT, ends BIGINT
)
"""


def define_facts(connection: duckdb.DuckDBPyConnection, found: Snapshot | None) -> None:
    """Makes the relation that compiled rules read; without a table of facts it is empty."""
    if found is None or not found.files:
        connection.execute(_NOTHING.format(facts=FACTS))
        return
    files = ", ".join(literal(file.path) for file in found.files)
    connection.execute(_KNOWN.format(facts=FACTS, files=files))
