"""Coop's aggregations: what they become, what they answer, and which cannot be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest

from engine.configuration.banks import TextBank
from engine.coop_import import convert, import_rules
from engine.coop_import.inputs import Scope
from engine.items import (
    Container,
    Field,
    ItemType,
    Kind,
    RawItem,
    Role,
    Scalar,
    coerce_item,
    row_values,
)
from engine.items.columns import arrow_schema
from engine.language import Environment, check, compile_ruleset, schema_of_item_type, to_duckdb
from engine.language.udf import register
from engine.packs import parse_pack, render_pack, try_packs
from engine.text import Mode, Term
from tests.engine.language.world import Placed, naive_answers
from tests.engine.packs.test_pack_files import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

USER = ItemType(
    "t9",
    1,
    "Member",
    Kind.USER,
    (
        Field("karma", Scalar.NUMBER),
        Field("badges", Scalar.STRING, container=Container("ARRAY", None, Scalar.STRING)),
    ),
)
POST = ItemType(
    "t1",
    1,
    "Post",
    Kind.CONTENT,
    (
        Field("title", Scalar.STRING),
        Field("body", Scalar.STRING),
        Field("tags", Scalar.STRING, container=Container("ARRAY", None, Scalar.STRING)),
        Field("link", Scalar.URL),
        Field("photo", Scalar.IMAGE),
        Field("author", Scalar.RELATED_ITEM),
    ),
    {Role.CREATOR_ID: "author"},
)
KNOWN = {"t1": POST, "t9": USER}
NO_BANKS = Environment({})


def field(name: str, of: str = "t1") -> dict[str, Any]:
    return {"type": "CONTENT_FIELD", "name": name, "contentTypeId": of}


def holds(text: str, where: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {
        "input": where or field("body"),
        "signal": {"type": "TEXT_MATCHING_CONTAINS_TEXT"},
        "matchingValues": {"strings": [text]},
    }


def every(*conditions: object) -> dict[str, Any]:
    return {"conjunction": "AND", "conditions": list(conditions)}


AUTHOR = {"type": "USER_ID"}


def counted(*by: object, seconds: float = 10, **more: object) -> dict[str, Any]:
    clause = {
        "id": "x",
        "aggregation": {"type": "COUNT"},
        "groupBy": list(by or (AUTHOR,)),
        "window": {"sizeMs": seconds * 1000, "hopMs": 2000},
    }
    return {
        "input": {"type": "FULL_ITEM"},
        "signal": {
            "type": "AGGREGATION",
            "args": {"AGGREGATION": {"aggregationClause": {**clause, **more}}},
        },
    }


def above(threshold: float, condition: Mapping[str, Any]) -> dict[str, Any]:
    return {**condition, "comparator": "GREATER_THAN", "threshold": threshold}


def written(condition: object, *others: ItemType) -> str:
    scope = Scope(POST, (POST.name,), {each.type_id: each for each in others})
    converted = convert(condition, POST, {}, asked=scope)
    assert converted.problems == ()
    checked = check(converted.where, schema_of_item_type(POST, [POST, *others]), NO_BANKS)
    assert checked.predicate is not None, checked.diagnostics
    return checked.predicate.text


WRITTEN = [
    (above(5, counted()), "count_recent(creator, '10 seconds') > 5"),
    (above(5, counted(field("title"), AUTHOR)), "count_recent(title, creator, '10 seconds') > 5"),
    (above(5, counted(seconds=3600)), "count_recent(creator, '1 hour') > 5"),
    (above(5, counted(seconds=0.5)), "count_recent(creator, '500 milliseconds') > 5"),
    (above(5, counted(conditionSet=None)), "count_recent(creator, '10 seconds') > 5"),
    (above(5, counted(conditionSet=every())), "count_recent(creator, '10 seconds') > 5"),
    (above(5, counted(field("link"))), "NULL"),
    (above(5, counted(field("author"))), "NULL"),
    (above(5, counted(field("gone"))), "NULL"),
    (above(5, {**counted(), "input": field("gone")}), "FALSE"),
    ({**counted(), "comparator": "IS_NOT_PROVIDED"}, "FALSE"),
    ({**counted(field("gone")), "comparator": "IS_UNAVAILABLE"}, "TRUE"),
]


@pytest.mark.parametrize(("condition", "where"), WRITTEN)
def test_an_aggregation_is_written_as_a_counter(condition: object, where: str) -> None:
    if where in {"NULL", "TRUE", "FALSE"}:
        assert convert(condition, POST, {}).where == where
    else:
        assert written(condition) == where


def test_the_clause_may_stand_without_the_signals_name() -> None:
    wrapped = above(5, counted())
    args = wrapped["signal"]["args"]["AGGREGATION"]
    plain = {**wrapped, "signal": {"id": '{"type":"AGGREGATION"}', "args": args}}
    assert written(plain) == written(wrapped)


def answers(where: str, items: Sequence[tuple[float, Mapping[str, object]]]) -> list[bool | None]:
    """What the row engine says of items at those seconds, which DuckDB says too."""
    predicate = check(where, schema_of_item_type(POST), NO_BANKS).predicate
    assert predicate is not None
    to_row = row_values(POST)
    placed = []
    for seconds, data in items:
        item = coerce_item(RawItem("i", "t1", None, "partial", data), POST, KNOWN)
        assert not isinstance(item, tuple), item
        placed.append(Placed(to_row(item.data), NOW + timedelta(seconds=seconds)))
    counts = [naive_answers(counter, placed) for counter in predicate.counters]
    ruleset = compile_ruleset({"r": predicate}, NO_BANKS)
    live = [
        ruleset.evaluate(each.row, [count[n] for count in counts], each.arrived_at)[0]
        for n, each in enumerate(placed)
    ]
    assert history(where, placed) == live
    return live


def history(where: str, items: Sequence[Placed]) -> list[bool | None]:
    predicate = check(where, schema_of_item_type(POST), NO_BANKS).predicate
    assert predicate is not None
    table = pa.Table.from_pylist([dict(each.row) for each in items], schema=arrow_schema(POST))
    places = {
        "_arrived_at": pa.array([each.arrived_at for each in items], pa.timestamp("us", "UTC")),
        "_seq": pa.array(range(len(items)), pa.int64()),
        "_item_id": pa.array([str(n) for n in range(len(items))]),
    }
    for name, column in places.items():
        table = table.append_column(name, column)
    plan = to_duckdb([predicate], NO_BANKS, "posts")
    with duckdb.connect() as connection:
        connection.register("posts", table)
        register(connection, plan.functions)
        sql = f"SELECT {plan.expressions[0]} FROM {plan.source} ORDER BY _seq"
        return [answer for (answer,) in connection.execute(sql).fetchall()]


def by(author: str, body: str = "a bad word") -> dict[str, object]:
    return {"author": {"id": author, "typeId": "t9"}, "body": body}


BAD = counted(conditionSet=every(holds("BAD")))
FINE = {"input": field("body"), "comparator": "EQUALS", "threshold": "fine"}
WRITER = {"type": "CONTENT_COOP_INPUT", "name": "Content author (user)"}
VARIANT = {**holds("x"), "signal": {"type": "TEXT_MATCHING_CONTAINS_VARIANT"}}
Stream = tuple[dict[str, Any], list[tuple[float, dict[str, object]]], list[bool | None]]
STREAMS: list[Stream] = [
    # The third of one author within the window; others count for themselves.
    (
        above(2, BAD),
        [(0, by("a")), (1, by("a")), (2, by("b")), (3, by("a", "fine")), (4, by("a"))],
        [False, False, False, False, True],
    ),
    # What is counted need not be what asks; a count of nothing is an error.
    (above(0, BAD), [(0, by("a", "fine")), (1, by("a")), (2, by("a", "fine"))], [None, True, True]),
    (
        {**BAD, "comparator": "IS_UNAVAILABLE"},
        [(0, by("a", "fine")), (1, by("a"))],
        [True, False],
    ),
    # Without an author there is no key: an error.
    (above(0, counted()), [(0, {"body": "a"}), (0.5, by("a"))], [None, True]),
    # The window ends where it began.
    (above(1, counted()), [(0, by("a")), (9.9, by("a")), (19.9, by("a"))], [False, True, False]),
    # A comparator without a threshold asks whether anything was counted.
    (counted(), [(0, by("a"))], [True]),
    (
        {**counted(), "comparator": "LESS_THAN", "threshold": "2"},
        [(0, by("a")), (1, by("a"))],
        [True, False],
    ),
    # A key of several parts needs all of them.
    (
        above(1, counted(WRITER, field("title"))),
        [(0, {**by("a"), "title": "x"}), (1, by("a")), (2, {**by("a"), "title": "x"})],
        [False, None, True],
    ),
    # Lists inside the counter's condition.
    (
        above(1, counted(conditionSet=every(holds("Spam", field("tags"))))),
        [(0, {**by("a"), "tags": ["x", "SPAMMY"]}), (1, {**by("a"), "tags": ["spam"]})],
        [False, True],
    ),
    # An unknown count leaves a set unknown where Coop does.
    (
        {"conjunction": "XOR", "conditions": [above(0, BAD), FINE]},
        [(0, by("a", "fine")), (1, by("a"))],
        [None, True],
    ),
]


@pytest.mark.parametrize(("condition", "items", "expected"), STREAMS)
def test_a_counter_answers_as_the_aggregation_does(
    condition: object,
    items: Sequence[tuple[float, Mapping[str, object]]],
    expected: list[bool | None],
) -> None:
    assert answers(written(condition), items) == expected


REFUSED = [
    (counted({"type": "FULL_ITEM"}), "/groupBy", "all items together"),
    (counted(field("tags")), "/groupBy/0", "the list"),
    (counted(AUTHOR, field("karma", "t9")), "", "by authors, STRINGs and IDs"),
    (counted(field("badges", "t9")), "/groupBy/0", "not the item's own"),
    (counted({"type": "CONTENT_DERIVED_FIELD"}), "/groupBy/0", "not known"),
    (counted(groupBy="x"), "/groupBy", "a list"),
    (counted(window={"sizeMs": 0, "hopMs": 1}), "/window", "above 0"),
    (counted(window={"sizeMs": 1e300, "hopMs": 1}), "/window", "above 0"),
    (counted(window=None), "/window", "sizeMs"),
    (counted(aggregation={"type": "SUM"}), "/aggregation", "COUNT"),
    (counted(conditionSet=every(counted())), "/conditionSet/conditions/0/signal", "inside"),
    (
        counted(conditionSet=every(VARIANT)),
        "/conditionSet/conditions/0/signal",
        "variants",
    ),
    (
        counted(conditionSet=every({"input": AUTHOR, "signal": {"type": "USER_STRIKE_VALUE"}})),
        "/conditionSet/conditions/0/signal",
        "inside a counter",
    ),
    (
        counted(conditionSet=every({**holds("x"), "matchingValues": {"textBankIds": ["big"]}})),
        "/conditionSet/conditions/0/matchingValues",
        "too many",
    ),
]


@pytest.mark.parametrize(("condition", "pointer", "words"), REFUSED)
def test_what_no_counter_can_count_is_refused_with_its_place(
    condition: Mapping[str, Any], pointer: str, words: str
) -> None:
    banks = {"big": TextBank("", 0, "big", terms=tuple(Term(f"w{n}") for n in range(101)))}
    scope = Scope(POST, ("Post",), {"t9": USER})
    converted = convert(above(1, condition), POST, banks, asked=scope)
    if not pointer:
        assert words in converted.warnings[-1].message
        return
    found = converted.problems[0]
    at = "/signal/args/AGGREGATION/aggregationClause"
    assert (found.pointer, words in found.message) == (at + pointer, True), found


def test_an_aggregation_asks_a_whole_item() -> None:
    [found] = convert(above(1, {**counted(), "input": field("body")}), POST, {}).problems
    assert (found.pointer, found.message) == ("/input", "an aggregation is asked of a whole item")
    [found] = convert({**counted(), "signal": {"type": "AGGREGATION"}}, POST, {}).problems
    assert found.pointer == "/signal/args"


def test_a_bank_is_written_out_in_a_counter() -> None:
    bank = TextBank("", 0, "scams", terms=(Term("a.c", Mode.REGEX), Term("B", Mode.REGEX)))
    asked = {**holds("x"), "signal": {"type": "TEXT_MATCHING_CONTAINS_REGEX"}}
    asked["matchingValues"] = {"textBankIds": ["b"]}
    converted = convert(above(1, counted(conditionSet=every(asked))), POST, {"b": bank})
    assert "regexp_matches(\"body\", '(?i)a.c')" in converted.where
    assert "regexp_matches(\"body\", '(?i)B')" in converted.where
    assert converted.banks == ()


# -- the author's and the thread's fields --------------------------------------------------------


def test_fields_of_authors_and_threads_are_read_through_them() -> None:
    room = ItemType("t8", 1, "Room", Kind.THREAD, (Field("topic", Scalar.STRING),))
    roles = {Role.CREATOR_ID: "author", Role.THREAD_ID: "author"}
    post = replace(POST, roles=roles)
    scope = Scope(post, ("Post",), {"t9": USER, "t8": room})
    low = {"input": field("karma", "t9"), "comparator": "LESS_THAN", "threshold": 5}
    found = convert(every(low, holds("x", field("topic", "t8"))), post, {}, asked=scope)
    assert 'creator."karma" < 5' in found.where
    assert "matches(thread.\"topic\", 'coop/1', 'substring')" in found.where
    assert [note.pointer for note in found.warnings] == ["/conditions/0", "/conditions/1"]


def test_without_such_a_role_the_field_is_never_there() -> None:
    scope = Scope(replace(POST, roles={}), ("Post",), {"t9": USER})
    low = {"input": field("karma", "t9"), "comparator": "LESS_THAN", "threshold": 5}
    assert convert(low, scope.item_type, {}, asked=scope).where == "FALSE"
    assert convert(low, POST, {}).where == "FALSE"


def test_strikes_of_a_user_are_those_of_the_item() -> None:
    asked = {**AUTHOR_STRIKES, "comparator": "GREATER_THAN_OR_EQUALS", "threshold": 3}
    assert convert(asked, USER, {}).where == "strikes(item) >= 3"


AUTHOR_STRIKES = {"input": AUTHOR, "signal": {"type": "USER_STRIKE_VALUE"}}


def rule(name: str, condition: object, *types: str) -> dict[str, object]:
    return {"name": name, "itemTypes": list(types or ("t1",)), "conditionSet": every(condition)}


FILE: dict[str, Any] = {
    "itemTypes": [
        {
            "id": "t1",
            "name": "Post",
            "fields": [
                {"name": "body", "type": "STRING"},
                {"name": "author", "type": "RELATED_ITEM"},
            ],
            "schemaFieldRoles": {"creatorId": "author", "threadId": None, "__typename": "Roles"},
        },
        {"id": "t2", "name": "Note", "fields": [{"name": "body", "type": "STRING"}]},
        {
            "id": "t9",
            "name": "Member",
            "kind": "USER",
            "fields": [
                {"name": "karma", "type": "NUMBER", "required": True},
                {"name": "mail", "type": "EMAIL_ADDRESS"},
            ],
            "roles": {"email": "mail"},
        },
    ],
    "rules": [
        rule("Fast", above(5, counted())),
        rule("New", {"input": field("karma", "t9"), "comparator": "LESS_THAN", "threshold": 5}),
        rule("Struck", {**AUTHOR_STRIKES, "comparator": "GREATER_THAN", "threshold": 1}, "t9"),
    ],
}


def test_a_file_of_them_becomes_packs_that_stand_by_themselves() -> None:
    imported = import_rules(FILE)
    assert imported.refused == ()
    post, member = imported.packs
    assert [each.name for each in post.rules] == ["Fast", "New"]
    assert post.item_type.roles == {Role.CREATOR_ID: "author"}
    [creator] = post.profiles
    assert (creator.type_id, [each.name for each in creator.fields]) == ("creator", ["karma"])
    packs = [parse_pack(render_pack(each), f"{each.name}.yaml") for each in (post, member)]
    problems = [each.problems for trial in try_packs(packs, NOW) for each in trial.rules]
    assert problems == [(), (), ()]


def test_counting_several_item_types_together_is_refused() -> None:
    both = rule("Fast", above(5, counted()), "t1", "t2")
    imported = import_rules({**FILE, "rules": [both]})
    first, second = imported.refused
    assert first.pointer.startswith("/rules/0/conditionSet/conditions/0/signal/args")
    assert "Post and Note" in first.message
    assert second.message == first.message


def test_all_text_is_one_key_and_none_where_there_is_no_text() -> None:
    two = replace(POST, fields=(*POST.fields[:2], POST.fields[-1]))
    text = {"type": "CONTENT_COOP_INPUT", "name": "All text"}
    where = convert(above(1, counted(text)), two, {}).where
    spoken = [{"title": "a", "body": "b"}, {"body": "a b"}, {}, {"body": "a"}]
    assert answers(where, list(enumerate(spoken))) == [False, True, None, False]
