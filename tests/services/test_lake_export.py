from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from engine.errors import Conflict
from engine.items import Field, Scalar
from services.lake_export import compare_counts, export_all
from store import export_source, lake
from tests.services.history import NOON, POST, Row, context_of, place, save_type

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from services.context import Context
    from store.database import Database
    from tests.world import Organisation

EVALUATED = text("""
INSERT INTO evaluations (org_id, seq, arrived_at, submission_id, type_id, config_version,
                         evaluated_at, outcomes)
VALUES (current_setting('app.org_id')::int, :seq, :at, gen_random_uuid(), 't-post', 1, :at, '[]')
""")
OPENED = text("""
INSERT INTO jobs (org_id, job_id, queue_id, kind, type_id, item_id, state, enqueued_at, sources)
VALUES (current_setting('app.org_id')::int, :job_id, 'q', 'DEFAULT', 't-post', :item_id, 'open',
        :at, '[]')
""")
CLOSED = text("""
UPDATE jobs SET state = 'decided', decided_at = :at, xid = pg_current_xact_id()
WHERE job_id = :job_id
""")


@pytest.fixture
def context(database: Database, org: Organisation, tmp_path: Path) -> Context:
    with database.transaction(org.org_id) as tx:
        save_type(tx)
    return context_of(database, tmp_path / "lake")


def posts(texts: list[str]) -> list[Row]:
    return [Row({"text": each, "likes": 1}, minute) for minute, each in enumerate(texts)]


def uri(context: Context, org: Organisation, table: str = "") -> str:
    if table:
        return lake.fact_uri(context.lake_root, org.org_id, table)
    return lake.items_uri(context.lake_root, org.org_id, "t-post")


def read(uri: str) -> list[dict[str, Any]]:
    found = lake.snapshot(uri)
    rows = (
        [row for file in found.files for row in pq.ParquetFile(file.path).read().to_pylist()]
        if found
        else []
    )
    return sorted(rows, key=lambda row: (row.get("_seq") or 0, row.get("_xid") or 0))


def evaluate(tx: Connection, seq: int) -> None:
    tx.execute(EVALUATED, {"seq": seq, "at": NOON + timedelta(seconds=seq)})


def test_items_arrive_typed_with_their_places(context: Context, org: Organisation) -> None:
    author = {"id": "u1", "typeId": "t-user"}
    with context.database.transaction(org.org_id) as tx:
        place(tx, [Row({"text": "hi", "likes": 3, "author": author, "bad": True}, item_id="p9")])
    summary = export_all(context, org.org_id)
    assert {table.table: table.rows for table in summary.tables if table.rows} == {
        "items/t-post": 1
    }
    [row] = read(uri(context, org))
    assert (row["text"], row["likes"], row["author"], row["bad"]) == ("hi", 3.0, author, True)
    assert (row["_seq"], row["_item_id"], row["_creator_id"]) == (1, "p9", "u1")
    assert row["_arrived_at"] == NOON + timedelta(microseconds=1)
    assert (row["lang"], row["_rest"]) == (None, None)


def test_a_second_run_changes_nothing(context: Context, org: Organisation) -> None:
    with context.database.transaction(org.org_id) as tx:
        place(tx, posts(["a", "b"]))
        evaluate(tx, 1)
    assert export_all(context, org.org_id).rows == 3
    before = lake.snapshot(uri(context, org))
    assert export_all(context, org.org_id).rows == 0
    assert lake.snapshot(uri(context, org)) == before


def test_small_portions_lose_and_repeat_nothing(context: Context, org: Organisation) -> None:
    with context.database.transaction(org.org_id) as tx:
        place(tx, posts([str(n) for n in range(25)]))
    for seq in range(1, 11):
        with context.database.transaction(org.org_id) as tx:
            evaluate(tx, seq)
    assert export_all(context, org.org_id, portion=4).rows == 35
    assert [row["_seq"] for row in read(uri(context, org))] == list(range(1, 26))
    assert [row["_seq"] for row in read(uri(context, org, "evaluations"))] == list(range(1, 11))


def test_a_transaction_larger_than_a_portion_is_written_whole(
    context: Context, org: Organisation
) -> None:
    with context.database.transaction(org.org_id) as tx:
        for seq in range(1, 10):
            evaluate(tx, seq)
    assert export_all(context, org.org_id, portion=2).rows == 9


def test_transactions_that_commit_out_of_order_are_all_exported(
    context: Context, org: Organisation
) -> None:
    database = context.database
    with database.transaction(org.org_id) as early:
        evaluate(early, 1)
        with database.transaction(org.org_id) as late:
            evaluate(late, 2)
        export_all(context, org.org_id)
        assert read(uri(context, org, "evaluations")) == []
    export_all(context, org.org_id)
    assert [row["_seq"] for row in read(uri(context, org, "evaluations"))] == [1, 2]


def test_a_run_killed_after_its_write_and_before_its_record_repeats_nothing(
    context: Context, org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with context.database.transaction(org.org_id) as tx:
        place(tx, posts(["a", "b", "c"]))
        evaluate(tx, 1)

    record = export_source.set_watermark

    def killed(tx: Connection, table: str, *further: Any) -> None:
        if table == "items/t-post":
            raise KeyboardInterrupt
        record(tx, table, *further)

    monkeypatch.setattr(export_source, "set_watermark", killed)
    with pytest.raises(KeyboardInterrupt):
        export_all(context, org.org_id)
    monkeypatch.undo()
    assert len(read(uri(context, org))) == 3
    export_all(context, org.org_id)
    assert [row["_seq"] for row in read(uri(context, org))] == [1, 2, 3]
    assert len(read(uri(context, org, "evaluations"))) == 1


def test_two_exports_at_once_are_refused(context: Context, org: Organisation) -> None:
    with context.database.transaction(org.org_id) as tx:
        assert export_source.try_lock(tx, org.org_id)
        with pytest.raises(Conflict, match="Another export"):
            export_all(context, org.org_id)


def test_a_job_that_changes_is_written_again(context: Context, org: Organisation) -> None:
    job_id = str(uuid4())
    with context.database.transaction(org.org_id) as tx:
        tx.execute(OPENED, {"job_id": job_id, "item_id": "i1", "at": NOON})
    export_all(context, org.org_id)
    with context.database.transaction(org.org_id) as tx:
        tx.execute(CLOSED, {"job_id": job_id, "at": NOON})
    export_all(context, org.org_id)
    assert [row["state"] for row in read(uri(context, org, "jobs"))] == ["open", "decided"]
    [jobs] = [each for each in compare_counts(context, org.org_id) if each.table == "jobs"]
    assert (jobs.postgres, jobs.lake, jobs.missing) == (1, 1, 0)


def test_a_type_that_gains_and_changes_fields_keeps_its_past(
    context: Context, org: Organisation
) -> None:
    with context.database.transaction(org.org_id) as tx:
        place(tx, posts(["old"]))
    export_all(context, org.org_id)
    changed = replace(
        POST,
        fields=(
            Field("text", Scalar.STRING),
            Field("likes", Scalar.STRING),
            Field("score", Scalar.NUMBER),
        ),
        roles={},
    )
    with context.database.transaction(org.org_id) as tx:
        save_type(tx, changed)
        new = {"text": "new", "likes": "many", "score": 0.5}
        place(tx, [Row(new, 5, version=2), Row({"text": "late", "likes": 2}, 6, version=1)])
    export_all(context, org.org_id)
    rows = read(uri(context, org))
    shown = [(r["text"], r["likes"], r.get("likes__string"), r.get("score")) for r in rows]
    assert shown == [
        ("old", 1.0, None, None),
        ("new", None, "many", 0.5),
        ("late", 2.0, None, None),
    ]


def test_what_no_column_holds_is_kept_beside_the_row(context: Context, org: Organisation) -> None:
    data = {"text": 5, "likes": 2, "colour": "red"}
    with context.database.transaction(org.org_id) as tx:
        place(tx, [Row(data), Row({"text": "fine"}, 1), Row({"text": "x"}, 2, version=7)])
    exported = export_all(context, org.org_id).tables
    [items] = [each for each in exported if each.table == "items/t-post"]
    assert (items.rows, items.unfit) == (3, 2)
    first, second, third = read(uri(context, org))
    assert json.loads(first["_rest"]) == {"text": 5, "colour": "red"}
    assert (first["likes"], second["_rest"]) == (2.0, None)
    assert json.loads(third["_rest"]) == {"text": "x"}


def test_counts_agree_and_a_lost_file_is_noticed(context: Context, org: Organisation) -> None:
    with context.database.transaction(org.org_id) as tx:
        place(tx, posts(["a", "b"]))
        evaluate(tx, 1)
    export_all(context, org.org_id)
    with context.database.transaction(org.org_id) as tx:
        place(tx, [Row({"text": "not exported yet"}, 9)])
    counts = {each.table: each for each in compare_counts(context, org.org_id)}
    assert (counts["items/t-post"].postgres, counts["items/t-post"].lake) == (2, 2)
    assert sum(each.missing for each in counts.values()) == 0
    lake.delete_rows(uri(context, org), "_seq = 1")
    counts = {each.table: each for each in compare_counts(context, org.org_id)}
    assert counts["items/t-post"].missing == 1


def test_many_small_exports_end_up_in_few_files(context: Context, org: Organisation) -> None:
    for minute in range(9):
        with context.database.transaction(org.org_id) as tx:
            place(tx, [Row({"text": "x"}, minute)])
            evaluate(tx, minute + 1)
        export_all(context, org.org_id)
    found = lake.snapshot(uri(context, org))
    assert found is not None
    assert (found.rows, len(found.files)) == (9, 2)
    counts = {each.table: each for each in compare_counts(context, org.org_id)}
    told = counts["evaluations"]
    assert (told.postgres, told.lake, told.missing) == (9, 9, 0)


def test_a_lake_that_is_ahead_of_a_restored_database_is_refused(
    context: Context, org: Organisation
) -> None:
    with context.database.transaction(org.org_id) as tx:
        place(tx, posts(["a", "b"]))
    export_all(context, org.org_id)
    with context.database.transaction(org.org_id) as tx:
        tx.execute(text("UPDATE org_clock SET at = at - interval '1 second'"))
    with pytest.raises(Conflict, match="restored from a backup"):
        export_all(context, org.org_id)


def test_a_lake_that_was_moved_away_is_written_again(
    context: Context, org: Organisation, tmp_path: Path
) -> None:
    with context.database.transaction(org.org_id) as tx:
        place(tx, posts(["a", "b"]))
        evaluate(tx, 1)
    export_all(context, org.org_id)
    elsewhere = replace(context, lake_root=str(tmp_path / "elsewhere"))
    assert export_all(elsewhere, org.org_id).rows == 3
