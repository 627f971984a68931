from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.items import (
    Container,
    Field,
    Item,
    Kind,
    RawItem,
    Role,
    Scalar,
    coerce_item,
    infer_item_type,
    validate_item_type,
)
from engine.items.inference import left_out
from engine.items.refusal import Refused, check_storable

if TYPE_CHECKING:
    from collections.abc import Sequence


def proposed(values: Sequence[object], name: str = "f", *, flat: bool = False) -> Field | None:
    return infer_item_type([{name: value} for value in values], "T", flat=flat).field(name)


COLUMNS = [
    ([True, None, False], Scalar.BOOLEAN),
    (["true", "FALSE"], Scalar.BOOLEAN),
    ([0, 1, 1], Scalar.NUMBER),
    ([1, 2.5, float("nan")], Scalar.NUMBER),
    (["1", "-2.50"], Scalar.NUMBER),
    (["007", "12"], Scalar.STRING),
    (["+49 30 1", "1"], Scalar.STRING),
    (["1", ""], Scalar.STRING),
    (["1", 2], Scalar.ID),
    (["2026-01-01T00:00:00Z", "2026-01-01 10:00:00+02"], Scalar.DATETIME),
    (["2026-01-01"], Scalar.STRING),
    (["1.2.3.4", "::1"], Scalar.IP_ADDRESS),
    (["a@b.example"], Scalar.EMAIL_ADDRESS),
    (["https://a.example/x", "https://a.example/y.png"], Scalar.URL),
    (["https://a.example/x.jpg", "https://a.example/y.png"], Scalar.IMAGE),
    (["https://a.example/x.jpg", "https://a.example/y.mp4"], Scalar.MEDIA),
    (["low", "high"] * 5, Scalar.ENUM),
    (["low", "high"] * 4, Scalar.STRING),
    (["same"] * 50, Scalar.STRING),
    (["a text", "another"], Scalar.STRING),
    ([{"id": "u", "typeId": "user"}], Scalar.RELATED_ITEM),
]


@pytest.mark.parametrize(("values", "scalar"), COLUMNS)
def test_a_scalar_is_told_by_its_values(values: list[object], scalar: Scalar) -> None:
    field = proposed(values)
    assert field is not None
    assert (field.type, field.container) == (scalar, None)


@pytest.mark.parametrize(
    ("name", "values", "scalar"),
    [
        ("id", [1, 2], Scalar.ID),
        ("postId", [1, 2], Scalar.ID),
        ("zip", ["10115"], Scalar.ID),
        ("paid", ["1"], Scalar.NUMBER),
        ("geohash", ["ezs42"], Scalar.GEOHASH),
        ("place", ["ezs42"], Scalar.STRING),
    ],
)
def test_a_name_settles_what_values_leave_open(
    name: str, values: list[object], scalar: Scalar
) -> None:
    field = proposed(values, name)
    assert field is not None
    assert field.type is scalar


def test_lists_objects_and_maps_are_told_apart() -> None:
    assert proposed([["a"], []]) == Field(
        "f", Scalar.STRING, container=Container("ARRAY", None, Scalar.STRING)
    )
    assert proposed([{"a": 1}, {"a": 2, "b": ["x"]}]) == Field(
        "f",
        Scalar.OBJECT,
        fields=(
            Field("a", Scalar.NUMBER),
            Field("b", Scalar.STRING, container=Container("ARRAY", None, Scalar.STRING)),
        ),
    )
    assert proposed([{f"word{n}": n} for n in range(60)]) == Field(
        "f", Scalar.NUMBER, container=Container("MAP", Scalar.STRING, Scalar.NUMBER)
    )
    enum = proposed([["low", "high"]] * 5)
    assert enum is not None
    assert enum.options == ("high", "low")


@pytest.mark.parametrize(
    "values", [[], [None], [[1, "a", True]], [1, [1]], [[[1]]], [[None]], [True, 1]]
)
def test_what_no_type_takes_is_left_out(values: list[object]) -> None:
    records = [{"f": value, "text": "x"} for value in values]
    item_type = infer_item_type(records, "T")
    assert item_type.field("f") is None
    assert left_out(item_type, records) == (("f",) if values else ())


def test_names_that_cannot_be_fields_are_left_out() -> None:
    record = {"_seq": 1, "": 1, "A": 1, "a": 1, " b": 1, "c\0": 1, "d": {"_x": 1}}
    item_type = infer_item_type([record], "T")
    assert [field.name for field in item_type.fields] == ["A"]
    assert validate_item_type(item_type) == ()


POST = {
    "id": "p1",
    "text": "hello",
    "user_id": "u1",
    "thread_id": "t1",
    "parent_id": "p0",
    "created_at": "2026-01-01T00:00:00Z",
}


def test_a_row_of_a_file_tells_who_when_and_where() -> None:
    item_type = infer_item_type([POST], "Comment", flat=True)
    assert item_type.roles == {
        Role.CREATOR_ID: "user_id",
        Role.THREAD_ID: "thread_id",
        Role.PARENT_ID: "parent_id",
        Role.CREATED_AT: "created_at",
    }
    assert validate_item_type(item_type) == ()


def test_a_bare_id_is_no_creator_where_nothing_completes_it() -> None:
    item_type = infer_item_type([POST], "Comment")
    assert item_type.roles == {Role.CREATED_AT: "created_at"}
    user = item_type.field("user_id")
    assert user is not None
    assert user.type is Scalar.ID


def test_a_role_that_some_rows_would_break_is_not_proposed() -> None:
    timeless = POST | {"created_at": None}
    item_type = infer_item_type([POST, timeless], "Comment", flat=True)
    assert item_type.roles == {Role.CREATOR_ID: "user_id", Role.CREATED_AT: "created_at"}
    thread = item_type.field("thread_id")
    assert thread is not None
    assert thread.type is Scalar.ID


def test_bare_dates_are_times_in_a_file() -> None:
    field = proposed(["2026-01-01", "2026-02-28T10:00:00Z"], flat=True)
    assert field is not None
    assert field.type is Scalar.DATETIME


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Users", Kind.USER), ("account", Kind.USER), ("Thread", Kind.THREAD), ("Post", Kind.CONTENT)],
)
def test_the_kind_is_told_by_the_name(name: str, kind: Kind) -> None:
    assert infer_item_type([], name).kind is kind


def test_people_have_faces_and_addresses() -> None:
    person = {
        "display_name": "Ada",
        "avatar": "https://a.example/a.png",
        "email": "a@b.example",
        "ip": "1.2.3.4",
        "deleted": False,
    }
    assert infer_item_type([person], "User").roles == {
        Role.DISPLAY_NAME: "display_name",
        Role.PROFILE_ICON: "avatar",
        Role.EMAIL: "email",
        Role.IP_ADDRESS: "ip",
        Role.IS_DELETED: "deleted",
    }


class Everything:
    def __contains__(self, _: object) -> bool:
        return True


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=6),
    st.sampled_from(["a", "true", "12", "2026-01-01T00:00:00Z", "https://a.example", "1.2.3.4"]),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "id", "typeId"]), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from(["text", "user_id", "thread", "created_at", "tags", "IP", "id"]) | st.text(
    max_size=3
)
many_records = st.lists(st.dictionaries(names, values, max_size=4), max_size=6)


def is_storable(record: object) -> bool:
    try:
        check_storable(record)
    except Refused:
        return False
    return True


@given(many_records.filter(is_storable))
def test_a_proposal_is_sound_and_takes_its_own_records(records: list[dict[str, object]]) -> None:
    item_type = infer_item_type(records, "Post")
    assert validate_item_type(item_type) == ()
    for record in records:
        raw = RawItem("i", "", None, "original", record)
        assert isinstance(coerce_item(raw, item_type, Everything()), Item)
