"""A counter that starts finds the same in the lake as in Postgres, whatever of it is where."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from engine.items import Field, Scalar
from engine.items.item_type import Container
from engine.language import Environment, check
from engine.language.schemas import schema_of_item_type
from services.counter_history import ItemLake
from services.counters import register_counters
from services.lake_export import export_all
from tests.conftest import execute_alone
from tests.services.history import NOON, POST, Row, context_of, place, save_type

if TYPE_CHECKING:
    from engine.items import ItemType
    from engine.language import Counter
    from services.context import Context
    from store.database import Database
    from tests.world import Organisation

NEWER = replace(
    POST,
    version=2,
    fields=(
        *(each for each in POST.fields if each.name != "likes"),
        Field("likes", Scalar.STRING),
        Field("score", Scalar.NUMBER),
        Field("seen", Scalar.DATETIME),
        Field("tags", Scalar.STRING, container=Container("ARRAY", None, Scalar.STRING)),
        Field("weights", Scalar.NUMBER, container=Container("MAP", Scalar.STRING, Scalar.NUMBER)),
    ),
)
ASKED = (
    "count_recent(author, '400 days') > 1",
    "count_recent(text, bad, '400 days', len(tags) > 1) > 1",
    "count_recent(near_duplicate_key(text), '400 days') > 1",
    "count_recent(likes, '400 days') > 1",
    "distinct_recent(author, likes, '400 days', score > 0 OR score IS NULL) > 1",
    "distinct_recent(weights['k'], seen, '400 days') > 1",
    "sum_recent(author, score, '400 days') > 1",
    "max_recent(lang, weights['k'] + 0.1, '400 days', weights IS NOT NULL) > 1",
    "count_recent(creator, '400 days', list_contains(tags, 'a') AND seen IS NOT NULL) > 1",
    "count_recent(lang, '{part}') > 1",
    "first_seen(author) IS NULL",
)
"""part: what reaches back to the middle of a minute in the middle of the history."""
EVENTS = text("""
SELECT c.identity, w.key, w.arrived_at, w.seq, w.value, w.member
FROM window_events AS w JOIN counters AS c ON c.counter_id = w.counter_id
ORDER BY c.identity, w.seq
""")
SET_BACK = text("UPDATE org_clock SET at = :at")
AUTHOR = {"id": "u", "typeId": "t"}
TEXTS = ("buy now", "Buy NOW!!", "see you", "é", "", "12", None)


@pytest.fixture
def context(database: Database, org: Organisation, tmp_path: Path) -> Context:
    with database.transaction(org.org_id) as tx:
        save_type(tx)
        save_type(tx, NEWER)
    return context_of(database, tmp_path / "lake")


def rows(generator: random.Random, count: int, minute: int) -> list[Row]:
    """Of both versions; some values are none that the field may have, some fields are not known."""
    pick = generator.choice
    return [
        Row(
            {
                "text": pick(TEXTS),
                "author": pick((AUTHOR, {"id": "v", "typeId": "t"}, None)),
                "bad": pick((True, False, None, "yes")),
                "lang": pick(("en", "de", None, 7)),
                "likes": pick((1, 2.5, "2.5", None)),
                "score": pick((1, 0.1, -3.25, "high", None)),
                "seen": pick(("2026-02-28T10:00:00.000Z", "2026-02-28T10:00:00+02:00", "no", None)),
                "tags": pick(([], ["a"], ["a", "b", None], None, "a")),
                "weights": pick(({"k": 1}, {"k": None, "j": 2.5}, {}, None, {"k": "x"})),
            },
            minute + place,
            version=pick((1, 2)),
        )
        for place in range(count)
    ]


def counters_of(item_type: ItemType) -> list[Counter]:
    schema = schema_of_item_type(item_type)
    found: list[Counter] = []
    since = datetime.now(UTC) - NOON - timedelta(minutes=30.5)
    for each in ASKED:
        written = each.replace("{part}", f"{since // timedelta(seconds=1)} seconds")
        checked = check(written, schema, Environment())
        assert checked.predicate, [wrong.render(written) for wrong in checked.diagnostics]
        found += checked.predicate.counters
    return found


def started(context: Context, org: Organisation, lake: ItemLake | None) -> list[tuple[object, ...]]:
    """What the counters find; nothing of it is kept."""
    with context.database.transaction(org.org_id) as tx, tx.begin_nested() as trial:
        register_counters(tx, NEWER, counters_of(NEWER), lake)
        events = [tuple(row) for row in tx.execute(EVENTS)]
        trial.rollback()
    return events


def let_go(database_url: str, which: str) -> None:
    """Without the items that match, as when their days are detached."""
    execute_alone(database_url, f"DELETE FROM submissions WHERE {which}")


def lake_of(context: Context, org: Organisation) -> ItemLake:
    return ItemLake(context.lake_root, org.org_id)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_where_plays_no_part(
    context: Context, org: Organisation, database_url: str, seed: int
) -> None:
    """In the lake and in Postgres, in one of them, or gone from Postgres after the export."""
    generator = random.Random(seed)
    with context.database.transaction(org.org_id) as tx:
        place(tx, rows(generator, 60, 0))
    export_all(context, org.org_id, portion=17)
    with context.database.transaction(org.org_id) as tx:
        place(tx, rows(generator, 20, 60))
    from_postgres = started(context, org, None)
    assert len({each[0] for each in from_postgres}) == len(ASKED)
    assert started(context, org, lake_of(context, org)) == from_postgres
    # A field whose type has changed is read from Postgres as long as that has the item.
    let_go(database_url, f"arrived_at <= '{NOON + timedelta(minutes=59.5)}' AND type_version = 2")
    assert started(context, org, lake_of(context, org)) == from_postgres
    assert len(started(context, org, None)) < len(from_postgres)


def test_history_that_postgres_let_go_counts(
    context: Context, org: Organisation, database_url: str
) -> None:
    with context.database.transaction(org.org_id) as tx:
        place(tx, [Row({"text": "a", "author": AUTHOR}, minute, version=2) for minute in range(9)])
    export_all(context, org.org_id)
    before = started(context, org, None)
    let_go(database_url, "true")
    assert started(context, org, None) == []
    assert started(context, org, lake_of(context, org)) == before != []


def test_a_lake_that_cannot_be_read_is_done_without(context: Context, org: Organisation) -> None:
    with context.database.transaction(org.org_id) as tx:
        place(tx, rows(random.Random(7), 30, 0))
    export_all(context, org.org_id)
    for file in Path(context.lake_root).rglob("*.parquet"):
        file.unlink()
    assert started(context, org, lake_of(context, org)) == started(context, org, None)


def test_a_lake_ahead_of_a_restored_database_is_not_asked(
    context: Context, org: Organisation, database_url: str
) -> None:
    with context.database.transaction(org.org_id) as tx:
        place(tx, rows(random.Random(8), 30, 0))
    export_all(context, org.org_id)
    let_go(database_url, f"arrived_at > '{NOON + timedelta(minutes=9.5)}'")
    with context.database.transaction(org.org_id) as tx:
        tx.execute(SET_BACK, {"at": NOON + timedelta(minutes=9.5)})
    assert started(context, org, lake_of(context, org)) == started(context, org, None)


def test_an_organisation_without_a_lake_reads_postgres(context: Context, org: Organisation) -> None:
    with context.database.transaction(org.org_id) as tx:
        place(tx, rows(random.Random(9), 10, 0))
    assert started(context, org, lake_of(context, org)) == started(context, org, None) != []
