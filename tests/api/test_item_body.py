from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.item_body import DECODER, SCHEMA_TITLE, body_faults, read_items
from engine.errors import InvalidInput
from engine.items import RawItem

FLAT = {"id": "a", "typeId": "t", "data": {"text": "x"}}
NESTED = {"id": "a", "type": {"id": "t"}, "data": {"text": "x"}}


def encode(*items: object) -> bytes:
    return json.dumps({"items": items}).encode()


@pytest.mark.parametrize(
    ("item", "read"),
    [
        (FLAT, RawItem("a", "t", None, "original", {"text": "x"})),
        (NESTED, RawItem("a", "t", None, "original", {"text": "x"})),
        (
            FLAT | {"typeVersion": "3", "typeSchemaVariant": "partial", "more": [1]},
            RawItem("a", "t", "3", "partial", {"text": "x"}),
        ),
        (
            NESTED | {"type": {"id": "t", "version": "3", "schemaVariant": "partial", "x": 1}},
            RawItem("a", "t", "3", "partial", {"text": "x"}),
        ),
        (FLAT | {"type": "ignored"}, RawItem("a", "t", None, "original", {"text": "x"})),
        (NESTED | {"typeId": 5}, RawItem("a", "t", None, "original", {"text": "x"})),
    ],
)
def test_both_spellings_of_an_item_are_read(item: dict[str, Any], read: RawItem) -> None:
    assert read_items(encode(item)) == [read]


def test_an_empty_batch_is_a_batch() -> None:
    assert read_items(b'{"items":[]}') == []


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        (b"{}", "", "must have required property 'items'"),
        (b"[]", "", "must be object"),
        (b"null", "", "must be object"),
        (b'{"items":{}}', "/items", "/items: must be array"),
        (b'{"items":null}', "/items", "/items: must be array"),
        (b'{"items":[5]}', "/items/0", "/items/0: must be object"),
        (encode(FLAT | {"id": 5}), "/items/0/id", "/items/0/id: must be string"),
        (encode(FLAT, FLAT | {"data": []}), "/items/1/data", "/items/1/data: must be object"),
        (
            encode(FLAT | {"typeSchemaVariant": "x"}),
            "/items/0/typeSchemaVariant",
            "must be one of original, partial",
        ),
        (encode(FLAT | {"typeVersion": None}), "/items/0/typeVersion", "must be string"),
        (encode(FLAT | NESTED), "/items/0", "either 'typeId' or 'type', not both"),
        (encode({"id": "a", "data": {}}), "/items/0", "required property 'typeId'"),
        (encode(NESTED | {"type": {}}), "/items/0/type", "required property 'id'"),
        (encode(NESTED | {"type": {"id": 1}}), "/items/0/type/id", "must be string"),
    ],
)
def test_a_body_of_another_shape_is_explained(body: bytes, pointer: str, detail: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_items(body)
    [problem] = refused.value.problems
    assert (problem.title, problem.pointer) == (SCHEMA_TITLE, pointer)
    assert detail in problem.message


def test_every_fault_is_listed_and_the_first_one_is_pointed_at() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_items(encode(FLAT, {"id": 1, "data": 2, "typeId": 3}, "x"))
    [problem] = refused.value.problems
    assert problem.pointer == "/items/1/id"
    assert problem.message == (
        "/items/1/id: must be string; /items/1/typeId: must be string; "
        "/items/1/data: must be object; /items/2: must be object"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"items":[]} x',
        b'{"items":[NaN]}',
        b'{"items":[1e999]}',
        b'{"items":["\\ud800"]}',
        b'{"items":["\\ude00\\ud83d"]}',
        b'{"items":["\x00"]}',
        b'{"items":["\xff"]}',
        '{"items":[]}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b'{"items":' + b"[" * 200_000,
        b'{"items":' + b'[{"a":' * 50_000 + b"1" + b"}]" * 50_000 + b"}",
    ],
)
def test_what_is_not_json_is_refused_and_never_crashes(body: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_items(body)
    [problem] = refused.value.problems
    assert problem.pointer == ""
    assert problem.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["a", "original", "partial"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "version", "schemaVariant"]), inner, max_size=3)
    ),
    max_leaves=5,
)
ITEMS = st.dictionaries(
    st.sampled_from(["id", "data", "typeId", "type", "typeVersion", "typeSchemaVariant"]), JSON
) | st.fixed_dictionaries(
    {"id": st.just("a"), "data": st.just({})},
    optional={"typeId": JSON, "type": JSON, "typeVersion": JSON, "typeSchemaVariant": JSON},
)


@given(items=st.lists(ITEMS, max_size=3))
def test_what_the_quick_reader_accepts_has_no_fault_and_what_has_a_fault_is_refused(
    items: list[dict[str, Any]],
) -> None:
    body = encode(*items)
    faults = body_faults(json.loads(body))
    try:
        read = read_items(body)
    except InvalidInput:
        assert faults
    else:
        assert not faults
        assert [raw.item_id for raw in read] == [item["id"] for item in items]


def test_the_quick_reader_is_the_one_that_reads_ordinary_items() -> None:
    assert isinstance(DECODER, msgspec.json.Decoder)
    assert DECODER.decode(encode(FLAT, NESTED)).items[1].type != msgspec.UNSET
