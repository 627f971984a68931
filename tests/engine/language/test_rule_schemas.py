from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from engine.items import Container, Field, ItemType, Kind, Role, Scalar
from engine.language import Environment, check, compile_ruleset, to_duckdb
from engine.language.schemas import arrow_rows, schema_of_arrow, schema_of_item_type
from engine.language.types import ID, ITEM, NUMBER, TEXT, TIME, URL, list_of, map_of, struct_of
from tests.engine.language.world import ARRIVAL

COUNTS = Container("MAP", Scalar.STRING, Scalar.NUMBER)
STRUCT = pa.struct([("n", pa.int32()), ("s", pa.string())])
FILE = pa.table(
    {
        "text": pa.array(["a", None, "b"]),
        "whole": pa.array([1, None, 2**53 + 1], type=pa.int64()),
        "small": pa.array([1.5, float("nan"), float("inf")], type=pa.float32()),
        "share": pa.array([0.1, float("nan"), float("-inf")]),
        "money": pa.array([Decimal("0.10"), None, Decimal("-7.25")], type=pa.decimal128(9, 2)),
        "flag": pa.array([True, None, False]),
        "naive": pa.array([datetime(2026, 1, 1, 12), None, datetime(1969, 1, 1)]),  # noqa: DTZ001
        "precise": pa.array([1_000_000_001, None, 5], type=pa.timestamp("ns", tz="UTC")),
        "zoned": pa.array([0, None, 1], type=pa.timestamp("s", tz="Europe/Berlin")),
        "day": pa.array([date(2026, 1, 1), None, date(1969, 1, 1)]),
        "kind": pa.array(["x", None, "y"]).dictionary_encode(),
        "numbers": pa.array([[1, 2], None, [None]], type=pa.list_(pa.int64())),
        "shares": pa.array([[0.5, float("nan")], None, []], type=pa.list_(pa.float64())),
        "weights": pa.array([[("k", 1)], None, []], type=pa.map_(pa.string(), pa.int32())),
        "inner": pa.array([{"n": 1, "s": "a"}, None, {"n": None, "s": None}], type=STRUCT),
        "author": pa.array([{"id": "u", "typeId": "t"}, None, {"id": "v", "typeId": "t"}]),
        "blob": pa.array([b"a", None, b"b"]),
    }
)
READS = [
    ("whole = 1", [True, None, False]),
    ("whole / 0 IS NULL", [True, True, True]),
    ("whole = 9007199254740992", [False, None, True]),
    ("small = 1.5", [True, None, None]),
    ("share > 0", [True, None, None]),
    ("money = 0.1", [True, None, False]),
    ("flag", [True, None, False]),
    ("naive = TIMESTAMP '2026-01-01 12:00:00'", [True, None, False]),
    ("precise = TIMESTAMP '1970-01-01 00:00:01'", [True, None, False]),
    ("zoned = TIMESTAMP '1970-01-01 00:00:00'", [True, None, False]),
    ("day = DATE '2026-01-01'", [True, None, False]),
    ("kind = 'x'", [True, None, False]),
    ("list_contains(numbers, 2)", [True, None, False]),
    ("list_contains(shares, 0.5)", [True, None, False]),
    ("weights['k'] = 1", [True, None, None]),
    ("inner.n = 1", [True, None, None]),
    ("author.id = 'u'", [True, None, False]),
    ("renamed = 'a'", [True, None, False]),
]


@pytest.mark.parametrize(("text", "expected"), READS)
def test_a_file_means_the_same_to_both_engines(text: str, expected: list[bool | None]) -> None:
    rename = {"renamed": "text"}
    schema = schema_of_arrow(FILE.schema, rename)
    predicate = check(text, schema, Environment()).predicate
    assert predicate is not None
    evaluate = compile_ruleset({"r": predicate}, Environment()).evaluate
    rows = [evaluate(row, (), ARRIVAL)[0] for row in arrow_rows(FILE, rename, predicate.fields)]
    plan = to_duckdb([predicate], Environment(), "given")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        connection.register("given", FILE)
        columns = connection.execute(f"SELECT {plan.expressions[0]} FROM {plan.source}").fetchall()
    assert rows == [value for (value,) in columns] == expected


def test_a_renamed_column_has_its_new_name_only() -> None:
    fields = schema_of_arrow(FILE.schema, {"renamed": "text"}).fields
    assert "renamed" in fields
    assert not fields.keys() & {"text", "blob"}


def test_rows_hold_what_ingest_would_have_stored() -> None:
    first, second, third = arrow_rows(FILE, {}, ["whole", "share", "naive", "weights", "numbers"])
    assert first == {
        "whole": 1.0,
        "share": 0.1,
        "naive": datetime(2026, 1, 1, 12, tzinfo=UTC),
        "weights": {"k": 1.0},
        "numbers": [1.0, 2.0],
    }
    assert set(second.values()) == {None}
    assert third["weights"] == {}
    assert third["share"] is None


def test_an_item_type_is_seen_with_its_roles_and_containers() -> None:
    item_type = ItemType(
        "t1",
        1,
        "Post",
        Kind.CONTENT,
        (
            Field("body", Scalar.STRING),
            Field("external", Scalar.ID),
            Field("posted", Scalar.DATETIME),
            Field("author", Scalar.RELATED_ITEM),
            Field("links", Scalar.URL, container=Container("ARRAY", None, Scalar.URL)),
            Field(
                "counts", Scalar.NUMBER, container=Container("MAP", Scalar.STRING, Scalar.NUMBER)
            ),
            Field("place", Scalar.OBJECT, fields=(Field("city", Scalar.STRING),)),
        ),
        {Role.CREATOR_ID: "author"},
    )
    schema = schema_of_item_type(item_type)
    assert schema.name == "t1"
    assert schema.creator_field == "author"
    assert dict(schema.fields) == {
        "body": TEXT,
        "external": ID,
        "posted": TIME,
        "author": ITEM,
        "links": list_of(URL),
        "counts": map_of(NUMBER),
        "place": struct_of({"city": TEXT}),
    }
