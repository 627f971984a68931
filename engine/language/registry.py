"""Every operator and function, once. Checker, compilers, reference page and tests read this."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.language.operators import (
    collections,
    compare,
    facts,
    logic,
    numbers,
    signals,
    special,
    text,
    time,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.language.operator import Operator

_GROUPS: Final = (
    logic.OPERATORS,
    compare.OPERATORS,
    numbers.OPERATORS,
    text.OPERATORS,
    collections.OPERATORS,
    special.QUANTIFIERS,
    time.OPERATORS,
    signals.OPERATORS,
    special.OPERATORS,
    facts.OPERATORS,
)

REGISTRY: Final[Mapping[str, Operator]] = MappingProxyType(
    {operator.name: operator for group in _GROUPS for operator in group}
)

FUNCTIONS: Final = tuple(name for name, operator in REGISTRY.items() if not operator.written)
"""Those that are written name(arguments)."""
