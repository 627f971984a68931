"""What items found out about entities as they arrived is what the lake says of them later."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from engine.backtest.request import BacktestRequest
from engine.casework.facts import FactKind, NewFact
from engine.configuration.policies import Policy, policy_document
from engine.configuration.rules import Rule, Status, rule_document
from engine.items.item import ItemRef
from services.backtests import request_backtest, run_backtest
from services.context import system_caller
from services.evaluation import Pace, evaluate_next
from services.lake_export import compare_counts, export_all
from services.live_configuration import LiveConfigurations
from services.parity_sample import sample_parity
from services.preview import preview
from store import clock, config, export_source, facts, lake
from store.config import ConfigKind
from tests.services.history import NOON, POST, context_of, save_type
from tests.store.ingest_rows import place

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from services.context import Context
    from store.database import Database
    from tests.world import Organisation

US = timedelta(microseconds=1)
PEOPLE = ("ann", "ben", "cat")
CONDITIONS = {
    "some strikes": "strikes(creator) >= 1",
    "heavy strikes": "strikes(author) > 2.5",
    "lately struck": "strikes(creator, '40 microseconds') > 0.3",
    "struck for spam": "strikes(creator, '1 day', 'Spam') > 1",
    "reported": "reports(creator) > 2",
    "item reported": "reports(item) > 0 AND reports(item, '4 microseconds') < 2",
    "trusted": "has_label(creator, 'trusted') OR has_label(item, 'seen')",
    "never trusted": "NOT has_label(creator, 'trusted')",
}


def rule(name: str, where: str) -> Rule:
    return Rule(f"r-{name}", 1, name, where, status=Status.SHADOW, item_type_ids=("t-post",))


def save(tx: Connection, kind: ConfigKind, object_id: str, name: str, document: object) -> None:
    config.save(tx, kind, object_id, name, document, author="user:test", reason="", now=NOON)  # type: ignore[arg-type]


@pytest.fixture
def context(database: Database, org: Organisation, tmp_path: Path) -> Context:
    with database.transaction(org.org_id) as tx:
        save_type(tx)
        for policy in (Policy("p-spam", 1, "Spam"), Policy("p-hate", 1, "Hate")):
            save(tx, ConfigKind.POLICY, policy.policy_id, policy.name, policy_document(policy))
        for name, where in CONDITIONS.items():
            save(tx, ConfigKind.RULE, f"r-{name}", name, rule_document(rule(name, where)))
    return context_of(database, tmp_path / "lake")


def made_fact(rng: random.Random, tx: Connection) -> NewFact:
    """Expiring soon, on a moment at which an item may well arrive, or never."""
    kind = rng.choice(list(FactKind))
    subject = rng.choice(
        [
            *(ItemRef("t-user", each) for each in PEOPLE),
            ItemRef("t-post", f"i{clock.read(tx).seq + rng.randrange(1, 4)}"),
        ]
    )
    name = rng.choice(["trusted", "seen"] if kind is FactKind.LABEL else ["p-spam", "p-hate"])
    expires = clock.read(tx).at + rng.randrange(1, 60) * US if rng.random() < 0.5 else None
    return NewFact(str(uuid4()), kind, subject, name, rng.choice([1, 0.1, 0.3, 2]), expires)


def live_through(context: Context, org: Organisation, rng: random.Random, turns: int) -> None:
    """Items, facts and withdrawals, moments apart and in any order."""
    recorded: list[str] = []
    with context.database.transaction(org.org_id) as tx:
        tx.execute(text("UPDATE org_clock SET at = now() + interval '1 day'"))
        for _ in range(turns):
            match rng.choice(["item", "item", "facts", "withdrawal"]):
                case "item":
                    author = rng.choice([*PEOPLE, None])
                    named = {"author": {"id": author, "typeId": "t-user"}} if author else {}
                    place(tx, [{"text": "hello", **named}])
                case "facts":
                    made = [made_fact(rng, tx) for _ in range(rng.randrange(1, 4))]
                    facts.record(tx, made)
                    recorded += [fact.fact_id for fact in made]
                case _:
                    facts.withdraw(tx, rng.sample(recorded, min(2, len(recorded))))


def evaluate(context: Context, org: Organisation) -> None:
    live = LiveConfigurations(context.clock)
    while evaluate_next(context, org.org_id, live, Pace(batch=20)):
        pass


HITS = text("""
SELECT o ->> 'ruleId', count(*) FROM evaluations, jsonb_array_elements(outcomes) AS o GROUP BY 1
""")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_fact_says_the_same_live_and_in_a_backtest(
    context: Context, org: Organisation, seed: int
) -> None:
    rng = random.Random(seed)
    live_through(context, org, rng, 150)
    evaluate(context, org)
    live_through(context, org, rng, 150)
    export_all(context, org.org_id)
    evaluate(context, org)
    export_all(context, org.org_id)

    parity = sample_parity(context, org.org_id)
    assert parity.compared > 100
    assert parity.differences == ()
    with context.database.transaction(org.org_id) as tx:
        hits = {row[0]: row[1] for row in tx.execute(HITS)}
    for name, where in CONDITIONS.items():
        assert 0 < hits[f"r-{name}"] < parity.compared, name
        assert backtest_hits(context, org, where) == hits[f"r-{name}"], name


def backtest_hits(context: Context, org: Organisation, where: str) -> int:
    caller = system_caller(org.org_id, "test")
    asked = BacktestRequest("t-post", where=where, baseline_where="reports(creator) > 1")
    done = run_backtest(context, org.org_id, request_backtest(context, caller, asked))
    assert done.report is not None, done.error
    return int(done.report["hits"])


def test_a_preview_knows_what_the_rule_would_have_known(
    context: Context, org: Organisation
) -> None:
    live_through(context, org, random.Random(7), 120)
    evaluate(context, org)
    caller = system_caller(org.org_id, "test")
    with context.database.transaction(org.org_id) as tx:
        hits = {row[0]: row[1] for row in tx.execute(HITS)}
    for name, where in CONDITIONS.items():
        assert preview(context, caller, where, POST.type_id, 1000).hits == hits[f"r-{name}"], name


def test_a_fact_is_exported_as_soon_as_an_item_after_it(
    context: Context, org: Organisation
) -> None:
    """Another transaction that is still running holds up every other table."""
    database = context.database
    fact = NewFact(str(uuid4()), FactKind.STRIKE, ItemRef("t-user", "ann"), "p-spam")
    with database.transaction(org.org_id) as running:
        running.execute(text("SELECT pg_current_xact_id()"))
        with database.transaction(org.org_id) as tx:
            facts.record(tx, [fact])
        export_all(context, org.org_id)
        found = lake.snapshot(lake.fact_uri(context.lake_root, org.org_id, "facts"))
    assert found is not None
    assert found.rows == 1


def test_the_lake_has_no_item_without_the_facts_before_it(
    context: Context, org: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while an export is under way, and whatever arrives meanwhile."""
    append = lake.append

    def interrupted(uri: str, *rows: Any, **more: Any) -> None:
        append(uri, *rows, **more)
        if uri.endswith("/facts"):
            live_through(context, org, random.Random(5), 10)
        else:
            raise KeyboardInterrupt

    live_through(context, org, random.Random(4), 40)
    monkeypatch.setattr(lake, "append", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export_all(context, org.org_id)
    items = lake.progress(lake.items_uri(context.lake_root, org.org_id, "t-post"))
    reached = lake.progress(lake.fact_uri(context.lake_root, org.org_id, "facts"))
    assert items is not None
    assert reached is not None
    assert items < reached


def test_a_withdrawal_is_written_to_the_lake(context: Context, org: Organisation) -> None:
    made = [
        NewFact(str(uuid4()), FactKind.REPORT, ItemRef("t-user", each), None) for each in PEOPLE
    ]
    with context.database.transaction(org.org_id) as tx:
        facts.record(tx, made)
    export_all(context, org.org_id, portion=2)
    with context.database.transaction(org.org_id) as tx:
        facts.withdraw(tx, [made[0].fact_id, made[1].fact_id])
    export_all(context, org.org_id, portion=1)
    assert export_all(context, org.org_id).rows == 0
    uri = lake.fact_uri(context.lake_root, org.org_id, "facts")
    assert len(lake.keys(uri, "fact_id")) == 5
    [told] = [each for each in compare_counts(context, org.org_id) if each.table == "facts"]
    assert (told.postgres, told.lake, told.missing) == (3, 3, 0)


def test_a_fact_recorded_makes_an_export_worthwhile(context: Context, org: Organisation) -> None:
    fact = NewFact(str(uuid4()), FactKind.LABEL, ItemRef("t-user", "ann"), "trusted")
    with context.database.transaction(org.org_id) as tx:
        before = export_source.newest(tx)
        facts.record(tx, [fact])
    with context.database.transaction(org.org_id) as tx:
        assert export_source.newest(tx) != before
