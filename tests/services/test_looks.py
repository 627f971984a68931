"""Items of one batch are told what their own rules ask, and nothing of their neighbours'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.casework.facts import FactKind, NewFact
from engine.items.item import ItemRef
from services.item_types import ITEM_TYPES
from store import facts
from tests.services.town import CREATOR_OF_ROWS, POST, Town
from tests.store.ingest_rows import place

if TYPE_CHECKING:
    from services.context import Context
    from tests.world import Organisation


@pytest.fixture
def town(context: Context, org: Organisation) -> Town:
    return Town(context, org.org_id)


def test_facts_and_buckets_are_asked_for_those_whose_rules_ask(town: Town) -> None:
    note = town.save(ITEM_TYPES, {**POST, "name": "Note"})
    label = NewFact(town.context.new_id(), FactKind.LABEL, ItemRef(*CREATOR_OF_ROWS), "trusted")
    with town.context.database.transaction(town.org_id) as tx:
        facts.record(tx, [label])
    author = {"id": CREATOR_OF_ROWS[1], "typeId": CREATOR_OF_ROWS[0]}
    for type_id in (town.post, note, town.post, note):
        with town.context.database.transaction(town.org_id) as tx:
            place(tx, [{"text": "x", "author": author}], type_id, None)
    town.rule("trusted", "has_label(creator, 'trusted')")
    town.rule("too many", "rate_limited(author, 1, '1 hour')", itemTypeIds=[note])
    town.rule("second", "count_recent(author, '1 hour') = 2")
    town.rule("second note", "count_recent(author, '1 hour') = 2", itemTypeIds=[note])
    assert town.evaluate() == 4
    assert town.matched() == {
        1: ["trusted"],
        2: [],
        3: ["second", "trusted"],
        4: ["second note", "too many"],
    }
