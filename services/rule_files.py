"""Rules tried on files: checked, evaluated row by row or in DuckDB. No organisation is needed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Final

from engine.backtest.recent import Seen, counter_answers
from engine.configuration.compiled import environment_of, schema_of
from engine.errors import InvalidInput, Problem
from engine.language import (
    Checked,
    Environment,
    Predicate,
    check,
    compile_ruleset,
    to_duckdb,
)
from engine.language.asking import Case
from engine.language.check import walk
from engine.language.counters import counter_event, counter_key
from engine.language.facts import subject_of
from engine.language.intervals import microseconds_of
from engine.language.nodes import ArrivalTime
from engine.language.ready import ready
from engine.language.schemas import schema_of_arrow
from engine.text import Bank, Mode, Term, bank_problems
from services.rulesets import load_configuration
from services.signal_calls import asker_of
from services.signals import installed
from store import config
from store.analysis import session
from store.config import ConfigKind
from store.file_facts import OWN_TYPE, define_file_facts, knowledge
from store.files import BATCH_ROWS, RELATION, FileRows, open_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from engine.language import Counter, Schema
    from engine.language.measures import Measured
    from engine.language.nodes import FactFeature
    from engine.signals import Unanswered
    from services.context import Context

Outcomes = tuple[bool | None, ...]
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)  # for rows that arrived nobody knows when


class RuleEngine(StrEnum):
    ROW = "row"
    DUCKDB = "duckdb"


@dataclass(frozen=True)
class FileSource:
    """renames: further field -> the column it is read from. banks: what `matches` may name."""

    paths: tuple[Path, ...]
    renames: Mapping[str, str] = field(default_factory=dict)
    banks: tuple[Bank, ...] = ()

    @property
    def environment(self) -> Environment:
        return Environment(
            banks={bank.name: bank for bank in self.banks},
            signals=installed().signals,
            ask=asker_of(),
        )


@dataclass(frozen=True)
class ReadySql:
    """relation: SQL to select from, ready on the connection. expressions: one a predicate."""

    relation: str
    expressions: Sequence[str]
    unanswered: tuple[Unanswered, ...] = ()


@dataclass(frozen=True)
class OpenSource:
    """A file ready to be asked."""

    rows: FileRows
    schema: Schema
    environment: Environment

    def check(self, text: str) -> Checked:
        return check(text, self.schema, self.environment)

    def predicate(self, text: str, name: str = "the rule") -> Predicate:
        """Raises InvalidInput with every diagnostic, drawn under the text."""
        checked = self.check(text)
        if checked.predicate is None:
            raise InvalidInput(
                f"There is something wrong with {name}.",
                problems=tuple(Problem(each.render(text)) for each in checked.diagnostics),
            )
        _refuse_without_times(checked.predicate, self.rows)
        return checked.predicate

    def ready(self, predicates: Sequence[Predicate]) -> ReadySql:
        """With the answers of signals."""
        plan = to_duckdb(predicates, self.environment, RELATION)
        if any(rule.facts for rule in predicates):
            define_file_facts(self.rows.connection, RELATION)
        unanswered = ready(self.rows.connection, plan)
        counters = dict.fromkeys(each for rule in predicates for each in rule.counters)
        relation = _without_timeless_counts(plan.source, len(counters))
        expressions = [
            f"CASE WHEN _arrived_at IS NOT NULL THEN {sql} END" if _reads_clock(each) else sql
            for each, sql in zip(predicates, plan.expressions, strict=True)
        ]
        return ReadySql(relation, expressions, unanswered)


@contextmanager
def opened(source: FileSource) -> Iterator[OpenSource]:
    """Raises InvalidInput for a file or a bank that cannot be read."""
    with session() as connection:
        rows = open_files(connection, source.paths, source.renames)
        # The relation has its columns as rules see them already.
        schema = replace(schema_of_arrow(rows.schema, {}), reads={})
        yield OpenSource(rows, schema, source.environment)


def read_bank(name: str, path: Path) -> Bank:
    """One term a line; a tab and `word`, `substring` or `regex` after it choose its mode."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as failed:
        raise InvalidInput(
            f"The bank '{name}' cannot be read: {failed}.", hint="Give a UTF-8 text file."
        ) from failed
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    bank = Bank(name, name, tuple(_term(path, number, line) for number, line in numbered))
    problems = tuple(bank_problems(bank))
    if problems:
        raise InvalidInput(f"{path}: {problems[0].message}", problems=problems)
    return bank


def _term(path: Path, number: int, line: str) -> Term:
    text, _, mode = line.partition("\t")
    modes = [each.value for each in Mode]
    if mode.strip() and mode.strip() not in modes:
        raise InvalidInput(
            f"{path}, line {number}: there is no mode {mode.strip()!r}.",
            hint=f"Use one of {', '.join(modes)}.",
        )
    return Term(text, Mode(mode.strip()) if mode.strip() else Mode.WORD)


def reads_arrival(predicate: Predicate) -> bool:
    """Whether its answer depends on when the item arrived."""
    return bool(predicate.counters or predicate.facts) or _reads_clock(predicate)


def _reads_clock(predicate: Predicate) -> bool:
    return any(isinstance(node, ArrivalTime) for node in walk(predicate.tree))


def _without_timeless_counts(relation: str, counters: int) -> str:
    """A row that arrived nobody knows when has no counts; a window would give it some."""
    if not counters:
        return relation
    known = ", ".join(
        f"CASE WHEN _arrived_at IS NOT NULL THEN _count_{place} END AS _count_{place}"
        for place in range(counters)
    )
    return f"(SELECT * REPLACE ({known}) FROM {relation})"  # noqa: S608 made of numbers


def _refuse_without_times(predicate: Predicate, rows: FileRows) -> None:
    if reads_arrival(predicate) and rows.arrival is None:
        raise InvalidInput(
            "The rule needs to know when items arrived, and the file does not tell.",
            hint="Name a column of times: --map _arrived_at=COLUMN.",
        )


def evaluate(
    source: OpenSource, predicates: Sequence[Predicate], engine: RuleEngine
) -> Iterator[Outcomes]:
    """In file order.

    A row without arrival time has no counts, and is unknown to a rule that asks how old it is.
    """
    if engine is RuleEngine.ROW:
        return _evaluate_rows(source, predicates)
    return _evaluate_columns(source, predicates)


def _evaluate_columns(source: OpenSource, predicates: Sequence[Predicate]) -> Iterator[Outcomes]:
    ready_sql = source.ready(predicates)
    named = ", ".join(f"{sql} AS _{place}" for place, sql in enumerate(ready_sql.expressions))
    query = f"SELECT {named} FROM {ready_sql.relation} ORDER BY _seq"  # noqa: S608 checked trees
    for batch in source.rows.connection.sql(query).to_arrow_reader(BATCH_ROWS):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _evaluate_rows(source: OpenSource, predicates: Sequence[Predicate]) -> Iterator[Outcomes]:
    named = {str(place): predicate for place, predicate in enumerate(predicates)}
    ruleset = compile_ruleset(named, source.environment)
    timed = [_reads_clock(predicate) for predicate in predicates]
    counts = _counts(source, ruleset.counters)
    facts = _facts(source, ruleset.facts)
    placed = enumerate(_rows(source))
    while together := list(islice(placed, BATCH_ROWS)):  # Signals are asked about all of them.
        cases = [
            Case(row, [*(each[place] for each in counts), *facts(row)], _arrival(row) or _NO_TIME)
            for place, row in together
        ]
        for case, told in zip(cases, ruleset.evaluate_all(cases), strict=True):
            known = _arrival(case.row) is not None
            yield told.values if known else _masked(told.values, timed)


def _facts(
    source: OpenSource, features: Sequence[FactFeature]
) -> Callable[[Mapping[str, object]], Sequence[Measured]]:
    """What a row finds out about entities."""
    if not features:
        return lambda _row: ()
    define_file_facts(source.rows.connection, RELATION)
    known = knowledge(source.rows.connection)

    def answers(row: Mapping[str, object]) -> Sequence[Measured]:
        arrived_at, item_id = _arrival(row), row["_item_id"]
        item = (OWN_TYPE, item_id) if isinstance(item_id, str) else None
        if arrived_at is None:
            return [None for _ in features]
        at_us = microseconds_of(arrived_at)
        return [known.answer(each, subject_of(each, row, item), at_us) for each in features]

    return answers


def _masked(answers: Outcomes, timed: Sequence[bool]) -> Outcomes:
    return tuple(None if hide else each for each, hide in zip(answers, timed, strict=True))


def _rows(source: OpenSource) -> Iterator[dict[str, object]]:
    for batch in source.rows.batches():
        yield from batch


def _counts(source: OpenSource, counters: Sequence[Counter]) -> Sequence[Sequence[Measured]]:
    """For each counter, its answer at every row."""
    if not counters:
        return ()
    rows: list[list[Seen]] = [[] for _ in counters]
    for row in _rows(source):
        for counter, seen in zip(counters, rows, strict=True):
            seen.append(Seen(counter_key(counter, row), counter_event(counter, row), _arrival(row)))
    return [counter_answers(counter, seen) for counter, seen in zip(counters, rows, strict=True)]


def _arrival(row: Mapping[str, object]) -> datetime | None:
    found = row["_arrived_at"]
    return found if isinstance(found, datetime) else None


def check_for_type(context: Context, org_id: int, name: str, text: str) -> Checked:
    """Against an item type of an organisation, by its name. Raises NotFound."""
    with context.database.transaction(org_id) as tx:
        found = config.head_by_name(tx, ConfigKind.ITEM_TYPE, name)
        configuration = load_configuration(tx)
    item_type = configuration.item_types[found.object_id]
    return check(text, schema_of(configuration, item_type), environment_of(configuration))
