"""A backtest straight over a file: no organisation, no lake, the same counting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa

from engine.backtest.cells import Cell, DayRows, Partial, add_up
from engine.backtest.digest import Inputs, content_name, digest
from engine.backtest.report import Report, build_report
from engine.backtest.spec import NO_TRUTH, Spec, Truth, TruthSource
from engine.backtest.sql import Question, counts_query, rows_query
from engine.errors import InvalidInput
from engine.language.types import Base
from store.analysis import quoted
from store.code_version import code_digest
from store.files import content_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language import Predicate
    from engine.signals import Unanswered
    from services.rule_files import FileSource, OpenSource, ReadySql

_UNFIT_SEGMENTS: Final = frozenset({Base.LIST, Base.MAP, Base.STRUCT, Base.ITEM})


@dataclass(frozen=True)
class FileBacktest:
    """truth: a column of TRUE and FALSE, or of 1 and 0; rows where it is null are not judged.

    floor: fewest labelled rows for a figure. Files are labelled on purpose, so the interval alone
    may tell how little they show.
    """

    where: str
    baseline: str | None = None
    truth: str | None = None
    segment: str | None = None
    floor: int = 1


def run_over_file(source: FileSource, opened: OpenSource, asked: FileBacktest) -> Report:
    """Raises InvalidInput for a rule, a truth or a segment that does not fit the file."""
    candidate = opened.predicate(asked.where)
    baseline = None if asked.baseline is None else opened.predicate(asked.baseline, "the baseline")
    spec = Spec(
        candidate=candidate.text,
        baseline=baseline.text if baseline else None,
        truth=Truth(TruthSource.FIELD, asked.truth) if asked.truth else NO_TRUTH,
        segment=asked.segment,
        floor=asked.floor,
    )
    rules = [candidate, baseline] if baseline else [candidate]
    ready_sql = opened.ready(rules)
    counted = _count(opened, _question(opened, spec, ready_sql), ready_sql.unanswered)
    return build_report(spec, counted, digest(_inputs(source, opened, spec, rules)))


def _question(opened: OpenSource, spec: Spec, ready_sql: ReadySql) -> Question:
    expressions = ready_sql.expressions
    day = "CAST(_arrived_at AS DATE)" if opened.rows.arrival else "CAST(NULL AS DATE)"
    return Question(
        relation=f"(SELECT *, {day} AS _part FROM {ready_sql.relation})",  # noqa: S608 from checked trees
        candidate=expressions[0],
        baseline=expressions[1] if spec.baseline is not None else None,
        truth=_truth(opened, spec.truth.field) if spec.truth.field else None,
        segment=_segment(opened, spec.segment) if spec.segment else None,
    )


def _count(opened: OpenSource, question: Question, unanswered: tuple[Unanswered, ...]) -> Partial:
    connection = opened.rows.connection
    days = connection.execute(rows_query(question)).fetchall()
    cells = connection.execute(counts_query(question)).fetchall()
    day_rows, found = tuple(DayRows(*each) for each in days), tuple(Cell(*each) for each in cells)
    return add_up([Partial(day_rows, found, unanswered)])


def _truth(opened: OpenSource, column: str) -> str:
    kind = opened.schema.fields.get(column)
    read = quoted(column)
    if kind is not None and kind.base is Base.BOOLEAN:
        return read
    if kind is not None and kind.base is Base.NUMBER:
        odd = f"SELECT _seq FROM items WHERE {read} NOT IN (0, 1) ORDER BY _seq LIMIT 1"  # noqa: S608
        found = opened.rows.connection.execute(odd).fetchall()
        if not found:
            return f"({read} = 1)"
        raise _unfit_truth(f"row {found[0][0]} of '{column}' is neither 0 nor 1")
    have = ", ".join(opened.schema.fields)
    raise _unfit_truth(
        f"there is no column '{column}' among {have}" if kind is None else f"'{column}' is {kind}"
    )


def _unfit_truth(what: str) -> InvalidInput:
    return InvalidInput(
        f"The truth cannot be read: {what}.", hint="Give a column of TRUE and FALSE, or 1 and 0."
    )


def _segment(opened: OpenSource, column: str) -> str:
    kind = opened.schema.fields.get(column)
    if kind is None or kind.base in _UNFIT_SEGMENTS:
        raise InvalidInput(
            f"'{column}' cannot be a segment.", hint="Give a column that holds single values."
        )
    return quoted(column)


def _inputs(source: FileSource, opened: OpenSource, spec: Spec, rules: list[Predicate]) -> Inputs:
    return Inputs(
        spec=spec,
        schema={name: str(kind) for name, kind in opened.schema.fields.items()},
        banks=_banks(opened, rules),
        sources={"data": content_digest(source.paths), **_named(source.renames)},
        engines={"duckdb": duckdb.__version__, "arrow": pa.__version__},
        code=code_digest(),
    )


def _named(renames: Mapping[str, str]) -> Mapping[str, str]:
    return {f"map {field}": column for field, column in renames.items()}


def _banks(opened: OpenSource, rules: list[Predicate]) -> Mapping[str, str]:
    used = sorted({name for rule in rules for name in rule.banks})
    return {name: content_name(opened.environment.banks[name]) for name in used}
