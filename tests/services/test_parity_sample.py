from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from engine.configuration.banks import TextBank, bank_document
from engine.configuration.rules import Rule, Status, rule_document
from engine.text import Term
from services.lake_export import export_all
from services.parity_sample import Difference, sample_parity
from store import config
from store.config import ConfigKind
from tests.services.history import NOON, Row, context_of, place, save_type

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from services.context import Context
    from store.database import Database
    from tests.world import Organisation

ANN = {"id": "ann", "typeId": "t-user"}
EVALUATED = text("""
INSERT INTO evaluations (org_id, seq, arrived_at, submission_id, type_id, config_version,
                         evaluated_at, outcomes)
SELECT org_id, seq, arrived_at, submission_id, type_id, :config_version, arrived_at,
       CAST(:outcomes AS jsonb)
FROM submissions WHERE seq = :seq
""")
LOUD = Rule(
    "r-loud", 1, "loud", "likes > 5 AND matches(text, 'scams')",
    status=Status.LIVE, item_type_ids=("t-post",),
)  # fmt: skip
OFTEN = Rule(
    "r-often", 1, "often", "count_recent(creator, '1 hour') > 1",
    status=Status.SHADOW, item_type_ids=("t-post",),
)  # fmt: skip


def save_rule(tx: Connection, rule: Rule) -> None:
    config.save(
        tx, ConfigKind.RULE, rule.rule_id, rule.name, rule_document(rule),
        author="user:test", reason="", now=NOON,
    )  # fmt: skip


def version(tx: Connection) -> int:
    return config.organisation(tx)[1]


def record(tx: Connection, seq: int, config_version: int, *rule_ids: str) -> None:
    outcomes = [{"ruleId": each, "version": 1, "outcome": "TRUE"} for each in rule_ids]
    values = {"seq": seq, "config_version": config_version, "outcomes": json.dumps(outcomes)}
    tx.execute(EVALUATED, values)


@pytest.fixture
def context(database: Database, org: Organisation, tmp_path: Path) -> Context:
    """Three posts by one person, and outcomes that are right under the rules of then."""
    with database.transaction(org.org_id) as tx:
        save_type(tx)
        bank = TextBank("b1", 1, "scams", terms=(Term("gold"),))
        config.save(
            tx, ConfigKind.BANK, "b1", "scams", bank_document(bank),
            author="user:test", reason="", now=NOON,
        )  # fmt: skip
        save_rule(tx, LOUD)
        save_rule(tx, OFTEN)
        place(
            tx,
            [
                Row({"text": "buy GOLD", "likes": 9, "author": ANN}, 0),
                Row({"text": "gold", "likes": 1, "author": ANN}, 10),
                Row({"text": "hello", "likes": 9, "author": ANN}, 300),
            ],
        )
        now = version(tx)
        record(tx, 1, now, "r-loud")
        record(tx, 2, now, "r-often")
        record(tx, 3, now)
    return context_of(database, tmp_path / "lake")


def test_recorded_outcomes_are_found_again(context: Context, org: Organisation) -> None:
    export_all(context, org.org_id)
    parity = sample_parity(context, org.org_id)
    assert (parity.compared, parity.differences) == (3, ())


def test_the_rules_of_then_are_asked_not_those_of_today(
    context: Context, org: Organisation
) -> None:
    with context.database.transaction(org.org_id) as tx:
        save_rule(tx, replace(LOUD, where="likes > 0"))
    export_all(context, org.org_id)
    assert sample_parity(context, org.org_id).differences == ()


def test_a_single_wrong_outcome_is_told(context: Context, org: Organisation) -> None:
    with context.database.transaction(org.org_id) as tx:
        place(tx, [Row({"text": "quiet", "likes": 0}, 400)])
        record(tx, 4, version(tx), "r-loud")
    export_all(context, org.org_id)
    parity = sample_parity(context, org.org_id)
    assert parity.compared == 4
    assert parity.differences == (Difference(4, "t-post", "i4", ("r-loud",), ()),)


def test_a_rule_that_had_expired_is_not_held_against_anyone(
    context: Context, org: Organisation
) -> None:
    with context.database.transaction(org.org_id) as tx:
        save_rule(tx, replace(LOUD, expires_at=NOON + timedelta(minutes=350)))
        place(tx, [Row({"text": "gold", "likes": 9}, 400)])
        record(tx, 4, version(tx))
    export_all(context, org.org_id)
    assert sample_parity(context, org.org_id).differences == ()


def test_a_day_is_told_rule_by_rule(context: Context, org: Organisation) -> None:
    with context.database.transaction(org.org_id) as tx:
        place(tx, [Row({"text": "quiet", "likes": 0}, 24 * 60 + 1)])
        record(tx, 4, version(tx), "r-loud")
    export_all(context, org.org_id)
    first = sample_parity(context, org.org_id, limit=None, day=NOON.date())
    assert (first.compared, first.differing) == (3, 0)
    assert [(each.name, each.compared) for each in first.rules] == [("loud", 3), ("often", 3)]
    second = sample_parity(context, org.org_id, limit=None, day=NOON.date() + timedelta(days=1))
    assert (second.compared, second.differing) == (1, 1)
    told = {each.name: (each.differences, each.examples) for each in second.rules}
    assert told == {"loud": (1, (4,)), "often": (0, ())}
    never = sample_parity(context, org.org_id, limit=None, day=NOON.date() - timedelta(days=1))
    assert never.compared == 0
