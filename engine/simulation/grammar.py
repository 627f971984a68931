"""Template grammars: `{noun}` in a template is replaced by one production of the symbol `noun`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.simulation.chance import Chance

_SLOT = re.compile(r"\{(\w+)\}")


def expand(
    grammar: Mapping[str, tuple[str, ...]],
    symbol: str,
    chance: Chance,
    given: Mapping[str, str] | None = None,
) -> str:
    """A text of the symbol; `given` fixes some slots. Raises KeyError for an unknown symbol."""
    fixed = given or {}

    def replace(slot: re.Match[str]) -> str:
        name = slot.group(1)
        return fixed[name] if name in fixed else expand(grammar, name, chance, fixed)

    return _SLOT.sub(replace, chance.choice(grammar[symbol]))


def symbols(grammar: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Every symbol that some template asks for."""
    return {name for templates in grammar.values() for t in templates for name in _SLOT.findall(t)}
