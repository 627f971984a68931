"""A DuckDB session for one analysis: bounded memory, spill to disk, nothing loaded from outside."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY_LIMIT: Final = "2GB"


@contextmanager
def session(memory_limit: str = MEMORY_LIMIT) -> Iterator[duckdb.DuckDBPyConnection]:
    """In memory, in UTC; what does not fit goes to a folder that is gone afterwards."""
    spill = Path(tempfile.gettempdir()) / f"winnow-analysis-{uuid.uuid4().hex}"
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "temp_directory": str(spill),  # made when something is written to it
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    try:
        with duckdb.connect(config=settings) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
    finally:
        if spill.exists():
            shutil.rmtree(spill)


def quoted(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def duck_type(kind: pa.DataType) -> str:
    """The DuckDB type of a value as rules see it: numbers are doubles, times instants in UTC."""
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "DOUBLE"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "TIMESTAMP WITH TIME ZONE"
    if pa.types.is_struct(kind):
        members = ", ".join(f"{quoted(each.name)} {duck_type(each.type)}" for each in kind)
        return f"STRUCT({members})"
    if pa.types.is_map(kind):
        return f"MAP(VARCHAR, {duck_type(kind.item_type)})"
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return f"{duck_type(kind.value_type)}[]"
    return "VARCHAR"
