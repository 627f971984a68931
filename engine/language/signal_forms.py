"""Signals as functions of the language: how they are written, and the node of a call."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, Never

from engine.language.nodes import Constant, SignalCall
from engine.language.operator import Operator, Variant
from engine.language.refusals import QUERY_WORDS
from engine.language.registry import REGISTRY
from engine.language.signature import signature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.language.nodes import Node, Span
    from engine.signals import Signal

GROUP: Final = "installed signals"
_TAKEN: Final = frozenset({"creator", "thread", "item"})
_OVER_LISTS: Final = frozenset({"NUMBER", "BOOLEAN"})


def name_problem(name: str) -> str:
    """Why a signal may not have this name; empty where it may."""
    first = name.split(".", maxsplit=1)[0]
    if name in REGISTRY:
        return f"{name}() is a function of the language"
    if first.upper() in QUERY_WORDS or first in _TAKEN:
        return f"{first!r} means something else in a rule"
    if first in REGISTRY:
        return f"{first!r} is a function of the language: choose another vendor name"
    return ""


@lru_cache(maxsize=1024)
def signal_operator(signal: Signal) -> Operator:
    """So that a call is checked, and its mistakes are told, as of any other function."""
    options = "".join(
        f", {each.name} literal {'optional ' if each.optional else ''}{each.type}"
        for each in signal.options
    )
    texts = [f"value {each}{options} -> {signal.gives}" for each in signal.takes]
    if signal.gives in _OVER_LISTS:
        texts += [f"list LIST({each}){options} -> {signal.gives}" for each in signal.takes]
    variants = tuple(Variant(signature(each), _answered, _answered) for each in texts)
    return Operator(signal.name, GROUP, signal.summary, variants)


def _answered(_emitter: object, _node: object) -> Never:
    raise AssertionError("a signal is asked, never computed in place")


def signal_call(
    signal: Signal, variant: Variant, arguments: Sequence[Node], span: Span
) -> SignalCall:
    """arguments: they fit the variant, and all but the first are written out."""
    subject, *written = arguments
    options = (each.value for each in written if isinstance(each, Constant))
    result = variant.signature.returns.resolve({})
    return SignalCall(result, signal, subject, tuple(o for o in options if o is not None), span)
