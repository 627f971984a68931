from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidConfiguration
from engine.items import (
    Container,
    Field,
    ItemType,
    Kind,
    Role,
    Scalar,
    item_type_document,
    parse_item_type,
)

names = st.text(min_size=1, max_size=8)
scalars = st.sampled_from(Scalar)
containers = st.one_of(
    st.none(),
    st.builds(lambda value: Container("ARRAY", None, value), scalars),
    st.builds(lambda key, value: Container("MAP", key, value), scalars, scalars),
)


def field(
    name: str, scalar: Scalar, container: Container | None, inner: list[Field], text: str
) -> Field:
    return Field(
        name,
        container.value if container else scalar,
        bool(len(name) % 2),
        container,
        (text,) if text else (),
        tuple(inner),
        text,
    )


fields = st.recursive(
    st.builds(field, names, scalars, containers, st.just([]), st.text(max_size=4)),
    lambda inner: st.builds(
        field, names, scalars, containers, st.lists(inner, max_size=2), st.just("")
    ),
    max_leaves=5,
)
item_types = st.builds(
    ItemType,
    st.just("t"),
    st.just(4),
    st.text(),
    st.sampled_from(Kind),
    st.lists(fields, max_size=4).map(tuple),
    st.dictionaries(st.sampled_from(Role), names),
    st.text(),
    st.frozensets(names, max_size=2),
)


@given(item_types)
def test_what_is_written_reads_back_the_same(item_type: ItemType) -> None:
    document = json.loads(json.dumps(item_type_document(item_type)))
    assert parse_item_type("t", 4, document) == item_type


def test_the_document_is_spelled_as_platforms_know_it() -> None:
    item_type = ItemType(
        "t",
        1,
        "Post",
        Kind.CONTENT,
        (
            Field("text", Scalar.STRING, required=True),
            Field("tags", Scalar.ID, container=Container("ARRAY", None, Scalar.ID)),
        ),
        {Role.DISPLAY_NAME: "text"},
    )
    assert item_type_document(item_type) == {
        "schema": 1,
        "name": "Post",
        "kind": "CONTENT",
        "description": "",
        "fields": [
            {"name": "text", "type": "STRING", "required": True, "container": None},
            {
                "name": "tags",
                "type": "ARRAY",
                "required": False,
                "container": {
                    "containerType": "ARRAY",
                    "keyScalarType": None,
                    "valueScalarType": "ID",
                },
            },
        ],
        "roles": {"displayName": "text"},
        "hiddenFields": [],
    }


def test_little_has_to_be_said() -> None:
    document = {"name": "P", "fields": [{"name": "text", "type": "STRING"}], "roles": None}
    assert parse_item_type("t", 1, document) == ItemType(
        "t", 1, "P", Kind.CONTENT, (Field("text", Scalar.STRING),)
    )


WRONG = [
    ([], ["", "/name"]),
    ({"schema": 2, "name": "x"}, ["/schema"]),
    ({"name": 5}, ["/name"]),
    ({"name": "x", "kind": "POST"}, ["/kind"]),
    ({"name": "x", "field": []}, ["/field"]),
    ({"name": "x", "fields": {}}, ["/fields"]),
    ({"name": "x", "fields": [5]}, ["/fields/0", "/fields/0/name", "/fields/0/type"]),
    ({"name": "x", "fields": [{"name": "a", "type": "TEXT"}]}, ["/fields/0/type"]),
    (
        {"name": "x", "fields": [{"name": "a", "type": "ARRAY"}]},
        ["/fields/0/container", "/fields/0/container/valueScalarType"],
    ),
    (
        {"name": "x", "fields": [{"name": "a", "type": "STRING", "required": "yes"}]},
        ["/fields/0/required"],
    ),
    (
        {"name": "x", "fields": [{"name": "a", "type": "ENUM", "options": ["a", 1]}]},
        ["/fields/0/options/1"],
    ),
    (
        {
            "name": "x",
            "fields": [{"name": "a", "type": "ID", "container": {"containerType": "SET"}}],
        },
        ["/fields/0/container/containerType"],
    ),
    ({"name": "x", "roles": {"creator": "a"}}, ["/roles/creator"]),
    ({"name": "x", "roles": {"creatorId": 5}}, ["/roles/creatorId"]),
]


@pytest.mark.parametrize(("document", "pointers"), WRONG)
def test_a_document_that_cannot_be_read_is_pointed_into(
    document: object, pointers: list[str]
) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        parse_item_type("t", 1, document)
    assert [problem.pointer for problem in refused.value.problems] == pointers


def test_a_near_miss_is_met_with_a_suggestion() -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        parse_item_type("t", 1, {"name": "x", "fields": [{"name": "a", "type": "STRNG"}]})
    assert refused.value.hint == "Did you mean 'STRING'?"
