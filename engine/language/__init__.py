"""The rule language: one boolean SQL expression over an item, with one meaning everywhere.

check         an author's text -> Checked (a Predicate, or everything that is wrong with it)
ruleset       predicates -> one generated Python function for the item that just arrived
duckdb_sql    predicates -> SQL for the million that arrived last month; udf registers our code
counters      what an item adds to the windows that count_recent reads
schemas       item types and Arrow schemas as rules see them
reference     the page that documents every operator and function, from the registry
"""

from engine.language.check import canonical, check
from engine.language.counters import compile_counters, counter_applies, counter_key, parse_counter
from engine.language.diagnostics import Diagnostic
from engine.language.duckdb_sql import DuckPlan, to_duckdb
from engine.language.nodes import Checked, Counter, Environment, Predicate
from engine.language.operator import TextFunction
from engine.language.ruleset import Ruleset, compile_ruleset
from engine.language.schemas import schema_of_arrow, schema_of_item_type
from engine.language.types import Schema, Type

__all__ = [
    "Checked",
    "Counter",
    "Diagnostic",
    "DuckPlan",
    "Environment",
    "Predicate",
    "Ruleset",
    "Schema",
    "TextFunction",
    "Type",
    "canonical",
    "check",
    "compile_counters",
    "compile_ruleset",
    "counter_applies",
    "counter_key",
    "parse_counter",
    "schema_of_arrow",
    "schema_of_item_type",
    "to_duckdb",
]
