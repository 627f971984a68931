from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.items import (
    Container,
    Field,
    Item,
    ItemRef,
    ItemType,
    Kind,
    RawItem,
    Role,
    Scalar,
    Variant,
    coerce_item,
    compiled,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.errors import Problem

KNOWN = frozenset({"post", "user"})
AUTHOR = {"id": "u1", "typeId": "user"}
MISSING = "MISSING"


def item_type(*fields: Field, roles: Mapping[Role, str] | None = None) -> ItemType:
    return ItemType("post", 3, "Post", Kind.CONTENT, fields, roles or {})


def submit(
    data: dict[str, object],
    *fields: Field,
    roles: Mapping[Role, str] | None = None,
    variant: Variant = "original",
) -> Item | tuple[Problem, ...]:
    raw = RawItem("i1", "post", None, variant, data)
    return coerce_item(raw, item_type(*fields, roles=roles), KNOWN)


def stored(value: object, field: Field) -> object:
    answer = submit({field.name: value}, field)
    assert isinstance(answer, Item), answer
    return answer.data.get(field.name, MISSING)


def refusal(value: object, field: Field) -> Problem:
    answer = submit({field.name: value}, field)
    assert isinstance(answer, tuple), answer
    return answer[0]


STORED = [
    (Scalar.STRING, "", ""),
    (Scalar.STRING, "  as sent ", "  as sent "),
    (Scalar.ID, 12345678901234567890, "12345678901234567890"),
    (Scalar.ID, 1.5, "1.5"),
    (Scalar.ID, 5.0, "5"),
    (Scalar.ID, -0.0, "0"),
    (Scalar.ID, 1e21, "1e+21"),
    (Scalar.ID, 123456789012345680000.0, "123456789012345680000"),
    (Scalar.ID, 1.25e-7, "1.25e-7"),
    (Scalar.ID, 0.000001, "0.000001"),
    (Scalar.NUMBER, " 12.50 ", 12.5),
    (Scalar.NUMBER, ".5e1", 5),
    (Scalar.NUMBER, "0x1F", 31),
    (Scalar.NUMBER, "0o17", 15),
    (Scalar.NUMBER, "  ", 0),
    (Scalar.NUMBER, 2**53 + 1, 2.0**53),
    (Scalar.NUMBER, 1e308, 1e308),
    (Scalar.BOOLEAN, "tRuE", True),
    (Scalar.BOOLEAN, 0.0, False),
    (Scalar.DATETIME, "2026-02-28T23:59:59Z", "2026-02-28T23:59:59.000Z"),
    (Scalar.DATETIME, "2026-03-01 00:30:00+01", "2026-02-28T23:30:00.000Z"),
    (Scalar.DATETIME, " 2026-03-01T00:00:00.123456789-05:30 ", "2026-03-01T05:30:00.123Z"),
    (Scalar.DATETIME, "2026-12-31T24:00:00Z", "2027-01-01T00:00:00.000Z"),
    (Scalar.DATETIME, "2026-06-30T23:59:60Z", "2026-07-01T00:00:00.000Z"),
    (Scalar.DATETIME, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    (Scalar.DATETIME, "", MISSING),
    (Scalar.URL, "HTTP://user@Example.COM:8080/p?q#f", "HTTP://user@Example.COM:8080/p?q#f"),
    (Scalar.URL, "http://10.0.0.1/internal", "http://10.0.0.1/internal"),
    (Scalar.URL, "https://[2001:db8::1]/", "https://[2001:db8::1]/"),
    (Scalar.URL, "https://localhosting.example/", "https://localhosting.example/"),
    (Scalar.URL, "", MISSING),
    (Scalar.IMAGE, "https://e.example/a", {"url": "https://e.example/a"}),
    (
        Scalar.MEDIA,
        "https://e.example/a.opus",
        {"url": "https://e.example/a.opus", "mediaType": "AUDIO"},
    ),
    (Scalar.MEDIA, "https://e.example/jpg", {"url": "https://e.example/jpg", "mediaType": None}),
    (Scalar.GEOHASH, "9q8yy", "9q8yy"),
    (Scalar.IP_ADDRESS, "fe80::1%eth0", "fe80::1%eth0"),
    (Scalar.IP_ADDRESS, " ::ffff:1.2.3.4\n", "::ffff:1.2.3.4"),
    (Scalar.IP_ADDRESS, "\ufeff", MISSING),
    (Scalar.EMAIL_ADDRESS, " no format check ", "no format check"),
    (Scalar.RELATED_ITEM, AUTHOR | {"name": "N", "more": [1]}, AUTHOR | {"name": "N", "more": [1]}),
    (Scalar.USER_ID, AUTHOR | {"name": 5}, AUTHOR | {"name": 5}),
]


@pytest.mark.parametrize(("scalar", "value", "expected"), STORED)
def test_a_value_is_stored_as_its_type_says(
    scalar: Scalar, value: object, expected: object
) -> None:
    assert stored(value, Field("f", scalar)) == expected


REFUSED = [
    (Scalar.STRING, 5),
    (Scalar.STRING, "a\0b"),
    (Scalar.STRING, "a\ud800b"),
    (Scalar.ID, True),
    (Scalar.ID, float("inf")),
    (Scalar.ID, "\0"),
    (Scalar.NUMBER, float("nan")),
    (Scalar.NUMBER, 10**400),
    (Scalar.NUMBER, "1e999"),
    (Scalar.NUMBER, "Infinity"),
    (Scalar.NUMBER, "-0x10"),
    (Scalar.NUMBER, "1" * 5_000),
    (Scalar.NUMBER, "٣"),
    (Scalar.NUMBER, []),
    (Scalar.BOOLEAN, [True]),
    (Scalar.BOOLEAN, "yes"),
    (Scalar.BOOLEAN, 2),
    (Scalar.DATETIME, "2026-02-30T00:00:00Z"),
    (Scalar.DATETIME, "2026-13-01T00:00:00Z"),
    (Scalar.DATETIME, "2026-01-01T24:00:01Z"),
    (Scalar.DATETIME, "2026-01-01T00:60:00Z"),
    (Scalar.DATETIME, "2026-W01-1T00:00:00.000Z"),
    (Scalar.DATETIME, "2026-01-01T00:00:00+24:00"),
    (Scalar.DATETIME, "0001-01-01T00:00:00+01:00"),
    (Scalar.DATETIME, "see 2026-01-01T00:00:00Z"),
    (Scalar.DATETIME, "2026-01-01"),
    (Scalar.DATETIME, 1767225600),
    (Scalar.URL, "http://localhost./"),
    (Scalar.URL, "http://app.localhost/"),
    (Scalar.URL, "http://LOCALHOST:80/"),
    (Scalar.URL, "http://127.1/"),
    (Scalar.URL, "http://0x7f000001/"),
    (Scalar.URL, "http://0.0.0.0/"),
    (Scalar.URL, "http://[::1]/"),
    (Scalar.URL, "http://[::ffff:127.0.0.1]/"),
    (Scalar.URL, "http://exa mple.com/"),
    (Scalar.URL, "http://example.com:99999/"),
    (Scalar.URL, "ftp://example.com/"),
    (Scalar.URL, "https://example.com/" + "x" * 32_768),
    (Scalar.URL, "data:text/plain,x"),
    (Scalar.URL, "https://example.com/\ud800"),
    (Scalar.IMAGE, {"url": "https://e.example/a"}),
    (Scalar.MEDIA, 5),
    (Scalar.GEOHASH, "ailo"),
    (Scalar.GEOHASH, "s" * 23),
    (Scalar.IP_ADDRESS, "01.2.3.4"),
    (Scalar.IP_ADDRESS, "1.2.3"),
    (Scalar.IP_ADDRESS, "1.2.3.4:80"),
    (Scalar.IP_ADDRESS, "[::1]"),
    (Scalar.IP_ADDRESS, "1::2::3"),
    (Scalar.EMAIL_ADDRESS, 5),
    (Scalar.RELATED_ITEM, "u1"),
    (Scalar.RELATED_ITEM, {"id": 5, "typeId": "user"}),
    (Scalar.RELATED_ITEM, {"id": "x" * 513, "typeId": "user"}),
    (Scalar.RELATED_ITEM, {"id": "u1", "typeId": "nobody"}),
    (Scalar.RELATED_ITEM, {"id": "u1", "typeId": ["user"]}),
    (Scalar.RELATED_ITEM, AUTHOR | {"name": None}),
    (Scalar.RELATED_ITEM, AUTHOR | {"more": "\0"}),
]


@pytest.mark.parametrize(("scalar", "value"), REFUSED)
def test_a_value_that_does_not_fit_is_refused_with_its_field(scalar: Scalar, value: object) -> None:
    problem = refusal(value, Field("f", scalar))
    assert problem.message.startswith("The field 'f' has an invalid value. The value you provided")
    assert problem.pointer.startswith("/data/f")
    assert problem.slug == "data-invalid-for-item-type"
    assert problem.message.encode()


TAGS = Field("tags", Scalar.STRING, container=Container("ARRAY", None, Scalar.STRING))
LINKS = Field("links", Scalar.URL, container=Container("ARRAY", None, Scalar.URL))
COUNTS = Field("counts", Scalar.NUMBER, container=Container("MAP", Scalar.BOOLEAN, Scalar.NUMBER))
LEVEL = Field("level", Scalar.ENUM, options=("low", "high"))
LEVELS = Field(
    "levels", Scalar.ENUM, options=("low", "high"), container=Container("ARRAY", None, Scalar.ENUM)
)
PLACE = Field(
    "place",
    Scalar.OBJECT,
    fields=(
        Field("lat", Scalar.NUMBER, required=True),
        Field("at", Scalar.OBJECT, fields=(Field("time", Scalar.DATETIME),)),
    ),
)
PLACES = Field(
    "places", Scalar.OBJECT, fields=PLACE.fields, container=Container("ARRAY", None, Scalar.OBJECT)
)

CONTAINED = [
    (TAGS, [], []),
    (LINKS, ["", "https://a.example", ""], ["https://a.example"]),
    (COUNTS, {"TRUE": "5", "0": 1}, {"true": 5, "false": 1}),
    (LEVEL, "high", "high"),
    (LEVELS, ["low", "low"], ["low", "low"]),
    (PLACE, {"lat": "1", "x": 1, "y": None}, {"lat": 1, "x": 1}),
    (
        PLACE,
        {"lat": 1, "at": {"time": "2026-01-01T00:00:00Z"}},
        {"lat": 1, "at": {"time": "2026-01-01T00:00:00.000Z"}},
    ),
    (PLACES, [{"lat": "2"}], [{"lat": 2}]),
]


@pytest.mark.parametrize(("field", "value", "expected"), CONTAINED)
def test_what_is_contained_is_coerced_too(field: Field, value: object, expected: object) -> None:
    assert stored(value, field) == expected


MISPLACED = [
    (TAGS, ["a", 5], "/data/tags/1", "At /1: It must be text."),
    (TAGS, ["a", None], "/data/tags/1", "At /1"),
    (TAGS, "a", "/data/tags", "It must be a list."),
    (COUNTS, {"true": 1, "maybe": 2}, "/data/counts/maybe", "true or false"),
    (COUNTS, [1], "/data/counts", "It must be an object."),
    (LEVEL, "medium", "/data/level", "It must be one of: low, high."),
    (LEVELS, ["low", 5], "/data/levels/1", "It must be one of"),
    (PLACE, {"lat": 1, "at": {"time": "noon"}}, "/data/place/at/time", "ISO-8601"),
    (PLACE, {"at": {}}, "/data/place/lat", "The field 'lat' is required"),
    (PLACES, [{"lat": 1}, {"lat": "x"}], "/data/places/1/lat", "At /1/lat"),
    (PLACE, {"lat": 1, "a/b": "\0"}, "/data/place/a~1b", "NUL"),
]


@pytest.mark.parametrize(("field", "value", "pointer", "words"), MISPLACED)
def test_a_refusal_points_at_the_nested_place(
    field: Field, value: object, pointer: str, words: str
) -> None:
    problem = refusal(value, field)
    assert problem.pointer == pointer
    assert words in problem.message


def test_every_problem_is_told_in_the_order_of_the_fields() -> None:
    answer = submit(
        {"n": "x", "extra": "\0"},
        Field("need", Scalar.STRING, required=True),
        Field("n", Scalar.NUMBER),
        Field("blank", Scalar.URL, required=True),
    )
    assert isinstance(answer, tuple)
    assert [problem.pointer for problem in answer] == [
        "/data/need",
        "/data/n",
        "/data/blank",
        "/data/extra",
    ]
    assert answer[0].message == "The field 'need' is required, but was not provided."
    assert answer[1].message == (
        "The field 'n' has an invalid value. The value you provided was: \"x\". "
        "It must be a finite number, or text that spells one."
    )


@pytest.mark.parametrize("scalar", [Scalar.ID, Scalar.NUMBER, Scalar.STRING, Scalar.BOOLEAN])
def test_a_number_of_thousands_of_digits_is_refused(scalar: Scalar) -> None:
    assert "too long to show" in refusal(10**5_000, Field("f", scalar)).message


def test_the_value_is_echoed_with_sorted_keys_and_cut_short() -> None:
    problem = refusal({"b": 1, "a": "é"}, Field("f", Scalar.STRING))
    assert 'was: {"a":"é","b":1}. ' in problem.message
    assert len(refusal(["x" * 5_000], Field("f", Scalar.STRING)).message) < 1_200


def test_in_a_partial_item_nothing_is_required() -> None:
    fields = (Field("need", Scalar.STRING, required=True), PLACE)
    answer = submit({"place": {}}, *fields, variant="partial")
    assert isinstance(answer, Item)
    assert answer.data == {"place": {}}
    assert isinstance(submit({"place": {}}, *fields), tuple)


@pytest.mark.parametrize("item_id", ["", "x" * 513, "a\0", "a\udc00"])
def test_an_item_needs_an_id_that_can_be_stored(item_id: str) -> None:
    answer = coerce_item(RawItem(item_id, "post", None, "original", {}), item_type(), KNOWN)
    assert isinstance(answer, tuple)
    assert [problem.pointer for problem in answer] == ["/id"]


UNKNOWN_REFUSED = [
    ({"extra": {"deep": ["\0"]}}, "/data/extra/deep/0"),
    ({"extra": float("inf")}, "/data/extra"),
    ({"extra": 10**400}, "/data/extra"),
    ({"a\0": 1}, "/data"),
]


@pytest.mark.parametrize(("data", "pointer"), UNKNOWN_REFUSED)
def test_unknown_keys_must_be_storable(data: dict[str, object], pointer: str) -> None:
    answer = submit(data)
    assert isinstance(answer, tuple)
    assert [problem.pointer for problem in answer] == [pointer]


def test_nesting_is_bounded() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    for data in ({"extra": deep}, {"f": deep}):
        answer = submit(data, Field("f", Scalar.STRING))
        assert isinstance(answer, tuple)


PEOPLE = (
    Field("by", Scalar.RELATED_ITEM),
    Field("thread", Scalar.RELATED_ITEM),
    Field("parent", Scalar.RELATED_ITEM),
    Field("at", Scalar.DATETIME),
)
ALL_ROLES = {
    Role.CREATOR_ID: "by",
    Role.THREAD_ID: "thread",
    Role.PARENT_ID: "parent",
    Role.CREATED_AT: "at",
}
THREAD = {"id": "t1", "typeId": "post"}
NOON = "2026-01-01T12:00:00Z"


def test_roles_say_who_when_and_where() -> None:
    data: dict[str, object] = {"by": AUTHOR, "thread": THREAD, "at": NOON}
    answer = submit(data, *PEOPLE, roles=ALL_ROLES)
    assert isinstance(answer, Item)
    assert answer.creator == ItemRef("user", "u1")
    assert answer.thread == ItemRef("post", "t1")
    assert answer.created_at == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert answer.type_version == 3


LACKING = [
    ({"thread": THREAD}, ["threadId", "createdAt"]),
    ({"parent": THREAD, "at": NOON}, ["parentId", "threadId"]),
    ({"parent": THREAD, "thread": THREAD}, ["parentId", "createdAt"]),
]


@pytest.mark.parametrize(("data", "mentioned"), LACKING)
def test_a_role_that_needs_others_is_refused_without_them(
    data: dict[str, object], mentioned: list[str]
) -> None:
    answer = submit(data, *PEOPLE, roles=ALL_ROLES)
    assert isinstance(answer, tuple)
    (problem,) = answer
    assert problem.slug == "field-roles-invalid-for-item-type"
    assert problem.title == "Invalid field roles for Item"
    assert all(word in problem.message for word in mentioned)


def test_a_time_may_be_spelled_freely_in_a_text_field() -> None:
    for written, read in ((NOON, datetime(2026, 1, 1, 12, tzinfo=UTC)), ("at noon", None)):
        answer = submit({"at": written}, Field("at", Scalar.STRING), roles={Role.CREATED_AT: "at"})
        assert isinstance(answer, Item)
        assert answer.created_at == read


def test_localhost_may_be_allowed() -> None:
    made = compiled(item_type(Field("f", Scalar.URL)), allow_localhost=True)
    raw = RawItem("i", "post", None, "original", {"f": "http://localhost:3000/a.png"})
    assert isinstance(made(raw, KNOWN), Item)


def test_what_was_sent_is_left_alone() -> None:
    sent: dict[str, object] = {"tags": ["", "a"], "gone": None, "place": {"lat": "1", "x": None}}
    copy = {"tags": ["", "a"], "gone": None, "place": {"lat": "1", "x": None}}
    answer = submit(sent, TAGS, PLACE)
    assert isinstance(answer, Item)
    assert sent == copy


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
EVERY_FIELD = (
    *(Field(scalar.value, scalar) for scalar in Scalar if scalar not in {"ENUM", "OBJECT"}),
    *(TAGS, LINKS, COUNTS, LEVEL, LEVELS, PLACE, PLACES),
)


@given(
    st.dictionaries(
        st.sampled_from([f.name for f in EVERY_FIELD]) | st.text(max_size=3), json_values
    )
)
def test_coercion_never_fails_and_is_stable(data: dict[str, object]) -> None:
    """Any JSON is kept or refused; what is kept is kept the same when it is sent again."""
    answer = submit(data, *EVERY_FIELD)
    if isinstance(answer, tuple):
        assert all(problem.message and problem.pointer for problem in answer)
        return
    media = {"IMAGE", "VIDEO", "AUDIO", "MEDIA"}
    again = submit({k: v for k, v in answer.data.items() if k not in media}, *EVERY_FIELD)
    assert isinstance(again, Item)
    assert again.data == {k: v for k, v in answer.data.items() if k not in media}
