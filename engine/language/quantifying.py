"""What any(), all() and count() make of the answers of a list's elements, in both engines.

In three-valued logic: any() is TRUE where an element is, else unknown where one is unknown; all()
is FALSE where an element is, else unknown where one is unknown; count() counts those that are TRUE.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.language.nodes import Quantifier

if TYPE_CHECKING:
    from collections.abc import Iterable


def _any(answers: Iterable[bool | None]) -> bool | None:
    unknown = False
    for answer in answers:
        if answer:
            return True
        unknown = unknown or answer is None
    return None if unknown else False


def _all(answers: Iterable[bool | None]) -> bool | None:
    unknown = False
    for answer in answers:
        if answer is False:
            return False
        unknown = unknown or answer is None
    return None if unknown else True


def _count(answers: Iterable[bool | None]) -> float:
    return float(sum(answer is True for answer in answers))


ROW_QUANTIFIERS: Final = MappingProxyType(
    {
        Quantifier.ANY: _any,
        Quantifier.ALL: _all,
        Quantifier.COUNT: _count,
        Quantifier.EACH: list,
    }
)

_UNKNOWN: Final = "WHEN list_count({0}) < len({0}) THEN NULL"
SQL_QUANTIFIERS: Final = MappingProxyType(
    {
        Quantifier.ANY: f"CASE WHEN list_contains({{0}}, TRUE) THEN TRUE {_UNKNOWN} "
        "WHEN {0} IS NOT NULL THEN FALSE END",
        Quantifier.ALL: f"CASE WHEN list_contains({{0}}, FALSE) THEN FALSE {_UNKNOWN} "
        "WHEN {0} IS NOT NULL THEN TRUE END",
        Quantifier.EACH: "{0}",
    }
)
"""Of the list of answers; list_count() counts what is not NULL."""
