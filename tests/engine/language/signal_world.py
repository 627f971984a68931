"""Signals that answer from the text itself and remember what they were asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import duckdb

from engine.language.check import check
from engine.language.duckdb_sql import to_duckdb
from engine.language.nodes import Environment, Predicate
from engine.language.ready import ready
from engine.signals import Cost, Failed, Option, Signal
from tests.engine.language.world import BANKS, SCHEMA, Placed, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.signals import Unanswered
    from engine.signals.signal import Options


@dataclass
class Asked:
    """signals: to be asked in rules. values: what each was asked, a list a call."""

    values: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)

    def environment(self) -> Environment:
        signals = (
            self._signal("acme.length", "NUMBER", Cost.LOCAL, self.length),
            self._signal("acme.shouts", "BOOLEAN", Cost.NETWORK, self.shouts),
            replace(
                self._signal("acme.part", "TEXT", Cost.MODEL, self.part),
                options=(Option("place", "NUMBER"),),
            ),
            self._signal("acme.words", "LIST(TEXT)", Cost.MODEL, self.words),
        )
        return Environment(BANKS.banks, signals={each.name: each for each in signals})

    def _signal(self, name: str, gives: str, cost: Cost, answer: object) -> Signal:
        def remembering(values: Sequence[str], options: Options) -> Sequence[object]:
            self.values.setdefault(name, []).append(tuple(values))
            assert callable(answer)
            return [_failing(each) or answer(each, options) for each in values]

        return Signal(name, "1", f"For tests: {name}.", ("TEXT",), gives, remembering, cost)

    @staticmethod
    def length(text: str, _options: Options) -> float:
        return float(len(text))

    @staticmethod
    def shouts(text: str, _options: Options) -> bool:
        return text.isupper()

    @staticmethod
    def part(text: str, options: Options) -> str | None:
        parts = text.split()
        place = int(float(options.get("place", 1.0))) - 1
        return parts[place] if 0 <= place < len(parts) else None

    @staticmethod
    def words(text: str, _options: Options) -> list[str]:
        return text.split()

    @property
    def asked(self) -> dict[str, list[str]]:
        """Every value that each signal was asked about."""
        return {name: [v for each in calls for v in each] for name, calls in self.values.items()}


def _failing(text: str) -> Failed | None:
    return Failed("broken text") if "broken" in text else None


def rule_of(text: str, environment: Environment) -> Predicate:
    checked = check(text, SCHEMA, environment)
    assert checked.predicate, checked.diagnostics
    return checked.predicate


def over_columns(
    rules: Sequence[str], environment: Environment, items: Sequence[Placed]
) -> tuple[list[tuple[bool | None, ...]], tuple[Unanswered, ...]]:
    """What DuckDB answers, and what signals did not."""
    predicates = [rule_of(rule, environment) for rule in rules]
    with duckdb.connect() as connection:
        connection.register("items", table_of(items))
        plan = to_duckdb(predicates, environment, "items")
        unanswered = ready(connection, plan)
        answers = ", ".join(plan.expressions)
        query = f"SELECT {answers} FROM {plan.source} ORDER BY _seq"
        return connection.execute(query).fetchall(), unanswered
