"""Rows of JSONL, CSV and Parquet files as one relation with the types that rules know.

The relation `items` has the file's columns (after renaming), `_seq` (1 in the first row),
`_arrived_at` (null throughout where the file tells no time) and `_item_id` (likewise). Whole and
decimal numbers become doubles, dates and times become instants in UTC, what is not finite becomes
null.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb
import msgspec
import pyarrow as pa

from engine.errors import InvalidInput
from store.analysis import duck_type, literal, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

RELATION: Final = "items"
ARRIVAL_COLUMNS: Final = ("_arrived_at", "arrived_at", "received_at", "created_at", "timestamp")
BATCH_ROWS: Final = 8_192

_READERS: Final = {
    ".parquet": "read_parquet({paths}, file_row_number = true)",
    ".jsonl": "read_json({paths}, format = 'newline_delimited', records = true, sample_size = -1)",
    ".csv": (
        "read_csv({paths}, delim = ',', quote = '\"', escape = '\"', header = true,"
        " skip = 0, sample_size = -1, union_by_name = true)"
    ),
}
_SUFFIXES: Final = {".pq": ".parquet", ".ndjson": ".jsonl", ".json": ".jsonl"}


@dataclass(frozen=True)
class FileRows:
    """schema: the fields a rule may name. arrival: the column the places in time come from."""

    connection: duckdb.DuckDBPyConnection
    schema: pa.Schema
    rows: int
    arrival: str | None

    def batches(self) -> Iterator[list[dict[str, object]]]:
        """Rows in file order as Python values, a few thousand at a time."""
        query = f"SELECT * FROM {RELATION} ORDER BY _seq"
        for batch in self.connection.sql(query).to_arrow_reader(BATCH_ROWS):
            yield batch.to_pylist(maps_as_pydicts="strict")


def open_files(
    connection: duckdb.DuckDBPyConnection,
    paths: Sequence[Path],
    renames: Mapping[str, str],
) -> FileRows:
    """Makes `items` of files of one format. renames: further field -> the column it is read from.

    Raises InvalidInput naming the file, the line and what to do.
    """
    suffix = _common_suffix(paths)
    if suffix == ".csv":  # DuckDB skips leading rows that are shorter than the rest
        _refuse(suffix, paths)
    _load(connection, suffix, paths)
    columns = _columns(connection, renames)
    arrival = _arrival(columns, renames)
    _define(connection, columns, arrival)
    schema = connection.sql(f"SELECT * FROM {RELATION} LIMIT 0").to_arrow_table().schema
    hidden = {"_seq", "_arrived_at", "_item_id", "_facts"}
    return FileRows(
        connection=connection,
        schema=pa.schema([field for field in schema if field.name not in hidden]),
        rows=_count(connection, RELATION),
        arrival=arrival,
    )


def content_digest(paths: Sequence[Path]) -> str:
    """SHA-256 over the files' bytes, in order."""
    total = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    [(count,)] = connection.execute(f"SELECT count(*) FROM {relation}").fetchall()
    return int(count)


def _common_suffix(paths: Sequence[Path]) -> str:
    found: set[str] = set()
    for path in paths:
        if not path.is_file():
            raise InvalidInput(f"{path}: there is no such file.", hint="Check the path.")
        suffix = _SUFFIXES.get(path.suffix.lower(), path.suffix.lower())
        if suffix not in _READERS:
            raise InvalidInput(
                f"{path}: cannot tell the format from {path.suffix or 'a name without ending'!r}.",
                hint="Use a .jsonl, .csv or .parquet file.",
            )
        found.add(suffix)
    if len(found) != 1:
        raise InvalidInput(
            "The files are not of one format.", hint="Give files of one kind at a time."
        )
    return found.pop()


def _load(connection: duckdb.DuckDBPyConnection, suffix: str, paths: Sequence[Path]) -> None:
    """`file_rows`: Parquet stays where it is; text is parsed once."""
    listed = "[" + ", ".join(literal(str(path)) for path in paths) + "]"
    reader = _READERS[suffix].format(paths=listed)
    kind = "TEMP VIEW" if suffix == ".parquet" else "TEMP TABLE"
    number = _place_in_files(connection, paths) if suffix == ".parquet" else "row_number() OVER ()"
    star = "* EXCLUDE (file_row_number)" if suffix == ".parquet" else "*"
    try:
        connection.execute(
            f"CREATE {kind} file_rows AS SELECT {star}, {number} AS _place FROM {reader}"
        )
    except duckdb.Error as failed:
        raise _unreadable(suffix, paths, failed) from failed


def _place_in_files(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> str:
    """The row's number over all files, from its number within its own."""
    if len(paths) == 1:
        return "file_row_number + 1"
    before, cases = 0, ""
    for index, path in enumerate(paths):
        cases += f" WHEN {index} THEN {before}"
        try:
            before += _count(connection, f"read_parquet({literal(str(path))})")
        except duckdb.Error as failed:
            raise _unreadable(".parquet", [path], failed) from failed
    return f"file_row_number + 1 + CASE file_index{cases} END"


@dataclass(frozen=True)
class _Column:
    """read: SQL over file_rows that gives the value as a rule sees it."""

    name: str
    read: str
    is_time: bool


def _columns(
    connection: duckdb.DuckDBPyConnection, renames: Mapping[str, str]
) -> tuple[_Column, ...]:
    relation = connection.sql("SELECT * EXCLUDE (_place) FROM file_rows LIMIT 0")
    kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
    schema = relation.to_arrow_table().schema
    missing = sorted(set(renames.values()) - set(kinds))
    if missing:
        raise InvalidInput(
            f"The file has no column {missing[0]!r}.",
            hint=f"Its columns are: {', '.join(kinds)}.",
        )
    fields = {name: name for name in kinds} | dict(renames)
    return tuple(
        _Column(
            name=field,
            read=_read(quoted(column), schema.field(column).type, kinds[column]),
            is_time=pa.types.is_temporal(schema.field(column).type)
            and not pa.types.is_time(schema.field(column).type),
        )
        for field, column in fields.items()
    )


def _arrival(columns: Sequence[_Column], renames: Mapping[str, str]) -> str | None:
    times = {column.name for column in columns if column.is_time}
    if "_arrived_at" in renames and "_arrived_at" not in times:
        raise InvalidInput(
            f"{renames['_arrived_at']!r} does not hold times.",
            hint="Map _arrived_at to a column of timestamps.",
        )
    return next((name for name in ARRIVAL_COLUMNS if name in times), None)


def _define(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[_Column], arrival: str | None
) -> None:
    reads = [
        f"{column.read} AS {quoted(column.name)}"
        for column in columns
        if column.name not in {"_arrived_at", "_seq", "_item_id"}
    ]
    own_id = next((column.read for column in columns if column.name == "_item_id"), "NULL")
    time = next((column.read for column in columns if column.name == arrival), None)
    connection.execute(
        f"CREATE TEMP VIEW {RELATION} AS SELECT {', '.join(reads)}, _place AS _seq,"
        f" CAST({own_id} AS VARCHAR) AS _item_id,"
        f" {time or 'CAST(NULL AS TIMESTAMPTZ)'} AS _arrived_at FROM file_rows"
    )


def _read(column: str, kind: pa.DataType, duck_kind: str) -> str:
    if duck_kind == "JSON":  # values of several kinds: as text
        return f"{column} ->> '$'"
    if pa.types.is_floating(kind):
        return f"CASE WHEN isfinite({column}) THEN CAST({column} AS DOUBLE) END"
    if pa.types.is_list(kind) and pa.types.is_floating(kind.value_type):
        return f"list_transform({column}, lambda x: CASE WHEN isfinite(x) THEN x::DOUBLE END)"
    if pa.types.is_decimal(kind):  # by its digits, as ingest reads a number
        return f"CAST(CAST({column} AS VARCHAR) AS DOUBLE)"
    target = duck_type(kind)
    return column if target == duck_kind else f"CAST({column} AS {target})"


def _refuse(suffix: str, paths: Sequence[Path]) -> None:
    for path in paths:
        fault = _FAULTS[suffix](path) if suffix in _FAULTS else None
        if fault:
            raise InvalidInput(fault, hint=_HINTS[suffix])


def _unreadable(suffix: str, paths: Sequence[Path], failed: duckdb.Error) -> InvalidInput:
    _refuse(suffix, paths)
    said = str(failed).split("\n", 1)[0].split(": ", 1)[-1]
    return InvalidInput(f"{', '.join(map(str, paths))}: {said}", hint=_HINTS[suffix])


_HINTS: Final = {
    ".parquet": "Check that the file is a complete Parquet file.",
    ".csv": "Separate columns by commas, quote texts that hold commas, and give one header line.",
    ".jsonl": "Write one JSON object a line, in UTF-8.",
}


def _json_fault(path: Path) -> str | None:
    decoder = msgspec.json.Decoder(dict[str, object])
    number = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                if line.strip():
                    decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as failed:
                return f"{path}, line {number}: not a JSON object ({failed})."
    return f"{path}: the file is empty." if number == 0 else None


def _csv_fault(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = next(rows, None)
            if header is None:
                return f"{path}: the file is empty."
            for row in rows:
                if row and len(row) != len(header):
                    return (
                        f"{path}, line {rows.line_num}: {len(row)} values"
                        f" where the header has {len(header)}."
                    )
    except (csv.Error, UnicodeDecodeError) as failed:
        return f"{path}: {failed}."
    return None


_FAULTS: Final[dict[str, Callable[[Path], str | None]]] = {
    ".jsonl": _json_fault,
    ".csv": _csv_fault,
}
