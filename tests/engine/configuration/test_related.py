"""What rules may read of authors and threads, and what examples say of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.configuration.compiled import schema_of
from engine.configuration.configuration import Configuration
from engine.configuration.related import members_read, related_fields, related_types
from engine.configuration.rule_check import check_rule, run_examples
from engine.configuration.rules import Example, Rule
from engine.items import Field, ItemType, Kind, Role, Scalar
from engine.language import Environment, check

NOW = datetime(2026, 3, 1, tzinfo=UTC)
POST = ItemType(
    "post",
    1,
    "Post",
    Kind.CONTENT,
    (
        Field("text", Scalar.STRING),
        Field("author", Scalar.RELATED_ITEM),
        Field("room", Scalar.RELATED_ITEM),
        Field("at", Scalar.DATETIME),
    ),
    {Role.CREATOR_ID: "author", Role.THREAD_ID: "room", Role.CREATED_AT: "at"},
)
USER = ItemType(
    "user",
    1,
    "User",
    Kind.USER,
    (Field("age", Scalar.NUMBER), Field("site", Scalar.URL), Field("rank", Scalar.NUMBER)),
)
BOT = ItemType(
    "bot",
    1,
    "Bot",
    Kind.USER,
    (Field("site", Scalar.STRING), Field("rank", Scalar.STRING), Field("maker", Scalar.ID)),
)
ROOM = ItemType("room", 1, "Room", Kind.THREAD, (Field("topic", Scalar.STRING),))
TOWN = Configuration(1, 1, item_types={each.type_id: each for each in (POST, USER, BOT, ROOM)})
SCHEMA = schema_of(TOWN, POST)

MISTAKES = [
    ("creator.agee > 1", "unknown-member", "Did you mean age?"),
    ("creator.nothing = 'x'", "unknown-member", "A creator has id, typeId, age, site, maker."),
    ("thread.tropic = 'x'", "unknown-member", "Did you mean topic?"),
    ("creator.rank > 1", "bad-field", "Give the field the same type in all of them"),
    ("room.topic = 'x'", "unknown-member", "thread.topic"),
    ("creator.age.days > 1", "unknown-member", ""),
    ("_creator.age > 1", "unknown-field", ""),
    ("count_recent(creator, '1 day', creator.age > 1) > 1", "bad-condition", "Move that"),
    ("sum_recent(creator, creator.age, '1 day') > 1", "bad-condition", "Move that"),
    ("count_recent(creator.maker, '1 day') > 1", "bad-key", ""),
]


@pytest.mark.parametrize(("where", "code", "hint"), MISTAKES)
def test_what_is_wrong_with_a_field_of_an_author_is_told(where: str, code: str, hint: str) -> None:
    checked = check(where, SCHEMA, Environment())
    assert checked.predicate is None
    assert [each.code for each in checked.diagnostics] == [code]
    assert hint in checked.diagnostics[0].hint


def test_a_predicate_tells_what_it_reads_of_whom() -> None:
    where = (
        "Creator.AGE > 1 AND creator.site LIKE '%.x' AND THREAD.topic = 'a' AND creator.id = 'u'"
    )
    predicate = check(where, SCHEMA, Environment()).predicate
    assert predicate is not None
    assert predicate.text == (
        "creator.age > 1 AND creator.site LIKE '%.x' AND thread.topic = 'a' AND creator.id = 'u'"
    )
    assert related_fields([predicate]) == {"creator": "author", "thread": "room"}
    types = related_types([predicate], TOWN.item_types)
    assert types == {"creator": (USER, BOT), "thread": (ROOM,)}
    assert members_read([predicate], "creator", types["creator"]).names == ["age", "site"]


def test_the_id_of_an_author_asks_for_nothing_more() -> None:
    predicate = check(
        "creator.id = 'u' AND thread.typeId = 'room'", SCHEMA, Environment()
    ).predicate
    assert predicate is not None
    assert related_fields([predicate]) == {}


def test_without_types_for_authors_only_their_ids_are_known() -> None:
    lonely = Configuration(1, 1, item_types={"post": POST})
    checked = check("creator.age > 1", schema_of(lonely, POST), Environment())
    assert [each.code for each in checked.diagnostics] == ["unknown-member"]


EXAMPLES = [
    ({"author": {"id": "u", "typeId": "user", "age": 3}}, True),
    ({"author": {"id": "u", "typeId": "user"}, "creator": {"age": 3}}, True),
    ({"author": {"id": "u", "typeId": "user"}, "creator": {"age": 30}}, False),
    ({"author": {"id": "u", "typeId": "user"}}, False),
    ({"creator": {"maker": "x", "typeId": "bot"}}, False),
    ({"creator": {"age": "3"}}, True),
    ({"thread": {"topic": "sale"}}, True),
    ({"room": {"id": "r", "typeId": "room", "topic": "cats"}, "at": "2026-03-01T09:30:00Z"}, False),
]


@pytest.mark.parametrize(("data", "matches"), EXAMPLES)
def test_an_example_says_what_is_known_of_its_author(
    data: dict[str, object], *, matches: bool
) -> None:
    rule = Rule(
        "r",
        1,
        "new people",
        "creator.age < 7 OR thread.topic = 'sale'",
        item_type_ids=("post",),
        examples=(Example({"text": "hi", **data}, matches),),
    )
    [result] = run_examples(check_rule(rule, TOWN), TOWN, NOW)
    assert result.problem == ""
    assert result.passed


def test_an_example_with_an_author_that_cannot_be_is_refused() -> None:
    example = Example({"text": "hi", "creator": {"age": "not a number"}}, matches=True)
    rule = Rule("r", 1, "new", "creator.age < 7", item_type_ids=("post",), examples=(example,))
    [result] = run_examples(check_rule(rule, TOWN), TOWN, NOW)
    assert result.problem.startswith("/creator/data/age")
