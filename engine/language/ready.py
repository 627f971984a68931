"""A plan made ready to run on a connection: functions registered, signals asked.

Each distinct value is asked about once, and only values of rows whose outcome depends on it.
"""

from __future__ import annotations

from collections import Counter as Tally
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from engine.language.asking import answer_of, answered
from engine.language.lookups import SQL_TYPES, Lookup
from engine.language.udf import ARROW_TYPES, register
from engine.signals import Question, Unanswered
from engine.signals.elements import texts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from engine.language.duckdb_sql import DuckPlan
    from engine.language.nodes import SignalCall
    from engine.signals import Ask

_ANSWERED: Final = "_answered_now"


def ready(
    connection: DuckDBPyConnection,
    plan: DuckPlan,
    within: str = "",
    between: Callable[[], None] | None = None,
) -> tuple[Unanswered, ...]:
    """What the plan's SQL needs to run: our functions, and the answers of signals.

    within: the rows to ask about, all if empty. between: called before each round of
    asking; it may raise to stop. Gives the values for which a signal had no answer.
    """
    register(connection, plan.functions)
    unanswered: Tally[tuple[str, str, str]] = Tally()
    for lookup in plan.lookups:
        signal = lookup.call.signal
        for reason, count in _fill(connection, lookup, within, plan.ask, between).items():
            unanswered[signal.name, signal.version, reason] += count
    return tuple(Unanswered(*key, count) for key, count in unanswered.items())


def _fill(
    connection: DuckDBPyConnection,
    lookup: Lookup,
    within: str,
    ask: Ask,
    between: Callable[[], None] | None,
) -> Tally[str]:
    asked, reasons = f'{lookup.table[:-1]}_asked"', Tally[str]()
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {asked} AS"  # noqa: S608 - from checked trees
        f" SELECT row_number() OVER () AS _number, _asked FROM ({lookup.distinct(within)})"
    )
    rows = connection.execute(f"SELECT _number, _asked FROM {asked} ORDER BY _number").fetchall()  # noqa: S608
    subjects = [subject for _, subject in rows]
    answers = list(_answers(lookup.call, subjects, ask, reasons, between))
    kind = SQL_TYPES[lookup.call.signal.gives]
    found = pa.table(
        {
            "_number": pa.array([number for number, _ in rows], pa.int64()),
            "_answer": pa.array(answers, ARROW_TYPES[kind]),
        }
    )
    connection.register(_ANSWERED, found)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {lookup.table} AS"  # noqa: S608
        f" SELECT _asked AS {lookup.asked_column}, _answer AS {lookup.column}"
        f" FROM {asked} JOIN {_ANSWERED} USING (_number)"
    )
    connection.unregister(_ANSWERED)
    connection.execute(f"DROP TABLE {asked}")
    return reasons


def _answers(
    call: SignalCall,
    subjects: Sequence[object],
    ask: Ask,
    reasons: Tally[str],
    between: Callable[[], None] | None,
) -> Iterator[Any]:
    """As many at a time as the signal takes at once."""
    wave = call.signal.batch * call.signal.at_once
    known: dict[str, tuple[Any, str]] = {}
    for start in range(0, len(subjects), wave):
        if between is not None:
            between()
        chosen = subjects[start : start + wave]
        texts = dict.fromkeys(text for each in chosen for text in texts_of(each))
        new = tuple(text for text in texts if text not in known)
        fresh = _asked(Question(call.signal, call.options, new), ask) if new else {}
        reasons.update(reason for _, reason in fresh.values() if reason)
        known.update(fresh)
        yield from (answer_of(call, each, known)[0] for each in chosen)


def _asked(question: Question, ask: Ask) -> Mapping[str, tuple[Any, str]]:
    [reply] = ask([question])
    return answered(question, reply)
