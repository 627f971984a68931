"""Checked nodes to DuckDB SQL: the same meaning over the million items that arrived last month.

The SQL is built from the checked tree alone. A NUMBER is a DOUBLE, a DURATION a BIGINT of
microseconds, a TIME a TIMESTAMPTZ; the session's time zone and settings play no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.language.asking import calls_in, in_rounds, needs_of
from engine.language.bucket_sql import with_buckets
from engine.language.check import walk
from engine.language.counter_sql import window_sql
from engine.language.fact_sql import fact_column, with_facts
from engine.language.lookups import Lookup, answer_column
from engine.language.matching import Matcher
from engine.language.nodes import (
    Apply,
    ArrivalTime,
    BankMatch,
    Constant,
    Counter,
    CountRecent,
    Element,
    Environment,
    FactFeature,
    FactRead,
    FieldRead,
    Measure,
    Node,
    Predicate,
    Quantified,
    Quantifier,
    SignalCall,
)
from engine.language.operator import TextFunction, uses
from engine.language.quantifying import SQL_QUANTIFIERS
from engine.language.registry import REGISTRY
from engine.language.types import Base, Schema, Type
from engine.signals import Ask, ask_in_turn

if TYPE_CHECKING:
    from collections.abc import Sequence

ARRIVED_AT: Final = '"_arrived_at"'

_LONGEST_REPEATED: Final = 300
"""Characters of SQL that may be written twice; what is longer is bound to a name."""

_SQL_TYPES: Final = {
    Base.BOOLEAN: "BOOLEAN",
    Base.NUMBER: "DOUBLE",
    Base.TIME: "TIMESTAMPTZ",
    Base.DURATION: "BIGINT",
}


@dataclass(frozen=True)
class DuckPlan:
    """What to run over a relation that has the schema's fields and `_arrived_at`.

    source: what to select from: the relation, or a query over it that adds columns for counters
        and facts and keeps all others. Where a predicate has facts it reads `fact_sql.FACTS`.
    expressions: one BOOLEAN expression for each predicate, in order.
    functions, lookups: what the SQL needs on the connection (`ready.ready`). ask: how the
        answers in the lookups are had.
    """

    source: str
    expressions: tuple[str, ...]
    functions: tuple[TextFunction, ...]
    lookups: tuple[Lookup, ...] = ()
    ask: Ask = ask_in_turn


def to_duckdb(predicates: Sequence[Predicate], environment: Environment, relation: str) -> DuckPlan:
    """relation: SQL that may follow FROM. All predicates are over one schema."""
    trees = [predicate.tree for predicate in predicates]
    schema = predicates[0].schema if predicates else Schema("", {})
    return plan_values(trees, schema, environment, relation)


def plan_values(
    trees: Sequence[Node], schema: Schema, environment: Environment, relation: str
) -> DuckPlan:
    """As to_duckdb, for expressions of any type."""
    nodes = [node for tree in trees for node in walk(tree)]
    counters = tuple(dict.fromkeys(n.counter for n in nodes if isinstance(n, CountRecent)))
    matcher = Matcher((n for n in nodes if isinstance(n, BankMatch)), environment.banks)
    facts = tuple(dict.fromkeys(n.feature for n in nodes if isinstance(n, FactRead)))
    compiler = SqlCompiler(schema, counters, matcher, facts, calls_in(trees))
    expressions = tuple(compiler.value(tree) for tree in trees)
    source = with_facts(compiler, facts, schema.name, compiler.with_counts(relation))
    source, lookups = compiler.with_answers(source, trees)
    functions = tuple(compiler.functions.values())
    return DuckPlan(source, expressions, functions, lookups, environment.ask)


class SqlCompiler:
    def __init__(
        self,
        schema: Schema,
        counters: Sequence[Counter],
        matcher: Matcher,
        facts: Sequence[FactFeature] = (),
        calls: Sequence[SignalCall] = (),
    ) -> None:
        self.functions: dict[str, TextFunction] = {}
        self._schema = schema
        self._counters = counters
        self._matcher = matcher
        self._facts = facts
        self._calls = calls
        self._bound = 0

    # -- what SQL implementations ask for ---------------------------------------------------------

    def value(self, node: Node) -> str:
        match node:
            case Constant():
                return constant_sql(node)
            case FieldRead():
                return self._field(node)
            case ArrivalTime():
                return ARRIVED_AT
            case CountRecent():
                return _count_column(self._counters.index(node.counter))
            case FactRead():
                return fact_column(self._facts.index(node.feature))
            case BankMatch():
                return self._bank_match(node)
            case Element():
                return _members(f"_e{node.level}", node.path)
            case Quantified():
                return self._quantified(node)
            case SignalCall():
                return answer_column(self._calls.index(node))
            case Apply():
                return REGISTRY[node.operator].variants[node.overload].sql(self, node)

    def fill(self, template: str, arguments: tuple[str, ...]) -> str:
        """A long argument that the template repeats becomes the variable of a lambda."""
        written, bound = list(arguments), []
        for place, argument in enumerate(arguments):
            if uses(template, place) > 1 and len(argument) > _LONGEST_REPEATED:
                self._bound += 1
                written[place] = f"_b{self._bound}"
                bound.append((written[place], argument))
        filled = template.format(*written)
        for name, argument in bound:
            filled = f"list_transform([{argument}], lambda {name}: {filled})[1]"
        return filled

    def call(self, function: TextFunction, argument: str) -> str:
        self.functions[function.name] = function
        return f"{function.name}({argument})"

    # -- nodes ------------------------------------------------------------------------------------

    def _field(self, node: FieldRead) -> str:
        first, *members = node.path
        read = self._schema.reads.get(first) or quoted(first)
        return _members(read, members)

    def _quantified(self, node: Quantified) -> str:
        subject, condition = self.value(node.subject), self.value(node.condition)
        look = f"lambda _e{node.level}: {condition}"
        if node.quantifier is Quantifier.COUNT:
            return f"CAST(len(list_filter({subject}, {look})) AS DOUBLE)"
        answers = f"list_transform({subject}, {look})"
        return self.fill(SQL_QUANTIFIERS[node.quantifier], (answers,))

    def _bank_match(self, node: BankMatch) -> str:
        hits = self.call(self._matcher.function(node.subject.type), self.value(node.subject))
        return f"list_contains({hits}, {self._matcher.place(node)})"

    # -- counters ---------------------------------------------------------------------------------

    def with_counts(self, relation: str) -> str:
        bucketed = with_buckets(self, self._counters, relation)
        columns = ", ".join(
            f"{window_sql(self, counter)} AS {_count_column(place)}"
            for place, counter in enumerate(self._counters)
            if counter.measure is not Measure.TOKENS
        )
        return f"(SELECT *, {columns} FROM {bucketed})" if columns else bucketed  # noqa: S608 - built from checked nodes

    # -- signals ----------------------------------------------------------------------------------

    def with_answers(self, relation: str, trees: Sequence[Node]) -> tuple[str, tuple[Lookup, ...]]:
        """The relation with a column for each call, round by round as signals are asked."""
        lookups: list[Lookup] = []
        for places in in_rounds(self._calls):
            needs = needs_of(trees, self._calls, places, exact=True)
            fresh = [
                Lookup(
                    self._calls[place],
                    place,
                    relation,
                    self.value(self._calls[place].subject),
                    self.value(need),
                )
                for place, need in zip(places, needs, strict=True)
            ]
            columns = ", ".join(f"{lookup.table}.{lookup.column}" for lookup in fresh)
            joins = " ".join(lookup.join() for lookup in fresh)
            lookups += fresh
            relation = f"(SELECT _r.*, {columns} FROM {relation} AS _r {joins})"  # noqa: S608
        return relation, tuple(lookups)


def _members(read: str, path: Sequence[str]) -> str:
    for member in path:
        read = f"struct_extract({read}, {text_sql(member)})"
    return read


def _count_column(place: int) -> str:
    return quoted(f"_count_{place}")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def text_sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def constant_sql(node: Constant) -> str:
    match node.value:
        case None:
            wanted = sql_type(node.type)
            return f"CAST(NULL AS {wanted})" if wanted else "NULL"
        case bool() as truth:
            return str(truth).upper()
        case str() as text:
            return text_sql(text)
        case float() as number:
            return number_sql(number)
        case int() as microseconds:
            whole = f"CAST({microseconds} AS BIGINT)"
            return f"make_timestamptz({whole})" if node.type.base is Base.TIME else whole


def number_sql(value: float) -> str:
    """With an exponent, because DuckDB reads 0.1 as a decimal."""
    written = repr(value)
    exact = written if "e" in written else f"{written}e0"
    return f"({exact})" if written.startswith("-") else exact


def sql_type(given: Type) -> str:
    """The DuckDB type of a scalar or a list of them; empty where there is no one type."""
    if given.textual:
        return "VARCHAR"
    if given.base is Base.LIST and given.element is not None:
        element = sql_type(given.element)
        return f"{element}[]" if element else ""
    return _SQL_TYPES.get(given.base, "")
