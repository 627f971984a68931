from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from engine.errors import Conflict
from store import lake

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEMA = pa.schema(
    [("_seq", pa.int64()), ("_arrived_at", pa.timestamp("us", "UTC")), ("text", pa.string())]
)


def rows(first: int, count: int, text: str = "hello") -> pa.Table:
    return pa.Table.from_pylist(
        [
            {"_seq": seq, "_arrived_at": NOON + timedelta(hours=seq), "text": text}
            for seq in range(first, first + count)
        ],
        schema=SCHEMA,
    )


def put(uri: str, table: pa.Table) -> None:
    """As the exporter does: on from where the table stands, as far as the last place."""
    after, reaches = lake.progress(uri), table.column("_seq")[-1].as_py()
    lake.append(uri, table, day_of="_arrived_at", after=after, reaches=reaches)


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return lake.items_uri(str(tmp_path), 7, "post/1")


def sequences(uri: str) -> list[int]:
    found = lake.snapshot(uri)
    assert found is not None
    return sorted(
        seq
        for file in found.files
        for seq in pq.ParquetFile(file.path).read(["_seq"]).column("_seq").to_pylist()
    )


def test_a_table_that_was_never_written_has_no_snapshot_and_no_progress(uri: str) -> None:
    assert lake.snapshot(uri) is None
    assert lake.progress(uri) is None
    assert lake.schema_of(uri) == pa.schema([])


def test_rows_and_progress_arrive_together(uri: str) -> None:
    put(uri, rows(0, 20))
    found = lake.snapshot(uri)
    assert found is not None
    assert found.rows == 20
    assert lake.progress(uri) == 19
    assert [file.rows for file in found.files] == [12, 8]
    assert found.files[0].first == NOON
    assert found.files[-1].last == NOON + timedelta(hours=19)


def test_two_exporters_that_write_at_the_same_moment_cannot_both_commit(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(uri, rows(0, 5))
    stale = DeltaTable(uri)
    put(uri, rows(5, 5))
    monkeypatch.setattr(lake, "_open", lambda _uri, _version=None: stale)
    with pytest.raises(Conflict, match="at the same time"):
        lake.append(uri, rows(5, 5), day_of="_arrived_at", after=4, reaches=9)
    monkeypatch.undo()
    assert sequences(uri) == list(range(10))


@pytest.mark.parametrize("after", [None, 3])
def test_an_exporter_that_starts_from_elsewhere_than_the_progress_is_refused(
    uri: str, after: int | None
) -> None:
    put(uri, rows(0, 5))
    with pytest.raises(Conflict, match="at the same time"):
        lake.append(uri, rows(0, 5), day_of="_arrived_at", after=after, reaches=4)
    assert sequences(uri) == list(range(5))


def test_a_new_column_is_added_and_older_rows_are_null_in_it(uri: str) -> None:
    put(uri, rows(0, 2))
    wider = rows(2, 2).append_column("score", pa.array([0.5, 1.0]))
    put(uri, wider)
    put(uri, rows(4, 1))
    assert lake.schema_of(uri).names == [*SCHEMA.names, "score"]
    assert sequences(uri) == [0, 1, 2, 3, 4]


def test_compaction_merges_the_files_of_a_day_and_keeps_rows_and_progress(uri: str) -> None:
    for seq in range(9):
        put(uri, rows(seq, 1))
    before = lake.snapshot(uri)
    assert lake.compact(uri) == 8
    after = lake.snapshot(uri)
    assert before is not None
    assert after is not None
    assert (len(before.files), len(after.files)) == (9, 1)
    assert sequences(uri) == list(range(9))
    assert lake.progress(uri) == 8
    assert lake.compact(uri) == 0


def test_an_older_version_can_be_read_again(uri: str) -> None:
    put(uri, rows(0, 2))
    first = lake.snapshot(uri)
    put(uri, rows(2, 2))
    assert first is not None
    assert lake.snapshot(uri, first.version) == first


def test_the_log_holds_no_beginnings_of_what_people_wrote(uri: str, tmp_path: Path) -> None:
    put(uri, rows(0, 2, text="a secret"))
    for log in tmp_path.rglob("*.json"):
        assert "a secret" not in log.read_text()


def test_type_ids_cannot_leave_their_folder() -> None:
    assert lake.items_uri("/lake/", 3, "../../x") == "/lake/org=3/items/~2e~~2e~~2f~~2e~~2e~~2f~x"
