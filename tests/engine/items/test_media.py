"""Every medium of an item is found, whatever field it is in and however deep."""

from __future__ import annotations

from typing import Any

import pytest

from engine.items import Field, Item, ItemType, Kind, RawItem, Scalar, coerce_item
from engine.items.item_type import Container
from engine.items.media import MediaReference, has_media, media_references

A, B = "https://a.example/a.jpg", "https://b.example/b.mp4"


def item_type(*fields: Field) -> ItemType:
    return ItemType("t", 1, "T", Kind.CONTENT, fields)


def array(name: str, scalar: Scalar, **more: Any) -> Field:
    return Field(name, scalar, container=Container("ARRAY", None, scalar), **more)


def mapping(name: str, scalar: Scalar) -> Field:
    return Field(name, scalar, container=Container("MAP", Scalar.STRING, scalar))


def found(kept: ItemType, data: dict[str, object]) -> list[MediaReference]:
    item = coerce_item(RawItem("i", "t", None, "original", data), kept, ())
    assert isinstance(item, Item)
    return media_references(kept, item.data)


CASES: list[tuple[Field, object, list[tuple[str, str, str]]]] = [
    (Field("x", Scalar.IMAGE), A, [("/x", "IMAGE", A)]),
    (Field("x", Scalar.VIDEO), B, [("/x", "VIDEO", B)]),
    (Field("x", Scalar.AUDIO), A, [("/x", "AUDIO", A)]),
    (Field("x", Scalar.MEDIA), B, [("/x", "VIDEO", B)]),
    (Field("x", Scalar.MEDIA), "https://a.example/a", [("/x", "MEDIA", "https://a.example/a")]),
    (Field("x", Scalar.IMAGE), None, []),
    (array("x", Scalar.IMAGE), [A, B], [("/x/0", "IMAGE", A), ("/x/1", "IMAGE", B)]),
    (mapping("x", Scalar.MEDIA), {"a/b": A}, [("/x/a~1b", "IMAGE", A)]),
    (
        Field("x", Scalar.OBJECT, fields=(array("y", Scalar.IMAGE), Field("z", Scalar.STRING))),
        {"y": [A], "z": B},
        [("/x/y/0", "IMAGE", A)],
    ),
    (
        array("x", Scalar.OBJECT, fields=(Field("y", Scalar.MEDIA),)),
        [{"y": A}, {}, {"y": B}],
        [("/x/0/y", "IMAGE", A), ("/x/2/y", "VIDEO", B)],
    ),
    (Field("x", Scalar.URL), A, []),
    (Field("x", Scalar.STRING), A, []),
]


@pytest.mark.parametrize(("field", "value", "expected"), CASES, ids=range(len(CASES)))
def test_media_are_found_in_any_field(
    field: Field, value: object, expected: list[tuple[str, str, str]]
) -> None:
    assert [(m.path, m.kind, m.url) for m in found(item_type(field), {"x": value})] == expected


def test_a_type_without_media_costs_nothing() -> None:
    nested = Field("x", Scalar.OBJECT, fields=(Field("y", Scalar.STRING),))
    assert not has_media(item_type(Field("a", Scalar.URL), nested))
    assert has_media(item_type(Field("a", Scalar.URL), Field("b", Scalar.IMAGE)))


def test_media_under_names_nobody_declared_are_not_looked_for() -> None:
    data: dict[str, object] = {"x": A, "images": [{"url": B}]}
    assert [m.url for m in found(item_type(Field("x", Scalar.IMAGE)), data)] == [A]
