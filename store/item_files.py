"""Rows of JSONL, CSV and Parquet files, one after the other, with what could not be read.

Unlike `store.files`, which makes one relation of a sound file, this goes on after a bad row and
never holds more than a few rows at a time.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_BATCH_ROWS: Final = 1_000
_MAX_RAW_CHARACTERS: Final = 10_000
_DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}

Record = dict[str, object]


class _CsvReader(Protocol):
    line_num: int

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True)
class FileRow:
    """line: where the row starts, from 1 (in Parquet: its number).

    record: the row as JSON values, without what is not given; None when it could not be read,
    and then `reason` says why and `raw` holds it as it is.
    """

    line: int
    record: Record | None
    reason: str = ""
    raw: str = ""


class ItemFile:
    """done of total say how far reading has come: bytes, or rows of a Parquet file."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidInput when the path cannot be read or its ending is not known."""
        self.path = path
        self.done = 0
        reader = _READERS.get(path.suffix.lower())
        if reader is None:
            raise InvalidInput(
                f"{path}: cannot tell the format from {path.suffix or 'a name without ending'!r}.",
                hint="Use a .jsonl, .csv or .parquet file.",
            )
        self._reader = reader
        try:
            self.total = (
                pq.read_metadata(path).num_rows if reader is _parquet_rows else path.stat().st_size
            )
        except FileNotFoundError:
            raise InvalidInput(f"{path}: there is no such file.", hint="Check the path.") from None
        except (OSError, pa.ArrowException) as failed:
            raise InvalidInput(f"{path}: it cannot be read ({failed}).") from failed

    def columns(self) -> tuple[str, ...] | None:
        """The columns of every row; None where each row has keys of its own."""
        if self._reader is _parquet_rows:
            return tuple(pq.read_schema(self.path).names)
        if self._reader is _csv_rows:
            return tuple(_header(self.path, _csv_reader(self)))
        return None

    def rows(self) -> Iterator[FileRow]:
        self.done = 0
        return self._reader(self)

    def lines(self) -> Iterator[str]:
        """Lines with their ends; bytes that are not UTF-8 become half surrogates."""
        with self.path.open("rb") as file:
            for number, line in enumerate(file):
                self.done += len(line)
                text = line.decode("utf-8", "surrogateescape")
                yield text.removeprefix("\ufeff") if number == 0 else text


def _json_rows(file: ItemFile) -> Iterator[FileRow]:
    for number, line in enumerate(file.lines(), start=1):
        if line.strip():
            yield _json_row(number, line)


def _json_row(number: int, line: str) -> FileRow:
    try:
        line.encode("utf-8")
        record = json.loads(line, parse_constant=_refuse_constant)
    except UnicodeEncodeError:
        return _unread(number, line, "The line is not UTF-8.")
    except RecursionError:
        return _unread(number, line, "The line is nested too deeply.")
    except ValueError as failed:
        return _unread(number, line, f"The line is not JSON: {failed}.")
    if not isinstance(record, dict):
        return _unread(number, line, "The line is not a JSON object.")
    return FileRow(number, {key: value for key, value in record.items() if value is not None})


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _csv_rows(file: ItemFile) -> Iterator[FileRow]:
    reader = _csv_reader(file)
    header = _header(file.path, reader)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as failed:
            yield _unread(line, "", f"Lines {line} to {reader.line_num} are not CSV: {failed}.")
            continue
        if cells:
            yield _csv_row(line, header, cells)


def _csv_reader(file: ItemFile) -> _CsvReader:
    csv.field_size_limit(sys.maxsize)
    delimiter = _DELIMITERS[file.path.suffix.lower()]
    return csv.reader(file.lines(), delimiter=delimiter, strict=True)


def _header(path: Path, reader: _CsvReader) -> list[str]:
    try:
        header = next(reader)
    except StopIteration:
        header = []
    except csv.Error as failed:
        raise InvalidInput(f"{path}, line 1: the header is not CSV ({failed}).") from failed
    if not header:
        raise InvalidInput(f"{path}: the file is empty.", hint="Give a header line.")
    repeated = next((name for name in header if header.count(name) > 1), None)
    if repeated is not None:
        raise InvalidInput(
            f"{path}, line 1: the header names {repeated!r} twice.", hint="Rename one of them."
        )
    return header


def _csv_row(line: int, header: list[str], cells: list[str]) -> FileRow:
    raw = ",".join(cells)
    if len(cells) != len(header):
        reason = f"The row has {len(cells)} values where the header has {len(header)}."
        return _unread(line, raw, reason)
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError:
        return _unread(line, raw, "The row is not UTF-8.")
    return FileRow(line, {name: cell for name, cell in zip(header, cells, strict=True) if cell})


def _parquet_rows(file: ItemFile) -> Iterator[FileRow]:
    try:
        with pq.ParquetFile(file.path) as source:
            for batch in source.iter_batches(batch_size=_BATCH_ROWS):
                for record in batch.to_pylist(maps_as_pydicts="lossy"):
                    file.done += 1
                    yield _parquet_row(file.done, record)
    except (OSError, pa.ArrowException) as failed:
        raise InvalidInput(
            f"{file.path}, after row {file.done}: the file cannot be read ({failed}).",
            hint="Check that the file is a complete Parquet file.",
        ) from failed


def _parquet_row(number: int, record: Mapping[str, object]) -> FileRow:
    try:
        values = {key: _json_value(value) for key, value in record.items()}
    except ValueError as failed:
        return _unread(number, str(dict(record)), str(failed))
    return FileRow(number, {key: value for key, value in values.items() if value is not None})


def _json_value(value: object) -> object:
    """Raises ValueError for what JSON has no word for. What is not a number is not given."""
    if isinstance(value, (str, bool, int, type(None))):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00Z"
    if isinstance(value, list):
        return [_json_value(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _json_value(each) for key, each in value.items()}
    return _rare_value(value)


def _rare_value(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8")  # a UnicodeDecodeError is a ValueError
    raise ValueError(f"The row holds a value of type {type(value).__name__}.")


def _unread(line: int, raw: str, reason: str) -> FileRow:
    shown = raw.strip()[:_MAX_RAW_CHARACTERS].encode("utf-8", "backslashreplace").decode("utf-8")
    return FileRow(line, None, reason, shown)


_READERS: Final[Mapping[str, Callable[[ItemFile], Iterator[FileRow]]]] = {
    ".jsonl": _json_rows,
    ".ndjson": _json_rows,
    ".json": _json_rows,
    ".csv": _csv_rows,
    ".tsv": _csv_rows,
    ".parquet": _parquet_rows,
    ".pq": _parquet_rows,
}
