"""What it costs to ask signals, and the calls that short circuits spare.

peer `ask_everything` asks every signal of every rule about every item.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING

from engine.language import Environment, Schema, check, compile_ruleset
from engine.language.asking import Case
from engine.language.types import NUMBER, TEXT
from engine.signals import Cost, Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.language import Ruleset
    from engine.signals.signal import Options

ITEMS = 5_000
ARRIVED_AT = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = Schema("post", {"text": TEXT, "age": NUMBER, "reports": NUMBER})
RULES = (
    "age < 7 AND reports > 2 AND costly.a(text) > 0.9",
    "reports > 20 OR (age < 30 AND cheap.b(text) > 0.5 AND costly.c(text) > 0.8)",
    "age < 3 AND (cheap.b(text) > 0.9 OR costly.a(text) > 0.99)",
    "text LIKE '%word7 %' AND NOT costly.c(text) < 0.2",
)


@dataclass
class Counted:
    asked: int = 0

    def answer(self, values: Sequence[str], _options: Options) -> list[float]:
        self.asked += len(values)
        return [(hash(value) % 1000) / 1000 for value in values]


def environment(counted: Counted) -> Environment:
    kinds = {"costly.a": Cost.PAID, "cheap.b": Cost.LOCAL, "costly.c": Cost.NETWORK}
    signals = {
        name: Signal(name, "1", "", ("TEXT",), "NUMBER", counted.answer, cost)
        for name, cost in kinds.items()
    }
    return Environment(signals=signals)


def cases() -> list[Case]:
    generator = random.Random(7)
    return [
        Case(
            {
                "text": " ".join(f"word{generator.randrange(400)}" for _ in range(12)),
                "age": float(generator.randrange(100)),
                "reports": float(generator.randrange(25)),
            },
            (),
            ARRIVED_AT,
        )
        for _ in range(ITEMS)
    ]


def ruleset(surroundings: Environment) -> Ruleset:
    predicates = {}
    for place, rule in enumerate(RULES):
        checked = check(rule, SCHEMA, surroundings)
        assert checked.predicate, checked.diagnostics
        predicates[str(place)] = checked.predicate
    return compile_ruleset(predicates, surroundings, exact=False)


def told_everything(rules: Ruleset) -> Ruleset:
    assert rules.asking
    rounds = tuple(
        replace(each, needs=lambda *_given, count=len(each.places): (True,) * count)
        for each in rules.asking.plan.rounds
    )
    asking = replace(rules.asking, plan=replace(rules.asking.plan, rounds=rounds))
    return replace(rules, asking=asking)


def main() -> None:
    items, spared, everything = cases(), Counted(), Counted()
    ours = ruleset(environment(spared))
    theirs = told_everything(ruleset(environment(everything)))
    started = perf_counter()
    found = ours.evaluate_all(items)
    seconds = perf_counter() - started
    expected = theirs.evaluate_all(items)
    for one, other in zip(found, expected, strict=True):
        assert [v is True for v in one.values] == [v is True for v in other.values]
    told("signals_short_circuit", spared.asked, "values asked", everything.asked)
    told("signals_batch", round(ITEMS / seconds), "items/s", None)


def told(name: str, value: float, unit: str, peer: float | None) -> None:
    line = {"name": name, "value": value, "unit": unit}
    if peer is not None:
        line |= {"peer": "ask_everything", "peer_value": peer, "ratio": round(peer / value, 2)}
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
