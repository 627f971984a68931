"""What a comparator says of a score.

Where the types of score and threshold differ, the threshold is cast as JavaScript casts: to a
boolean for a boolean score (any text but the empty one is true), to a number otherwise. A text
against anything but a text never settles in Coop and is an error: NULL.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.language.duckdb_sql import text_sql

Threshold = str | float | bool
ERROR: Final = "NULL"
LARGEST_WHOLE: Final = 10**15  # above it, a number is written with an exponent


class Comparator(StrEnum):
    EQUALS = "EQUALS"
    NOT_EQUAL_TO = "NOT_EQUAL_TO"
    LESS_THAN = "LESS_THAN"
    LESS_THAN_OR_EQUALS = "LESS_THAN_OR_EQUALS"
    GREATER_THAN = "GREATER_THAN"
    GREATER_THAN_OR_EQUALS = "GREATER_THAN_OR_EQUALS"
    IS_UNAVAILABLE = "IS_UNAVAILABLE"
    IS_NOT_PROVIDED = "IS_NOT_PROVIDED"


SIGNS: Final = {
    Comparator.EQUALS: "=",
    Comparator.NOT_EQUAL_TO: "<>",
    Comparator.LESS_THAN: "<",
    Comparator.LESS_THAN_OR_EQUALS: "<=",
    Comparator.GREATER_THAN: ">",
    Comparator.GREATER_THAN_OR_EQUALS: ">=",
}


class ScoreType(StrEnum):
    BOOLEAN = "BOOLEAN"
    NUMBER = "NUMBER"
    TEXT = "TEXT"


@dataclass(frozen=True)
class Score:
    """sql: a value that is not NULL. ordered: for a text of an ordered list, its values."""

    sql: str
    type: ScoreType
    ordered: tuple[str, ...] = ()


def comparison(score: Score, comparator: Comparator | None, threshold: Threshold | None) -> str:
    """SQL for a score that is there. Without comparator or threshold, whether it is truthy."""
    if comparator not in SIGNS or threshold is None:
        return _truthy(score)
    if score.type is ScoreType.BOOLEAN:
        return _of_boolean(score.sql, comparator, truthy=as_boolean(threshold))
    if score.type is ScoreType.NUMBER:
        return _of_number(score.sql, comparator, as_number(threshold))
    if not isinstance(threshold, str):
        return ERROR
    if score.ordered:
        ranks = " ".join(f"WHEN {text_sql(v)} THEN {i}" for i, v in enumerate(score.ordered))
        place = score.ordered.index(threshold) if threshold in score.ordered else -1
        return f"CASE {score.sql} {ranks} ELSE -1 END {SIGNS[comparator]} {place}"
    return f"{score.sql} {SIGNS[comparator]} {text_sql(threshold)}"


def _truthy(score: Score) -> str:
    if score.type is ScoreType.BOOLEAN:
        return score.sql
    return f"{score.sql} <> " + ("0" if score.type is ScoreType.NUMBER else "''")


def _of_boolean(sql: str, comparator: Comparator, *, truthy: bool) -> str:
    """FALSE comes before TRUE."""
    holds = _holds(0.0, comparator, float(truthy)), _holds(1.0, comparator, float(truthy))
    by_answer = {(False, False): "FALSE", (True, True): "TRUE", (False, True): sql}
    return by_answer.get(holds, f"NOT ({sql})")


def _of_number(sql: str, comparator: Comparator, threshold: float) -> str:
    """A score is finite, so beyond all numbers (and for none) the answer is always the same."""
    if not math.isfinite(threshold):
        return str(_holds(0.0, comparator, threshold)).upper()
    return f"{sql} {SIGNS[comparator]} {number_text(threshold)}"


def _holds(score: float, comparator: Comparator, threshold: float) -> bool:
    return {
        Comparator.EQUALS: score == threshold,
        Comparator.NOT_EQUAL_TO: score != threshold,
        Comparator.LESS_THAN: score < threshold,
        Comparator.LESS_THAN_OR_EQUALS: score <= threshold,
        Comparator.GREATER_THAN: score > threshold,
        Comparator.GREATER_THAN_OR_EQUALS: score >= threshold,
    }[comparator]


def number_text(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) <= LARGEST_WHOLE else repr(value)


def as_boolean(value: Threshold) -> bool:
    return bool(value) and value == value  # noqa: PLR0124 - NaN is false


_DECIMAL: Final = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_INFINITE: Final = {"Infinity": math.inf, "+Infinity": math.inf, "-Infinity": -math.inf}
_PREFIXED: Final = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")


def as_number(value: Threshold) -> float:
    """As `Number(value)`: '' is 0, what is no number is NaN."""
    if not isinstance(value, str):
        return float(value)
    text = value.strip()
    if not text:
        return 0.0
    if _PREFIXED.fullmatch(text):
        return float(int(text, 0))
    if _DECIMAL.fullmatch(text):
        return float(text)
    return _INFINITE.get(text, math.nan)
