from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import InvalidInput
from store.analysis import session
from store.files import content_digest, open_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

ROWS: list[dict[str, object]] = [
    {"text": "one", "score": 1, "at": "2024-05-01T10:00:00Z", "tags": ["a"], "ok": True},
    {"text": None, "score": 2.5, "at": None, "tags": [], "ok": None},
    {"text": "drei", "score": None, "at": "2024-05-02T10:00:00Z", "tags": None, "ok": False},
]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with session("256MB") as opened:
        yield opened


def jsonl(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def kinds(schema: pa.Schema) -> dict[str, str]:
    return {field.name: str(field.type) for field in schema}


def test_jsonl_tells_fields_types_and_order(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    found = open_files(connection, [jsonl(tmp_path / "a.jsonl", ROWS)], {})
    assert kinds(found.schema) == {
        "text": "string",
        "score": "double",
        "at": "timestamp[us, tz=UTC]",
        "tags": "list<l: string>",
        "ok": "bool",
    }
    rows = [row for batch in found.batches() for row in batch]
    assert [row["_seq"] for row in rows] == [1, 2, 3]
    assert [row["text"] for row in rows] == ["one", None, "drei"]
    assert rows[0]["at"] == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert rows[0]["tags"] == ["a"]


def test_csv_reads_like_its_jsonl(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        'text,score,at,ok\n"one, two",1,2024-05-01T10:00:00,true\n,nan,,\n', encoding="utf-8"
    )
    found = open_files(connection, [path], {})
    assert kinds(found.schema) == {
        "text": "string",
        "score": "double",
        "at": "timestamp[us, tz=UTC]",
        "ok": "bool",
    }
    [rows] = found.batches()
    assert rows[0]["text"] == "one, two"
    assert [row["score"] for row in rows] == [1.0, None]


def test_parquet_types_become_those_that_rules_know(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    table = pa.table(
        {
            "whole": pa.array([1, None], pa.int32()),
            "ratio": pa.array([float("inf"), 0.5], pa.float32()),
            "ratios": pa.array([[float("nan"), 1.0], None], pa.list_(pa.float64())),
            "born": pa.array([date(2024, 1, 1), None], pa.date32()),
            "naive": pa.array([datetime(2024, 1, 1, 12), None], pa.timestamp("ns")),  # noqa: DTZ001
            "kind": pa.array(["x", "y"]).dictionary_encode(),
            "counts": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
            "object": pa.array([{"a": 1}, None], pa.struct([("a", pa.int8())])),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    found = open_files(connection, [tmp_path / "a.parquet"], {})
    [rows] = found.batches()
    assert rows[0] == {
        "whole": 1.0,
        "ratio": None,
        "ratios": [None, 1.0],
        "born": datetime(2024, 1, 1, tzinfo=UTC),
        "naive": datetime(2024, 1, 1, 12, tzinfo=UTC),
        "kind": "x",
        "counts": {"k": 1.0},
        "object": {"a": 1.0},
        "_item_id": None,
        "_seq": 1,
        "_arrived_at": None,
    }


def test_several_files_are_one_sequence(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    for name, values in (("a", [1, 2, 3]), ("b", [4]), ("c", [5, 6])):
        pq.write_table(pa.table({"n": values}), tmp_path / f"{name}.parquet")
    found = open_files(connection, [tmp_path / f"{name}.parquet" for name in "abc"], {})
    rows = [row for batch in found.batches() for row in batch]
    assert [(row["_seq"], row["n"]) for row in rows] == [(n, n) for n in range(1, 7)]


def test_a_renamed_column_is_readable_under_both_names(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    path = jsonl(tmp_path / "a.jsonl", ROWS)
    found = open_files(connection, [path], {"body": "text", "_arrived_at": "at"})
    assert {"body", "text"} <= set(found.schema.names)
    assert found.arrival == "_arrived_at"
    [rows] = found.batches()
    assert rows[0]["_arrived_at"] == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_a_time_column_with_a_usual_name_gives_the_places(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    rows: list[dict[str, object]] = [{"created_at": "2024-05-01T10:00:00Z"}]
    found = open_files(connection, [jsonl(tmp_path / "a.jsonl", rows)], {})
    assert found.arrival == "created_at"


@pytest.mark.parametrize(
    ("name", "content", "message", "hint"),
    [
        ("a.jsonl", b'{"a": 1}\n{"a": 2\n', "a.jsonl, line 2: not a JSON object", "object a line"),
        ("a.jsonl", b'{"a": 1}\n[2]\n', "a.jsonl, line 2: not a JSON object", "object a line"),
        ("a.jsonl", b'{"a": "\xff"}\n', "a.jsonl, line 1: not a JSON object", "UTF-8"),
        ("a.jsonl", b"", "a.jsonl: the file is empty", "object a line"),
        ("a.csv", b"a,b\n1,2\n3,4,5\n", "line 3: 3 values where the header has 2", "header"),
        ("a.parquet", b"garbage", "a.parquet: ", "complete Parquet file"),
        ("a.xls", b"", "cannot tell the format from '.xls'", ".jsonl, .csv or .parquet"),
    ],
)
def test_a_bad_file_says_where_and_what_to_do(
    tmp_path: Path,
    connection: duckdb.DuckDBPyConnection,
    name: str,
    content: bytes,
    message: str,
    hint: str,
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as refused:
        open_files(connection, [path], {})
    assert message in refused.value.message
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("renames", "message"),
    [
        ({"x": "nope"}, "The file has no column 'nope'."),
        ({"_arrived_at": "text"}, "'text' does not hold times."),
    ],
)
def test_a_wrong_rename_is_refused(
    tmp_path: Path,
    connection: duckdb.DuckDBPyConnection,
    renames: dict[str, str],
    message: str,
) -> None:
    path = jsonl(tmp_path / "a.jsonl", ROWS)
    with pytest.raises(InvalidInput) as refused:
        open_files(connection, [path], renames)
    assert refused.value.message == message


def test_missing_files_and_mixed_formats_are_refused(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    path = jsonl(tmp_path / "a.jsonl", ROWS)
    other = tmp_path / "b.csv"
    other.write_text("a\n1\n")
    with pytest.raises(InvalidInput, match="no such file"):
        open_files(connection, [tmp_path / "none.csv"], {})
    with pytest.raises(InvalidInput, match="not of one format"):
        open_files(connection, [path, other], {})


def test_the_digest_is_of_the_content_and_its_order(tmp_path: Path) -> None:
    one, two, same = (tmp_path / name for name in ("1", "2", "3"))
    one.write_bytes(b"x")
    two.write_bytes(b"y")
    same.write_bytes(b"x")
    assert content_digest([one, two]) == content_digest([same, two])
    assert content_digest([one, two]) != content_digest([two, one])
