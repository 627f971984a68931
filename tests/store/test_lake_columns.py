from __future__ import annotations

import pyarrow as pa
import pytest

from store.lake_columns import column_for, same_type

TABLE = pa.schema([("Price", pa.float64()), ("tags", pa.list_(pa.string()))])


@pytest.mark.parametrize(
    ("field", "column"),
    [
        (pa.field("price", pa.float64()), "Price"),
        (pa.field("colour", pa.string()), "colour"),
        (pa.field("price", pa.string()), "price__string"),
        (pa.field("price", pa.timestamp("us", "UTC")), "price__time"),
        (pa.field("tags", pa.list_(pa.field("element", pa.string(), nullable=False))), "tags"),
    ],
)
def test_a_field_keeps_its_column_and_a_new_type_gets_one_beside_it(
    field: pa.Field, column: str
) -> None:
    assert column_for(field, TABLE).name == column


def test_a_field_that_returns_to_an_earlier_type_returns_to_its_column() -> None:
    grown = TABLE.append(column_for(pa.field("Price", pa.string()), TABLE))
    assert column_for(pa.field("price", pa.string()), grown).name == "Price__string"
    assert column_for(pa.field("price", pa.float64()), grown).name == "Price"


def test_types_of_different_objects_do_not_share_a_column() -> None:
    one = pa.struct([("a", pa.string())])
    other = pa.struct([("b", pa.string())])
    table = pa.schema([("o", one)])
    beside = column_for(pa.field("o", other), table)
    assert beside.name.startswith("o__")
    assert beside.type == other


def test_nullability_and_inner_names_do_not_make_another_type() -> None:
    assert same_type(
        pa.map_(pa.string(), pa.list_(pa.float64())),
        pa.map_(pa.string(), pa.list_(pa.field("element", pa.float64()))),
    )
    assert not same_type(pa.list_(pa.string()), pa.string())
