from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.errors import InvalidInput
from store.item_files import FileRow, ItemFile

if TYPE_CHECKING:
    from pathlib import Path


def rows_of(path: Path, content: bytes) -> list[FileRow]:
    path.write_bytes(content)
    return list(ItemFile(path).rows())


def test_json_lines_are_rows_and_bad_ones_are_told(tmp_path: Path) -> None:
    content = (
        b'\xef\xbb\xbf{"a": 1, "b": null}\n\n[1]\n{"a": \n{"a": NaN}\n{"a": "\xff"}\n'
        + b"[" * 100_000
        + b'\n{"a": "\xc3\xa9"}'
    )
    good, array, cut, constant, bytes_, deep, last = rows_of(tmp_path / "f.jsonl", content)
    assert good == FileRow(1, {"a": 1})
    assert (array.line, array.reason) == (3, "The line is not a JSON object.")
    assert cut.line == 4
    assert cut.reason.startswith("The line is not JSON")
    assert cut.raw == '{"a":'
    assert "NaN is not a JSON number" in constant.reason
    assert bytes_.reason == "The line is not UTF-8."
    assert bytes_.raw.encode()
    assert deep.record is None
    assert last == FileRow(8, {"a": "é"})


def test_csv_rows_keep_their_lines_past_quoted_line_ends(tmp_path: Path) -> None:
    content = b'id,text,n\r\n1,"two\nlines",\r\n\r\n2,x\r\n3,"\xff",1\r\n4,"a ""b""",5\r\n'
    first, short, bytes_, last = rows_of(tmp_path / "f.csv", content)
    assert first == FileRow(2, {"id": "1", "text": "two\nlines"})
    assert (short.line, short.reason) == (5, "The row has 2 values where the header has 3.")
    assert bytes_.reason == "The row is not UTF-8."
    assert last == FileRow(7, {"id": "4", "text": 'a "b"', "n": "5"})


def test_an_open_quote_tells_how_far_it_reached(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "f.csv", b'a,b\n1,2\n"3,4\n5,6\n')
    assert rows[0].record == {"a": "1", "b": "2"}
    assert rows[1].reason.startswith("Lines 3 to 4 are not CSV")


def test_tabs_separate_a_tsv(tmp_path: Path) -> None:
    assert rows_of(tmp_path / "f.tsv", b"a\tb\n1,5\t2\n")[0].record == {"a": "1,5", "b": "2"}


def test_parquet_rows_are_json_values(tmp_path: Path) -> None:
    noon = datetime(2026, 1, 1, 12, 0, 0, 250_000)  # noqa: DTZ001 - files hold naive times
    table = pa.table(
        {
            "text": ["x", None],
            "n": [1, 2],
            "score": [0.5, float("nan")],
            "at": pa.array([noon, None], pa.timestamp("us")),
            "zoned": pa.array([noon.replace(tzinfo=UTC), None], pa.timestamp("ms", "Asia/Tokyo")),
            "day": pa.array([date(2026, 1, 1), None]),
            "price": pa.array([Decimal("1.50"), None]),
            "tags": [["a"], []],
            "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
            "who": [{"id": "u", "typeId": "t"}, None],
            "raw": [b"abc", None],
        }
    )
    pq.write_table(table, tmp_path / "f.parquet")
    file = ItemFile(tmp_path / "f.parquet")
    first, second = file.rows()
    assert first.record == {
        "text": "x",
        "n": 1,
        "score": 0.5,
        "at": "2026-01-01T12:00:00.250000Z",
        "zoned": "2026-01-01T12:00:00.250000Z",
        "day": "2026-01-01T00:00:00Z",
        "price": 1.5,
        "tags": ["a"],
        "map": {"k": 1},
        "who": {"id": "u", "typeId": "t"},
        "raw": "abc",
    }
    assert second == FileRow(2, {"n": 2, "tags": []})
    assert (file.done, file.total) == (2, 2)


def test_a_parquet_value_without_json_words_is_told(tmp_path: Path) -> None:
    table = pa.table({"raw": [b"\xff"], "text": ["x"]})
    pq.write_table(table, tmp_path / "f.parquet")
    (row,) = ItemFile(tmp_path / "f.parquet").rows()
    assert row.record is None
    assert "utf-8" in row.reason


def test_columns_are_known_before_the_rows(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("a,b\n1,2\n")
    (tmp_path / "f.jsonl").write_text('{"a": 1}\n')
    pq.write_table(pa.table({"x": [1]}), tmp_path / "f.parquet")
    columns = [ItemFile(tmp_path / f"f.{kind}").columns() for kind in ("csv", "jsonl", "parquet")]
    assert columns == [("a", "b"), None, ("x",)]


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("a\n" + "x\n" * 100)
    file = ItemFile(tmp_path / "f.csv")
    assert len(list(file.rows())) == 100
    assert file.done == file.total == 202


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("f.xlsx", b"", "cannot tell the format"),
        ("f", b"", "a name without ending"),
        ("f.csv", b"", "the file is empty"),
        ("f.csv", b"a,a\n1,2\n", "names 'a' twice"),
        ("f.parquet", b"not parquet", "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_refused(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        rows_of(tmp_path / name, content)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no such file"):
        ItemFile(tmp_path / "gone.csv")


def test_a_parquet_file_that_breaks_off_is_refused_where_it_does(tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    table = pa.table({"x": [str(n) * 50 for n in range(5_000)]})
    pq.write_table(table, whole, compression="zstd", use_dictionary=False)
    data = bytearray(whole.read_bytes())
    data[4:2_000] = bytes(1_996)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(data)
    with pytest.raises(InvalidInput, match="after row 0"):
        list(ItemFile(broken).rows())
