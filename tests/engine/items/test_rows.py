from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from engine.items import Container, Field, ItemType, Kind, Scalar, row_values
from engine.items.columns import arrow_schema

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def array(name: str, scalar: Scalar, *fields: Field) -> Field:
    return Field(name, scalar, container=Container("ARRAY", None, scalar), fields=fields)


ITEM_TYPE = ItemType(
    "t",
    1,
    "T",
    Kind.CONTENT,
    (
        Field("text", Scalar.STRING),
        Field("score", Scalar.NUMBER),
        Field("at", Scalar.DATETIME),
        Field("by", Scalar.RELATED_ITEM),
        Field("nsfw", Scalar.BOOLEAN),
        Field("photo", Scalar.MEDIA),
        Field("clip", Scalar.VIDEO),
        array("tags", Scalar.STRING),
        array("times", Scalar.DATETIME),
        Field("counts", Scalar.NUMBER, container=Container("MAP", Scalar.STRING, Scalar.NUMBER)),
        Field("place", Scalar.OBJECT, fields=(Field("lat", Scalar.NUMBER),)),
        array("stops", Scalar.OBJECT, Field("at", Scalar.DATETIME)),
        Field("level", Scalar.ENUM, options=("a",)),
    ),
)

STORED: dict[str, object] = {
    "text": "x",
    "score": 5,
    "at": "2026-01-01T12:00:00.000Z",
    "by": {"id": "u", "typeId": "user"},
    "photo": {"url": "https://a.example/a.png", "mediaType": "IMAGE"},
    "tags": ["a"],
    "times": ["2026-01-01T12:00:00.000Z"],
    "counts": {"a": 1},
    "place": {"lat": 1},
    "stops": [{"at": "2026-01-01T12:00:00.000Z"}, {}],
    "unknown": 1,
}


def test_stored_values_become_what_rules_compare() -> None:
    row = row_values(ITEM_TYPE)(STORED)
    assert row == {
        "text": "x",
        "score": 5.0,
        "at": NOON,
        "by": {"id": "u", "typeId": "user"},
        "nsfw": None,
        "photo": {"url": "https://a.example/a.png", "mediaType": "IMAGE"},
        "clip": None,
        "tags": ["a"],
        "times": [NOON],
        "counts": {"a": 1.0},
        "place": {"lat": 1.0},
        "stops": [{"at": NOON}, {"at": None}],
        "level": None,
    }
    assert isinstance(row["score"], float)


def test_columns_take_the_rows_as_they_are() -> None:
    schema = arrow_schema(ITEM_TYPE)
    row = row_values(ITEM_TYPE)(STORED)
    table = pa.Table.from_pylist([row | {"counts": [("a", 1.0)]}], schema=schema)
    assert table.to_pylist() == [row | {"counts": [("a", 1.0)]}]


def test_every_field_has_the_column_of_its_type() -> None:
    schema = arrow_schema(ITEM_TYPE)
    instant = pa.timestamp("us", tz="UTC")
    medium = pa.struct([("url", pa.string())])
    assert dict(zip(schema.names, schema.types, strict=True)) == {
        "text": pa.string(),
        "score": pa.float64(),
        "at": instant,
        "by": pa.struct([("id", pa.string()), ("typeId", pa.string())]),
        "nsfw": pa.bool_(),
        "photo": pa.struct([("url", pa.string()), ("mediaType", pa.string())]),
        "clip": medium,
        "tags": pa.list_(pa.string()),
        "times": pa.list_(instant),
        "counts": pa.map_(pa.string(), pa.float64()),
        "place": pa.struct([("lat", pa.float64())]),
        "stops": pa.list_(pa.struct([("at", instant)])),
        "level": pa.string(),
    }
