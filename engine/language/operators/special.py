"""Functions whose answer is not made of their arguments' values alone: banks and counters.

The checker builds their nodes itself (`bindings.py`) and both compilers know these nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Never

from engine.language.operator import Operator, Variant
from engine.language.signature import signature

if TYPE_CHECKING:
    from engine.language.nodes import Apply


def _compiled_as_its_own_node(_emitter: object, node: Apply) -> Never:
    raise AssertionError(f"{node.operator} is never an application")


def _special(*signatures: str) -> tuple[Variant, ...]:
    return tuple(
        Variant(signature(each), _compiled_as_its_own_node, _compiled_as_its_own_node)
        for each in signatures
    )


OPERATORS: Final = (
    Operator(
        "matches",
        "banks",
        "Whether an entry of the bank is found in the text, or in any element of the list. With a "
        "mode (word, substring, regex) every entry is read in that mode instead of its own.",
        _special(
            "text TEXT, bank literal TEXT, mode literal optional TEXT -> BOOLEAN",
            "list LIST(TEXT), bank literal TEXT, mode literal optional TEXT -> BOOLEAN",
        ),
        cost=2_000,
    ),
    Operator(
        "count_recent",
        "counters",
        "How many items of this type with the same key arrived within the window that ends with "
        "this item, itself included; with a condition, how many of those met it. NULL if the key "
        "is. The condition may use fields and pure functions, no banks, counters or arrived_at().",
        _special(
            "key ITEM, window literal TEXT -> NUMBER",
            "key ITEM, window literal TEXT, where BOOLEAN -> NUMBER",
            "key C, window literal TEXT -> NUMBER",
            "key C, window literal TEXT, where BOOLEAN -> NUMBER",
        ),
        cost=20,
    ),
)
