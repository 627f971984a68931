"""What rules read of an author or a thread is what that was when the item arrived, everywhere."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import text

from engine.backtest.request import BacktestRequest
from engine.configuration.rules import Rule, Status, rule_document
from engine.items import Container, Field, ItemType, Kind, Role, Scalar
from services.backtests import request_backtest, run_backtest
from services.context import system_caller
from services.evaluation import Pace, evaluate_next
from services.lake_export import export_all
from services.live_configuration import LiveConfigurations
from services.parity_sample import sample_parity
from services.preview import preview
from store import clock, config, profiles
from store.config import ConfigKind
from store.profiles import ProfileAsk
from tests.services.history import NOON, POST, context_of, save_type
from tests.store.ingest_rows import SUBMIT, WAIT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy import Connection

    from services.context import Context
    from store.database import Database
    from tests.world import Organisation

TAGS = Field("tags", Scalar.STRING, container=Container("ARRAY", None, Scalar.STRING))
MESSAGE = replace(
    POST,
    fields=(*POST.fields, Field("room", Scalar.RELATED_ITEM)),
    roles={**POST.roles, Role.THREAD_ID: "room"},
)
USER = ItemType(
    "t-user",
    1,
    "user",
    Kind.USER,
    (
        Field("age days", Scalar.NUMBER),
        Field("joined", Scalar.DATETIME),
        Field("name", Scalar.STRING),
        TAGS,
    ),
)
BOT = ItemType(
    "t-bot",
    1,
    "bot",
    Kind.USER,
    (Field("age days", Scalar.NUMBER), Field("maker", Scalar.ID), Field("name", Scalar.URL)),
)
ROOM = ItemType("t-room", 1, "room", Kind.THREAD, (Field("topic", Scalar.STRING), TAGS))
TYPES = (MESSAGE, USER, BOT, ROOM)
PEOPLE = ("ann", "ben", "cat", "never")
CONDITIONS = {
    "new": 'creator."age days" < 7',
    "young": "age(creator.joined) < INTERVAL '3 days' OR creator.joined IS NULL",
    "named": "length(creator.name) > 3 AND creator.typeId = 't-user'",
    "made": "creator.maker = 'acme'",
    "unmade": "creator.maker IS NULL",
    "tagged": "any(creator.tags LIKE 's%') OR list_contains(thread.tags, 'x')",
    "topic": "thread.topic ILIKE '%sale%' AND creator.\"age days\" >= 3",
    "both": 'creator."age days" BETWEEN 2 AND 50 AND thread.topic IS NOT NULL',
}


def save_rule(tx: Connection, name: str, where: str) -> None:
    rule = Rule(f"r-{name}", 1, name, where, status=Status.SHADOW, item_type_ids=("t-post",))
    config.save(
        tx, ConfigKind.RULE, rule.rule_id, name, rule_document(rule),
        author="user:test", reason="", now=NOON,
    )  # fmt: skip


@pytest.fixture
def context(database: Database, org: Organisation, tmp_path: Path) -> Context:
    with database.transaction(org.org_id) as tx:
        for item_type in TYPES:
            save_type(tx, item_type)
        for name, where in CONDITIONS.items():
            save_rule(tx, name, where)
    return context_of(database, tmp_path / "lake")


def submit(tx: Connection, type_id: str, item_id: str, data: Mapping[str, object]) -> None:
    """At the next place, a microsecond after the one before."""
    now = clock.lock(tx)
    seq, at = now.seq + 1, now.at + timedelta(microseconds=1)
    author = data.get("author")
    creator = author if isinstance(author, dict) else {}
    row = {
        "seq": seq,
        "at": at,
        "submission_id": str(uuid4()),
        "type_id": type_id,
        "item_id": item_id,
        "creator_type_id": creator.get("typeId"),
        "creator_id": creator.get("id"),
        "data": json.dumps(data),
    }
    tx.execute(SUBMIT, row)
    tx.execute(WAIT, {"seq": seq, "at": at})
    tx.execute(text("UPDATE org_clock SET seq = :seq, at = :at"), {"seq": seq, "at": at})


def a_profile(rng: random.Random) -> Mapping[str, object]:
    days = rng.choice([1, 3, 30, None])
    joined = (NOON - timedelta(days=rng.randrange(10))).isoformat()
    given = {
        "age days": days,
        "joined": rng.choice([joined, None]),
        "name": rng.choice(["bob", "annabel", ""]),
        "tags": rng.choice([[], ["spam", None], ["x"], None]),
        "maker": rng.choice(["acme", None]),
        "topic": rng.choice(["Big SALE", "cats"]),
    }
    return {name: value for name, value in given.items() if rng.random() < 0.8}


def live_through(context: Context, org: Organisation, rng: random.Random, turns: int) -> None:
    """Messages, and their authors and rooms as they change, in any order."""
    with context.database.transaction(org.org_id) as tx:
        tx.execute(text("UPDATE org_clock SET at = greatest(at, now() + interval '1 day')"))
        for turn in range(turns):
            match rng.choice(["message", "message", "message", "author", "room"]):
                case "author":
                    kind = rng.choice(["t-user", "t-bot"])
                    submit(tx, kind, rng.choice(PEOPLE[:-1]), a_profile(rng))
                case "room":
                    submit(tx, "t-room", rng.choice(["lobby", "cellar"]), a_profile(rng))
                case _:
                    submit(tx, "t-post", f"m{turn}", a_message(rng))


def a_message(rng: random.Random) -> Mapping[str, object]:
    author = {"id": rng.choice(PEOPLE), "typeId": rng.choice(["t-user", "t-bot", "t-room"])}
    room = {"id": rng.choice(["lobby", "cellar", "attic"]), "typeId": "t-room"}
    named = {"author": author, "room": room}
    return {"text": "hello", **{key: each for key, each in named.items() if rng.random() < 0.9}}


def evaluate(context: Context, org: Organisation) -> None:
    live = LiveConfigurations(context.clock)
    while evaluate_next(context, org.org_id, live, Pace(batch=40)):
        pass


HITS = text("""
SELECT o ->> 'ruleId', count(*) FROM evaluations, jsonb_array_elements(outcomes) AS o GROUP BY 1
""")


def live_hits(context: Context, org: Organisation) -> dict[str, int]:
    with context.database.transaction(org.org_id) as tx:
        return {row[0]: row[1] for row in tx.execute(HITS)}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_profile_says_the_same_live_in_a_backtest_and_in_a_preview(
    context: Context, org: Organisation, seed: int
) -> None:
    rng = random.Random(seed)
    live_through(context, org, rng, 150)
    evaluate(context, org)
    live_through(context, org, rng, 150)
    evaluate(context, org)
    export_all(context, org.org_id)

    parity = sample_parity(context, org.org_id)
    assert parity.compared > 100
    assert parity.differences == ()
    hits, caller = live_hits(context, org), system_caller(org.org_id, "test")
    for name, where in CONDITIONS.items():
        assert 0 < hits[f"r-{name}"] < parity.compared, name
        assert backtest_hits(context, org, where) == hits[f"r-{name}"], name
        assert preview(context, caller, where, "t-post", 1000).hits == hits[f"r-{name}"], name


def backtest_hits(context: Context, org: Organisation, where: str) -> int:
    caller = system_caller(org.org_id, "test")
    asked = BacktestRequest("t-post", where=where, baseline_where="thread.topic = 'cats'")
    done = run_backtest(context, org.org_id, request_backtest(context, caller, asked))
    assert done.report is not None, done.error
    return int(done.report["hits"])


def test_a_profile_that_comes_after_the_item_changes_nothing(
    context: Context, org: Organisation
) -> None:
    author = {"author": {"id": "ann", "typeId": "t-user"}}
    with context.database.transaction(org.org_id) as tx:
        submit(tx, "t-post", "m1", author)
        submit(tx, "t-user", "ann", {"age days": 1})
        submit(tx, "t-post", "m2", author)
        submit(tx, "t-user", "ann", {"age days": 90})
        submit(tx, "t-post", "m3", author)
    evaluate(context, org)
    assert live_hits(context, org).get("r-new") == 1


def test_without_any_profile_a_backtest_knows_nothing_of_authors(
    context: Context, org: Organisation
) -> None:
    with context.database.transaction(org.org_id) as tx:
        submit(tx, "t-post", "m1", {"author": {"id": "ann", "typeId": "t-user"}})
    export_all(context, org.org_id)
    assert backtest_hits(context, org, "creator.maker IS NULL") == 1
    assert backtest_hits(context, org, "creator.maker = 'acme'") == 0


def test_a_batch_reads_each_profile_once_and_by_its_index(
    context: Context, org: Organisation
) -> None:
    with context.database.transaction(org.org_id) as tx:
        tx.execute(text("UPDATE org_clock SET at = now() + interval '1 day'"))
        for number in range(300):
            submit(tx, "t-user", f"u{number % 30}", {"age days": number})
        first, last = clock.read(tx).at - timedelta(microseconds=45), clock.read(tx).at
        found = profiles.between(tx, [ProfileAsk("t-user", "u7", first, last)])
        assert [json.loads(each.data)["age days"] for each in found] == [247, 277]
        tx.execute(text("SET LOCAL enable_seqscan = off"))
        asked = {"type_ids": ["t-user"], "item_ids": ["u7"], "firsts": [first], "lasts": [last]}
        plan = "\n".join(
            row[0] for row in tx.execute(text(f"EXPLAIN {profiles.BETWEEN.text}"), asked)
        )
    assert "item_id_arrived_at_idx" in plan
    assert "Seq Scan" not in plan
