from __future__ import annotations

from dataclasses import replace

import pytest

from engine.items import Container, Field, ItemType, Kind, Role, Scalar, validate_item_type
from engine.items.roles import KINDS, NEEDS, SCALARS


def named(name: str, scalar: Scalar = Scalar.STRING) -> Field:
    return Field(name, scalar)


GOOD = ItemType(
    "t",
    1,
    "Comment",
    Kind.CONTENT,
    (
        named("text"),
        named("author", Scalar.RELATED_ITEM),
        named("thread", Scalar.RELATED_ITEM),
        named("at", Scalar.DATETIME),
        Field("level", Scalar.ENUM, options=("low", "high")),
        Field("place", Scalar.OBJECT, fields=(named("lat", Scalar.NUMBER),)),
        Field("counts", Scalar.NUMBER, container=Container("MAP", Scalar.STRING, Scalar.NUMBER)),
    ),
    {Role.CREATOR_ID: "author", Role.THREAD_ID: "thread", Role.CREATED_AT: "at"},
    hidden_fields=frozenset({"at"}),
)


def pointers(item_type: ItemType) -> list[str]:
    return [problem.pointer for problem in validate_item_type(item_type)]


def test_a_sound_item_type_has_no_problems() -> None:
    assert validate_item_type(GOOD) == ()


def nested(depth: int) -> Field:
    inner = named("x") if depth == 0 else nested(depth - 1)
    return Field("x", Scalar.OBJECT, fields=(inner,))


BAD_FIELDS = [
    ((named(""),), "/fields/0/name"),
    ((named(" a"),), "/fields/0/name"),
    ((named("a\0"),), "/fields/0/name"),
    ((named("x" * 256),), "/fields/0/name"),
    ((named("_seq"),), "/fields/0/name"),
    ((named("a"), named("a")), "/fields/1/name"),
    ((named("Straße"), named("STRASSE")), "/fields/1/name"),
    ((Field("e", Scalar.ENUM),), "/fields/0/options"),
    ((Field("e", Scalar.ENUM, options=("a", "a")),), "/fields/0/options/1"),
    ((Field("e", Scalar.ENUM, options=("",)),), "/fields/0/options/0"),
    ((Field("s", Scalar.STRING, options=("a",)),), "/fields/0/options"),
    ((Field("o", Scalar.OBJECT),), "/fields/0/fields"),
    ((Field("s", Scalar.STRING, fields=(named("a"),)),), "/fields/0/fields"),
    ((Field("o", Scalar.OBJECT, fields=(named("_a"),)),), "/fields/0/fields/0/name"),
    ((nested(8),), "/fields/0" + "/fields/0" * 7 + "/fields"),
    (tuple(named(f"f{n}") for n in range(501)), "/fields"),
    (
        (Field("l", Scalar.STRING, container=Container("ARRAY", None, Scalar.NUMBER)),),
        "/fields/0/container/valueScalarType",
    ),
    (
        (Field("l", Scalar.STRING, container=Container("ARRAY", Scalar.ID, Scalar.STRING)),),
        "/fields/0/container/keyScalarType",
    ),
    (
        (Field("m", Scalar.STRING, container=Container("MAP", None, Scalar.STRING)),),
        "/fields/0/container/keyScalarType",
    ),
    (
        (Field("m", Scalar.STRING, container=Container("MAP", Scalar.IMAGE, Scalar.STRING)),),
        "/fields/0/container/keyScalarType",
    ),
]


@pytest.mark.parametrize(("fields", "pointer"), BAD_FIELDS)
def test_a_wrong_field_is_pointed_at(fields: tuple[Field, ...], pointer: str) -> None:
    assert pointers(ItemType("t", 1, "T", Kind.USER, fields)) == [pointer]


BAD_TYPES = [
    (replace(GOOD, name=" "), ["/name"]),
    (replace(GOOD, name="x" * 256), ["/name"]),
    (replace(GOOD, description="x" * 256), ["/description"]),
    (replace(GOOD, description="\0"), ["/description"]),
    (replace(GOOD, hidden_fields=frozenset({"gone"})), ["/hiddenFields"]),
    (replace(GOOD, roles={Role.CREATED_AT: "gone"}), ["/roles/createdAt"]),
    (replace(GOOD, roles={Role.CREATED_AT: "text"}), ["/roles/createdAt"]),
    (replace(GOOD, roles={Role.DISPLAY_NAME: "counts"}), ["/roles/displayName"]),
    (replace(GOOD, roles={Role.THREAD_ID: "thread"}), ["/roles/threadId"]),
    (replace(GOOD, roles={Role.PARENT_ID: "thread"}), ["/roles/parentId", "/roles/parentId"]),
    (replace(GOOD, kind=Kind.USER, roles={Role.CREATOR_ID: "author"}), ["/roles/creatorId"]),
]


@pytest.mark.parametrize(("item_type", "expected"), BAD_TYPES)
def test_a_wrong_item_type_is_pointed_at(item_type: ItemType, expected: list[str]) -> None:
    assert pointers(item_type) == expected


def test_every_role_has_its_kinds_and_its_scalar() -> None:
    assert set(KINDS) == set(SCALARS) == set(Role)
    assert set(NEEDS) <= set(Role)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", Kind)
def test_a_role_is_taken_where_its_table_says(role: Role, kind: Kind) -> None:
    roles = {each: each.value for each in (role, *NEEDS.get(role, ()))}
    fields = tuple(Field(each.value, SCALARS[each]) for each in roles)
    problems = validate_item_type(ItemType("t", 1, "T", kind, fields, roles))
    assert (not problems) == (kind in KINDS[role])
