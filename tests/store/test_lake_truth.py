from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from store import lake
from store.analysis import session
from store.export_source import FACT_TABLES
from store.lake_truth import define_truth, with_truth

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEMAS = {table.name: table.schema for table in FACT_TABLES}

Label = dict[str, object]


def label(
    minute: int,
    source: str,
    *,
    violating: bool,
    item: str = "i1",
    seq: int | None = None,
    type_id: str = "t",
    reviewer: str = "ann",
) -> Label:
    return {
        "label_id": f"{minute}-{source}-{item}",
        "type_id": type_id,
        "item_id": item,
        "seq": seq,
        "violating": violating,
        "source": source,
        "reviewer": reviewer,
        "created_at": NOON + timedelta(minutes=minute),
        "_xid": 1,
    }


def truths(tmp_path: Path, labels: list[Label], undone: list[Label]) -> dict[int, bool | None]:
    """Seq -> truth, of three submissions: 1 and 2 of item i1, 3 of item i2."""
    written = {}
    for name, day_of, rows in (
        ("labels", "created_at", labels),
        ("decisions", "decided_at", undone),
    ):
        uri = lake.fact_uri(str(tmp_path), 1, name)
        if rows:
            table = pa.Table.from_pylist(rows, schema=SCHEMAS[name])
            lake.append(uri, table, day_of=day_of, after=None, reaches=2)
        written[name] = lake.snapshot(uri)
    with session("256MB") as connection:
        define_truth(connection, "t", written["labels"], written["decisions"])
        connection.execute(
            "CREATE TEMP TABLE items AS SELECT * FROM (VALUES (1, 'i1'), (2, 'i1'), (3, 'i2'))"
            " AS v(_seq, _item_id)"
        )
        found = connection.execute(f"SELECT _seq, _truth FROM {with_truth('items')}").fetchall()
        return dict(found)


@pytest.mark.parametrize(
    ("labels", "truth"),
    [
        ([], None),
        ([label(1, "review", violating=True)], True),
        ([label(1, "review", violating=True), label(2, "review", violating=False)], False),
        ([label(1, "golden", violating=True), label(2, "review", violating=False)], True),
        ([label(1, "appeal", violating=False), label(2, "review", violating=True)], False),
        ([label(1, "audit", violating=True), label(2, "appeal", violating=False)], True),
        ([label(1, "second_review", violating=False), label(2, "import", violating=True)], False),
        ([label(1, "review", violating=True, type_id="other")], None),
        (
            [
                label(1, "review", violating=False),
                {**label(1, "review", violating=True), "label_id": "other policy"},
            ],
            True,
        ),
    ],
)
def test_the_latest_of_the_strongest_source_is_the_truth(
    tmp_path: Path, labels: list[Label], *, truth: bool | None
) -> None:
    assert truths(tmp_path, labels, []) == {1: truth, 2: truth, 3: None}


def test_a_label_that_names_a_place_is_about_that_submission_alone(tmp_path: Path) -> None:
    labels = [
        label(1, "review", violating=False),
        label(2, "review", violating=True, seq=2),
        label(3, "review", violating=True, item="i2"),
    ]
    assert truths(tmp_path, labels, []) == {1: False, 2: True, 3: True}


def test_what_an_undone_decision_said_does_not_count(tmp_path: Path) -> None:
    labels = [label(1, "review", violating=False), label(2, "review", violating=True)]
    undone: Label = {
        "decision_id": "d",
        "decided_by": "ann",
        "decided_at": NOON + timedelta(minutes=2),
        "undone_at": NOON + timedelta(minutes=3),
        "_xid": 1,
    }
    assert truths(tmp_path, labels, [undone])[1] is False
