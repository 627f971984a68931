"""Which rules no longer mean anything, told from what is configured at this moment.

A save that would break a rule in use is refused, but a rule at rest can lose a field it names, and
a newer Winnow may read a condition more strictly. A worker leaves such a rule out and goes on.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary

import structlog

from engine.configuration.references import rule_problems as reference_problems
from engine.configuration.rule_check import check_rule
from services.people import names_in
from services.rulesets import compile_configuration, known_configuration, unread_problem
from store.config import ConfigKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from engine.configuration.configuration import Configuration
    from engine.configuration.rules import Rule
    from services.context import Caller, Context
    from store.config import Revision

T = TypeVar("T")

log = structlog.get_logger()


class _Remembered(Generic[T]):
    """What was worked out from each organisation's configuration, until it changes."""

    def __init__(self, work_out: Callable[[Configuration, datetime], T]) -> None:
        self.work_out = work_out
        self._known: WeakKeyDictionary[Engine, dict[int, tuple[int, T]]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def of(self, tx: Connection, now: datetime) -> T:
        configuration = known_configuration(tx)
        org_id, version = configuration.org_id, configuration.config_version
        with self._lock:
            found = self._known.setdefault(tx.engine, {}).get(org_id)
        if found is not None and found[0] == version:
            return found[1]
        fresh = self.work_out(configuration, now)
        with self._lock:
            self._known.setdefault(tx.engine, {})[org_id] = version, fresh
        return fresh


def names_and_problems(
    context: Context, caller: Caller, revisions: Iterable[Revision]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Who saved each of these, by actor; why rules among them mean nothing any more, by rule."""
    given = tuple(revisions)
    with context.database.transaction(caller.org_id) as tx:
        names = names_in(tx, [revision.author for revision in given])
        rules = any(revision.kind is ConfigKind.RULE for revision in given)
        return names, rule_problems(tx, context.clock()) if rules else {}


def rule_problems(tx: Connection, now: datetime) -> Mapping[str, str]:
    """By rule id, the first thing wrong with its current version; a sound rule is absent."""
    return _PROBLEMS.of(tx, now)


def configuration_problem(tx: Connection, now: datetime) -> str:
    """Why the configuration cannot be read or its rules not be compiled together, or nothing.

    Workers then go on with the last configuration that could.
    """
    return unread_problem(tx) or _WHOLE.of(tx, now)


def problems_of(configuration: Configuration, _now: datetime) -> Mapping[str, str]:
    told = {rule_id: _problem(rule, configuration) for rule_id, rule in configuration.rules.items()}
    return {rule_id: problem for rule_id, problem in told.items() if problem}


def _problem(rule: Rule, configuration: Configuration) -> str:
    problems = reference_problems(rule, configuration) or check_rule(rule, configuration).problems
    return problems[0].message if problems else ""


def _whole(configuration: Configuration, now: datetime) -> str:
    try:
        compile_configuration(configuration, now)
    except Exception as error:
        log.exception("configuration_not_compiled", org_id=configuration.org_id)
        return f"{type(error).__name__}: {error}"[:1000]
    return ""


_PROBLEMS = _Remembered(problems_of)
_WHOLE = _Remembered(_whole)
