"""One condition: a signal over an input, compared.

An input that is missing or empty makes a condition FALSE; what Coop counts as an error is NULL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.coop_import.inputs import SELF, Read, Refused, Scope, Value, read_input
from engine.coop_import.thresholds import ERROR, SIGNS, Comparator, Score, ScoreType, comparison
from engine.language.duckdb_sql import text_sql
from engine.text import Mode

if TYPE_CHECKING:
    from engine.coop_import.aggregations import AskCount, Count

KEYS: Final = frozenset({"input", "signal", "matchingValues", "comparator", "threshold"})
_IGNORED: Final = frozenset({"result"})  # what Coop notes about an evaluation


@dataclass(frozen=True)
class TextSignal:
    mode: Mode
    negated: bool = False


TEXT_SIGNALS: Final = {
    "TEXT_MATCHING_CONTAINS_TEXT": TextSignal(Mode.SUBSTRING),
    "TEXT_MATCHING_NOT_CONTAINS_TEXT": TextSignal(Mode.SUBSTRING, negated=True),
    "TEXT_MATCHING_CONTAINS_REGEX": TextSignal(Mode.REGEX),
    "TEXT_MATCHING_NOT_CONTAINS_REGEX": TextSignal(Mode.REGEX, negated=True),
    "TEXT_MATCHING_CONTAINS_VARIANT": TextSignal(Mode.VARIANT),
}
SIMILARITY: Final = "TEXT_SIMILARITY_SCORE"
STRIKES: Final = "USER_STRIKE_VALUE"
AGGREGATION: Final = "AGGREGATION"
EXTREMES: Final = {
    Comparator.LESS_THAN: "list_min",
    Comparator.LESS_THAN_OR_EQUALS: "list_min",
    Comparator.GREATER_THAN: "list_max",
    Comparator.GREATER_THAN_OR_EQUALS: "list_max",
}
"""Some element is below a value where the least is, and above it where the largest is."""
REFUSED_SIGNALS: Final = {
    "IMAGE_SIMILARITY_MATCH": "banks of images cannot be asked from rules",
    "IMAGE_SIMILARITY_DOES_NOT_MATCH": "banks of images cannot be asked from rules",
    "GEO_CONTAINED_WITHIN": "rules cannot ask where a geohash lies",
    "USER_SCORE": "scores of users are deprecated and not kept",
    "CUSTOM": "Coop does not implement it either",
}

Search = Callable[[Value], str]
AskSearches = Callable[[Mapping[object, object], TextSignal], tuple[Search, ...]]
"""Matching values -> what finds each of them in a value; raises Refused."""


@dataclass(frozen=True)
class Around:
    """What a condition stands in. count: None inside a counter, which sees fields alone."""

    scope: Scope
    searches: AskSearches
    count: AskCount | None


@dataclass(frozen=True)
class Leaf:
    read: Read
    comparator: Comparator | None
    threshold: str | float | bool | None


def leaf_sql(given: Mapping[object, object], around: Around) -> str:
    """Raises Refused."""
    unknown = [str(key) for key in given if key not in KEYS | _IGNORED]
    if unknown:
        raise Refused(unknown[0], f"`{unknown[0]}` is no part of a condition")
    read = read_input(given.get("input"), around.scope)
    leaf = Leaf(read, _comparator(given), _threshold(given))
    if leaf.comparator is Comparator.IS_NOT_PROVIDED:
        return leaf.read.absent
    if given.get("signal") is None:
        return _identity(leaf, around.scope.warn)
    return _signalled(leaf, given["signal"], given.get("matchingValues"), around)


def _signalled(leaf: Leaf, signal: object, matching: object, around: Around) -> str:
    name = _signal_type(signal)
    if name in TEXT_SIGNALS:
        return _text_signal(TEXT_SIGNALS[name], leaf, matching, around)
    if name == SIMILARITY:
        return _similarity(leaf, matching, around.scope.warn)
    if name in {STRIKES, AGGREGATION} and around.count is None:
        raise Refused("signal", f"the signal {name} cannot be asked inside a counter")
    if name == STRIKES:
        return _strikes(leaf)
    if name == AGGREGATION and around.count is not None:
        return _aggregation(leaf, around.count(signal))
    reason = REFUSED_SIGNALS.get(name, "no model or service answers for it here")
    raise Refused("signal", f"the signal {name} cannot be asked: {reason}")


def _comparator(given: Mapping[object, object]) -> Comparator | None:
    value = given.get("comparator")
    if value is None:
        return None
    if value not in {each.value for each in Comparator}:
        raise Refused("comparator", f"there is no comparator {value!r}")
    return Comparator(str(value))


def _threshold(given: Mapping[object, object]) -> str | float | bool | None:
    value = given.get("threshold")
    if value is None or isinstance(value, str | float | bool):
        return value
    if isinstance(value, int):
        return float(value)
    raise Refused("threshold", "a threshold is a text, a number, true or false")


def _signal_type(given: object) -> str:
    """From `type`, or from the JSON text in `id`."""
    if not isinstance(given, Mapping):
        raise Refused("signal", "a signal is an object")
    if isinstance(given.get("type"), str):
        return str(given["type"])
    try:
        found = json.loads(str(given.get("id")))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused("signal", "the signal names no type")
    return str(found.get("type"))


# -- without a signal: the value itself ------------------------------------------------------------


def _identity(leaf: Leaf, warn: Callable[[str], None]) -> str:
    if leaf.read.whole:
        warn("a whole item cannot be compared: Coop fails here, and so the condition is NULL")
        return "TRUE" if leaf.comparator is Comparator.IS_UNAVAILABLE else ERROR
    if leaf.read.joined:
        raise Refused("input", "`All text` reads a list, whose elements rules cannot join")
    return _any_of([_compared(value, leaf, warn) for value in leaf.read.values])


def _compared(value: Value, leaf: Leaf, warn: Callable[[str], None]) -> str:
    if value.type is None:
        raise Refused("input", f"values such as {value.sql} are compared by signals alone")
    if value.listed:
        return _any_element(value, leaf)
    answer = comparison(Score(value.sql, value.type), leaf.comparator, leaf.threshold)
    failed = answer == ERROR
    if failed:
        warn(f"{value.sql} is a text, the threshold is none: Coop fails here, and so it is NULL")
    if leaf.comparator is Comparator.IS_UNAVAILABLE:
        answer = "TRUE" if failed else "FALSE"
    return _when_there(value, answer)


def _when_there(value: Value, answer: str) -> str:
    if value.absent == "FALSE":
        return answer
    if answer in {"TRUE", "FALSE"}:
        return f"NOT ({value.absent})" if answer == "TRUE" else "FALSE"
    return f"CASE WHEN {value.absent} THEN FALSE ELSE {answer} END"


def _any_element(value: Value, leaf: Leaf) -> str:
    """An element that is an error is NULL, and one that passes decides."""
    if leaf.comparator is Comparator.IS_UNAVAILABLE:
        return "FALSE"
    literal = _literal(value, leaf)
    if literal is not None and leaf.comparator in EXTREMES:
        extreme = f"{EXTREMES[leaf.comparator]}({value.sql})"
        return f"coalesce({extreme} {SIGNS[leaf.comparator]} {literal}, FALSE)"
    if literal is None or leaf.comparator not in {Comparator.EQUALS, Comparator.NOT_EQUAL_TO}:
        raise Refused(
            "comparator", f"the elements of {value.sql} can only be compared with a finite value"
        )
    if leaf.comparator is Comparator.EQUALS:
        return f"coalesce(list_contains({value.sql}, {literal}), FALSE)"
    return f"coalesce(NOT list_has_all([{literal}], {value.sql}), FALSE)"


def _literal(value: Value, leaf: Leaf) -> str | None:
    """The threshold as it stands in the comparison of one value."""
    if leaf.comparator is None or value.type is None:
        return None
    if value.type is ScoreType.TEXT:
        return text_sql(leaf.threshold) if isinstance(leaf.threshold, str) else None
    if value.type is ScoreType.NUMBER:
        sql = comparison(Score("", value.type), Comparator.EQUALS, leaf.threshold)
        return sql.removeprefix(" = ") if sql.startswith(" = ") else None
    return None


# -- text matching ---------------------------------------------------------------------------------


def _text_signal(signal: TextSignal, leaf: Leaf, matching: object, around: Around) -> str:
    if leaf.read.whole or any(value.type is not ScoreType.TEXT for value in leaf.read.values):
        raise Refused("input", "only texts can be searched")
    if not leaf.read.values:
        return "FALSE"
    searches = around.searches(matching if isinstance(matching, Mapping) else {}, signal)
    warn = around.scope.warn
    if not searches:
        warn("nothing to look for is given: Coop fails here, and so the condition is NULL")
    if leaf.read.joined:
        warn("`All text` reads lists by element: a match across two of them is not found")
    if signal.negated and (leaf.read.joined or any(value.listed for value in leaf.read.values)):
        raise Refused("input", "rules cannot ask for an element of a list that lacks a text")
    return _any_of([_searched(value, signal, leaf, searches) for value in leaf.read.values])


def _searched(value: Value, signal: TextSignal, leaf: Leaf, searches: tuple[Search, ...]) -> str:
    found = _any_of([each(value) for each in searches])
    score = Score(f"NOT ({found})" if signal.negated else f"({found})", ScoreType.BOOLEAN)
    if leaf.comparator is Comparator.IS_UNAVAILABLE:
        return "FALSE" if searches else f"NOT ({value.absent})"
    if not searches:
        return _when_there(value, ERROR)
    if value.listed and leaf.comparator is not None and leaf.threshold is not None:
        answer = comparison(Score("", ScoreType.BOOLEAN), leaf.comparator, leaf.threshold)
        if answer:
            raise Refused("comparator", "rules ask of a list only whether an element matches")
    return _when_there(value, comparison(score, leaf.comparator, leaf.threshold))


def _similarity(leaf: Leaf, matching: object, warn: Callable[[str], None]) -> str:
    """The best of the texts written in the condition."""
    given = matching if isinstance(matching, Mapping) else {}
    if leaf.read.whole or any(value.type is not ScoreType.TEXT for value in leaf.read.values):
        raise Refused("input", "only texts can be compared with texts")
    if given.get("textBankIds"):
        raise Refused("matchingValues", "rules measure likeness to texts written out, not to banks")
    if leaf.read.joined or any(value.listed for value in leaf.read.values):
        raise Refused("input", "rules measure the likeness of single texts")
    terms = [text_sql(str(each)) for each in given.get("strings") or ()]
    warn("similarity() undoes disguises before it compares: scores can be higher than in Coop")
    return _any_of([_alike(value, terms, leaf) for value in leaf.read.values])


def _alike(value: Value, terms: list[str], leaf: Leaf) -> str:
    if leaf.comparator is Comparator.IS_UNAVAILABLE:
        return "FALSE" if terms else f"NOT ({value.absent})"
    if not terms:
        return _when_there(value, ERROR)
    score = Score(f"similarity({', '.join([value.sql, *terms])})", ScoreType.NUMBER)
    return _when_there(value, comparison(score, leaf.comparator, leaf.threshold))


def _strikes(leaf: Leaf) -> str:
    """Those of the author, or of a user who is the item: whom else Coop asks this of."""
    if any(value.sql not in {"creator", SELF} for value in leaf.read.values) or leaf.read.whole:
        raise Refused("input", "strikes are asked of an item's author")
    if not leaf.read.values or leaf.comparator is Comparator.IS_UNAVAILABLE:
        return "FALSE"
    person = leaf.read.values[0]
    score = Score(f"strikes({person.sql})", ScoreType.NUMBER)
    return _when_there(person, comparison(score, leaf.comparator, leaf.threshold))


def _aggregation(leaf: Leaf, count: Count) -> str:
    """A count of nothing, and one whose key lacks a part, are errors in Coop."""
    if not leaf.read.whole:
        if leaf.read.values:
            raise Refused("input", "an aggregation is asked of a whole item")
        return "FALSE"
    if leaf.comparator is Comparator.IS_UNAVAILABLE:
        return f"coalesce({count.sql} = 0, TRUE)" if count.sql else "TRUE"
    if not count.sql:
        return ERROR
    score = Score(count.sql, ScoreType.NUMBER)
    answer = comparison(score, leaf.comparator, leaf.threshold)
    if count.certain and answer not in {"TRUE", "FALSE"}:
        return answer
    return f"CASE WHEN {count.sql} > 0 THEN {answer} END"


def _any_of(parts: list[str]) -> str:
    if not parts:
        return "FALSE"
    return parts[0] if len(parts) == 1 else " OR ".join(f"({part})" for part in parts)
