"""Facts that a file brings along: its column `_facts`, as rules ask for them.

Each row may hold a list of what became known of entities, in any row, with times of their own:
{"kind": "strike", "subject": {"id": "u1", "typeId": "user"}, "name": "p-spam", "amount": 2,
"at": "2026-03-01T09:30:00Z", "expiresAt": ..., "withdrawnAt": ...}. Only kind and subject must be
given; without `at` a fact begins when its row arrives. A subject without a type is an item of the
file, by its `_item_id`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa

from engine.errors import InvalidInput
from engine.language.fact_sql import FACTS
from engine.language.facts import Knowledge, TimedFact
from store.lake_facts import define_facts

if TYPE_CHECKING:
    from engine.language.facts import Asked

COLUMN: Final = "_facts"
OWN_TYPE: Final = "file"

_KNOWN: Final = """
CREATE OR REPLACE TEMP TABLE {facts} AS
SELECT CAST({kind} AS VARCHAR) AS kind,
       coalesce(CAST({type} AS VARCHAR), '{own_type}') AS subject_type_id,
       CAST({id} AS VARCHAR) AS subject_id, CAST({name} AS VARCHAR) AS name,
       coalesce(CAST({amount} AS DOUBLE), 1e0) AS amount,
       epoch_us(coalesce(CAST({at} AS TIMESTAMPTZ), arrived)) AS begins,
       least(epoch_us(CAST({expires} AS TIMESTAMPTZ)), epoch_us(CAST({withdrawn} AS TIMESTAMPTZ)))
           AS ends
FROM (SELECT unnest({column}) AS fact, _arrived_at AS arrived FROM {relation})
WHERE fact IS NOT NULL
"""
_MEMBERS: Final = {
    "kind": ("kind",),
    "type": ("subject", "typeId"),
    "id": ("subject", "id"),
    "name": ("name",),
    "amount": ("amount",),
    "at": ("at",),
    "expires": ("expiresAt",),
    "withdrawn": ("withdrawnAt",),
}


def define_file_facts(connection: duckdb.DuckDBPyConnection, relation: str) -> None:
    """Makes the relation that compiled rules read; empty where the file brings none.

    Raises InvalidInput where `_facts` does not hold facts.
    """
    columns = connection.sql(f"SELECT * FROM {relation} LIMIT 0").to_arrow_table().schema
    if COLUMN not in columns.names:
        define_facts(connection, None)
        return
    kind = columns.field(COLUMN).type
    if not pa.types.is_list(kind) or not pa.types.is_struct(kind.value_type):
        raise _wrong("it is no list of objects")
    reads = {member: _read(kind.value_type, path) for member, path in _MEMBERS.items()}
    statement = _KNOWN.format(
        facts=FACTS, column=COLUMN, relation=relation, own_type=OWN_TYPE, **reads
    )
    try:
        connection.execute(statement)
    except duckdb.Error as failed:
        raise _wrong(str(failed).partition("\n")[0]) from failed
    odd = f"SELECT 1 FROM {FACTS} WHERE kind NOT IN ('strike', 'report', 'label') OR kind IS NULL"
    if connection.execute(odd).fetchone() is not None:
        raise _wrong("a kind is neither strike, report nor label")


def _read(fact: pa.DataType, path: tuple[str, ...]) -> str:
    """SQL for a member of a fact; NULL where no fact of the file has it."""
    inside, read = fact, "fact"
    for name in path:
        if not pa.types.is_struct(inside) or inside.get_field_index(name) < 0:
            return "NULL"
        inside, read = inside.field(name).type, f"struct_extract({read}, '{name}')"
    return read


def _wrong(why: str) -> InvalidInput:
    return InvalidInput(
        f"The column {COLUMN} does not hold facts: {why}.",
        hint='Write a list of {"kind": "strike", "subject": {"id": ..., "typeId": ...}}.',
    )


def knowledge(connection: duckdb.DuckDBPyConnection) -> Knowledge:
    """All of it, for rows that are judged one by one."""
    found: dict[Asked, list[TimedFact]] = defaultdict(list)
    query = (
        f"SELECT kind, subject_type_id, subject_id, name, amount, begins, ends FROM {FACTS}"
        " WHERE begins IS NOT NULL"
    )
    for kind, type_id, item_id, name, amount, begins, ends in connection.execute(query).fetchall():
        found[kind, (type_id, item_id)].append(TimedFact(name, amount, begins, ends))
    return Knowledge(found)
