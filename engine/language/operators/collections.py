"""Lists and maps. A NULL element is never found and never missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeGuard

from engine.language.nodes import Apply, Constant
from engine.language.operator import (
    Example,
    Operator,
    RowEmitter,
    SqlEmitter,
    Variant,
    calls,
    fills,
    maybe_null,
    never_null,
    spread,
    write_row,
)
from engine.language.signature import signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.language.nodes import Node
    from engine.language.operator import RowCode

_TWO_LISTS = "list LIST(C), wanted LIST(C) -> BOOLEAN"


def has_any(left: list[object], right: list[object]) -> bool:
    known = set(right)
    known.discard(None)
    return not known.isdisjoint(left)


def has_all(left: list[object], right: list[object]) -> bool:
    known = set(right)
    known.discard(None)
    return known.issubset(left)


def _list_row(emitter: RowEmitter, node: Apply) -> str:
    if all(isinstance(each, Constant) for each in node.arguments):
        return emitter.hand([emitter.held(each) for each in node.arguments])
    return f"[{', '.join(emitter.value(each) for each in node.arguments)}]"


def _list_sql(emitter: SqlEmitter, node: Apply) -> str:
    return f"[{', '.join(emitter.value(each) for each in node.arguments)}]"


def _is_written_list(node: Node) -> TypeGuard[Apply]:
    return (
        isinstance(node, Apply)
        and node.operator == "[...]"
        and all(isinstance(each, Constant) for each in node.arguments)
    )


def _against_list(constant: str, general: Callable[[list[object], list[object]], bool]) -> RowCode:
    """A written list is made a set once, when the rule is compiled."""

    def emit(emitter: RowEmitter, node: Apply) -> str:
        wanted = node.arguments[1]
        if _is_written_list(wanted):
            members = frozenset(emitter.held(each) for each in wanted.arguments) - {None}
            return write_row(emitter, node.arguments[:1], constant, {"members": members})
        names: dict[str, object] = {"function": general}
        return write_row(emitter, node.arguments, "{function}({0}, {1})", names)

    return emit


def _size(given: str, sql: str) -> Variant:
    return Variant(
        signature(f"{given} -> NUMBER"),
        spread("{length}({0})", length=len),
        fills(f"CAST({sql}({{0}}) AS DOUBLE)"),
    )


def _list_function(
    name: str, summary: str, variant: Variant, *examples: Example, written: str = "", cost: int = 80
) -> Operator:
    return Operator(name, "lists and maps", summary, (variant,), examples, written, cost)


def _extreme(name: str, function: Callable[..., object], summary: str) -> Operator:
    return _list_function(
        name,
        summary,
        Variant(
            signature("list LIST(O) -> O"),
            spread("{extreme}({0})", extreme=_among_known(function)),
            calls(name),
            maybe_null,
        ),
        Example(f"{name}([3, NULL, 5])", 3.0 if name == "list_min" else 5.0),
        cost=300,
    )


def _among_known(function: Callable[..., object]) -> Callable[[list[object]], object]:
    return lambda members: function((m for m in members if m is not None), default=None)


OPERATORS: Final = (
    _list_function(
        "[...]",
        "A list of values of one type.",
        Variant(signature("member C... -> LIST(C)"), _list_row, _list_sql, never_null),
        Example("len(['a', 'b'])", 2.0),
        written="[member, ...]",
    ),
    Operator(
        "len",
        "lists and maps",
        "How many elements the list, entries the map or characters the text has.",
        (
            _size("list LIST(T)", "len"),
            _size("map MAP(T)", "cardinality"),
            _size("text TEXT", "length"),
        ),
        (Example("len([1, NULL, 3])", 3.0), Example("len('abc')", 3.0)),
    ),
    _list_function(
        "list_contains",
        "Whether the value is an element.",
        Variant(
            signature("list LIST(C), value C -> BOOLEAN"),
            spread("{1} in {0}"),
            calls("list_contains"),
        ),
        Example("list_contains(['a', 'b'], 'b')", value=True),
        Example("list_contains(['a', NULL], 'b')", value=False),
        Example("list_contains(['a'], NULL)", None),
    ),
    _list_function(
        "list_has_any",
        "Whether at least one of the wanted values is an element.",
        Variant(
            signature(_TWO_LISTS),
            _against_list("not {members}.isdisjoint({0})", has_any),
            calls("list_has_any"),
        ),
        Example("list_has_any(['a', 'b'], ['b', 'c'])", value=True),
        cost=150,
    ),
    _list_function(
        "list_has_all",
        "Whether every wanted value is an element.",
        Variant(
            signature(_TWO_LISTS),
            _against_list("{members}.issubset({0})", has_all),
            calls("list_has_all"),
        ),
        Example("list_has_all(['a', 'b'], ['b', 'a'])", value=True),
        Example("list_has_all(['a', 'b'], ['b', 'c'])", value=False),
        cost=150,
    ),
    _list_function(
        "[]",
        "The map's value for a key; NULL where the map has none.",
        Variant(
            signature("map MAP(T), key literal TEXT -> T"),
            spread("{0}.get({1})"),
            fills("({0})[{1}]"),
            maybe_null,
        ),
        written="map['key']",
        cost=50,
    ),
    _list_function(
        "map_keys",
        "The keys of the map, as a list.",
        Variant(signature("map MAP(T) -> LIST(TEXT)"), spread("[*{0}]"), calls("map_keys")),
        cost=60,
    ),
    _list_function(
        "map_values",
        "The values of the map, as a list.",
        Variant(signature("map MAP(T) -> LIST(T)"), spread("[*{0}.values()]"), calls("map_values")),
        cost=60,
    ),
    _extreme("list_min", min, "The least element that is not NULL; NULL where there is none."),
    _extreme("list_max", max, "The largest element that is not NULL; NULL where there is none."),
    _list_function(
        "list_count",
        "How many elements are the value.",
        Variant(
            signature("list LIST(C), value C -> NUMBER"),
            spread("{0}.count({1})"),
            fills(
                "CASE WHEN {1} IS NOT NULL THEN "
                "CAST(len(list_filter({0}, lambda _c: _c = {1})) AS DOUBLE) END"
            ),
        ),
        Example("list_count(['a', 'b', 'a', NULL], 'a')", 2.0),
        cost=150,
    ),
)
