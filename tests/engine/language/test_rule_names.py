"""Fields may have any name: of a function, of a keyword, in any script."""

from __future__ import annotations

import keyword
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pytest

from engine.items import parse_item_type
from engine.language.check import check
from engine.language.duckdb_sql import to_duckdb
from engine.language.nodes import Environment
from engine.language.ruleset import compile_ruleset
from engine.language.schemas import schema_of_item_type

NAMES = (
    "length", "lower", "count_recent", "matches", "any", "select", "true", "null", "and",
    "größe", "имя", "名前", "naïve", "ªb", "__class__", "__import__", "self", "row", "counts",
    *keyword.kwlist,
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_field_is_read_whatever_its_name(name: str) -> None:
    document = {"name": "Post", "kind": "CONTENT", "fields": [{"name": name, "type": "STRING"}]}
    schema = schema_of_item_type(parse_item_type("post", 1, document))
    checked = check(f"""length("{name}") > 3 AND "{name}" <> 'never'""", schema, Environment())
    assert checked.predicate is not None, checked.diagnostics
    texts = ["long enough", "no", "never", None]
    ruleset = compile_ruleset({"r": checked.predicate}, Environment())
    at = datetime(2026, 1, 1, tzinfo=UTC)
    live = [ruleset.evaluate({name: text}, (), at)[0] for text in texts]
    plan = to_duckdb([checked.predicate], Environment(), "items")
    with duckdb.connect() as connection:
        connection.register("items", pa.table({name: texts, "_arrived_at": [at] * len(texts)}))
        asked = f"SELECT {plan.expressions[0]} FROM {plan.source}"
        past = [row[0] for row in connection.execute(asked).fetchall()]
    assert live == past == [True, False, False, None]
