"""Our own code inside DuckDB, over whole columns: each distinct value is looked at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from duckdb.func import ARROW, SPECIAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from duckdb import DuckDBPyConnection

    from engine.language.operator import TextFunction

ARROW_TYPES = {
    "BOOLEAN": pa.bool_(),
    "DOUBLE": pa.float64(),
    "VARCHAR": pa.string(),
    "INTEGER[]": pa.list_(pa.int32()),
    "BOOLEAN[]": pa.list_(pa.bool_()),
    "VARCHAR[]": pa.list_(pa.string()),
}


def register(connection: DuckDBPyConnection, functions: Iterable[TextFunction]) -> None:
    """Names carry a digest of what they do, so one that is there already is the same one."""
    for function in functions:
        if not _is_registered(connection, function.name):
            connection.create_function(
                function.name,
                column_function(function),
                list(function.parameters),
                function.returns,
                type=ARROW,
                null_handling=SPECIAL,
            )


def _is_registered(connection: DuckDBPyConnection, name: str) -> bool:
    found = connection.execute(
        "SELECT 1 FROM duckdb_functions() WHERE function_name = ? LIMIT 1", [name]
    )
    return found.fetchone() is not None


def column_function(function: TextFunction) -> Callable[[pa.ChunkedArray], pa.Array]:
    """The function over an Arrow column; NULL stays NULL."""
    returned = ARROW_TYPES[function.returns]

    def evaluate(column: pa.ChunkedArray) -> pa.Array:
        values = column.to_pylist()
        keys = [tuple(value) if isinstance(value, list) else value for value in values]
        distinct = [key for key in dict.fromkeys(keys) if key is not None]
        answers: dict[object, object] = dict(
            zip(distinct, function.evaluate(list(distinct)), strict=True)
        )
        return pa.array([answers.get(key) for key in keys], type=returned)

    return evaluate
