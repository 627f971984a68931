"""Packs of what is live declare what their rules read of authors and threads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from engine.configuration.rules import Example, Rule
from engine.items import Field, ItemType, Kind, Role, Scalar
from engine.packs import try_packs
from engine.packs.plan import plan
from tests.engine.packs.test_pack_files import NOW
from tests.engine.packs.test_pack_plan import LIVE, OFFERS, POST, pulled

if TYPE_CHECKING:
    from engine.configuration.configuration import Configuration

ROLES = {Role.CREATOR_ID: "author", Role.THREAD_ID: "room", Role.CREATED_AT: "at"}
TALK = replace(
    POST,
    fields=(
        *POST.fields,
        Field("room", Scalar.RELATED_ITEM),
        Field("at", Scalar.DATETIME),
    ),
    roles={**ROLES, Role.DISPLAY_NAME: "text"},
)
KARMA = Field("karma", Scalar.NUMBER, required=True, description="how well liked")
MEMBER = ItemType("u1", 1, "Member", Kind.USER, (KARMA, Field("mail", Scalar.EMAIL_ADDRESS)))
GUEST = ItemType("u2", 1, "Guest", Kind.USER, (Field("invited by", Scalar.STRING),))
ROOM = ItemType("h1", 1, "Room", Kind.THREAD, (Field("topic", Scalar.STRING),))
READS = "creator.karma < 5 AND creator.\"invited by\" IS NULL AND thread.topic <> 'tests'"
SEEN = {
    "author": {"id": "a", "typeId": "u1"},
    "creator": {"karma": 1},
    "thread": {"topic": "news"},
}
RULE = Rule(
    "r1",
    1,
    "A newcomer",
    READS,
    item_type_ids=("t1",),
    examples=(Example(SEEN, True), Example({"text": "x"}, False)),
)


def live_with(*rules: Rule) -> Configuration:
    types = {each.type_id: each for each in (TALK, MEMBER, GUEST, ROOM)}
    return replace(
        LIVE,
        item_types=types,
        banks={"b1": OFFERS},
        rules={rule.rule_id: rule for rule in rules},
    )


def test_what_rules_read_of_authors_and_threads_is_declared() -> None:
    [_, pack] = pulled(live_with(RULE))
    declared = {each.type_id: [field.name for field in each.fields] for each in pack.profiles}
    assert declared == {"creator": ["karma", "invited by"], "thread": ["topic"]}
    assert pack.item_type.roles == ROLES
    assert not pack.profiles[0].fields[0].required


def test_what_is_pulled_stands_by_itself_and_changes_nothing() -> None:
    live = live_with(RULE)
    packs = pulled(live)
    found = plan(packs, live, NOW)
    assert (found.changes, found.problems, found.unchanged) == ((), (), 2)
    assert all(trial.passed for trial in try_packs(packs, NOW))


@pytest.mark.parametrize("where", ["likes > 3", "creator.id = 'a'", "strikes(creator) > 1"])
def test_who_an_author_is_needs_no_declaration(where: str) -> None:
    [_, pack] = pulled(live_with(replace(RULE, where=where, examples=())))
    assert pack.profiles == ()
