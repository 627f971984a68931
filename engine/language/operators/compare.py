"""Comparisons. Texts compare by code point, times by instant; NULL compares as unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from engine.language.like import LikeRefused, like_row, like_sql, parse_like
from engine.language.nodes import Apply, Constant, Value
from engine.language.operator import (
    Example,
    Operator,
    RowEmitter,
    SqlEmitter,
    Variant,
    fills,
    spread,
    write_row,
    written_values,
)
from engine.language.signature import signature
from engine.language.texts import lower
from engine.language.types import TEXT

if TYPE_CHECKING:
    from engine.language.nodes import Node


def _comparison(
    name: str, python: str, kind: str, summary: str, examples: tuple[Example, ...]
) -> Operator:
    return Operator(
        name,
        "compare",
        summary,
        (
            Variant(
                signature(f"left {kind}, right {kind} -> BOOLEAN"),
                spread(f"{{0}} {python} {{1}}"),
                fills(f"({{0}} {name} {{1}})"),
            ),
        ),
        examples,
        f"left {name} right",
        cost=10,
    )


def _between_row(emitter: RowEmitter, node: Apply) -> str:
    _value, *ends = node.arguments
    if any(emitter.nullable(each) for each in ends):
        values = ", ".join(emitter.value(each) for each in node.arguments)
        return f"{emitter.hand(_is_between)}({values})"
    return write_row(emitter, node.arguments, "{1} <= {0} <= {2}", {})


def _is_between(value: Any, low: Any, high: Any) -> bool | None:
    """Unknown ends: FALSE if the other end already rules the value out."""
    if value is None:
        return None
    above = None if low is None else low <= value
    below = None if high is None else value <= high
    if above is False or below is False:
        return False
    return None if above is None or below is None else True


def _in_row(emitter: RowEmitter, node: Apply) -> str:
    members = [emitter.held(each) for each in node.arguments[1:]]
    known = frozenset(members) - {None}
    found = "{0} in {members}"
    template = f"(True if {found} else None)" if None in members else found
    return write_row(emitter, node.arguments[:1], template, {"members": known})


def _in_sql(emitter: SqlEmitter, node: Apply) -> str:
    value, *members = (emitter.value(each) for each in node.arguments)
    return f"({value} IN ({', '.join(members)}))"


def _like_row(emitter: RowEmitter, node: Apply) -> str:
    template, names = like_row(_parts(node))
    return write_row(emitter, node.arguments[:1], template, names)


def _like_sql(emitter: SqlEmitter, node: Apply) -> str:
    pattern = Constant(TEXT, like_sql(_parts(node)))
    return f"({emitter.value(node.arguments[0])} LIKE {emitter.value(pattern)} ESCAPE '\\')"


def _parts(node: Apply) -> tuple[str, ...]:
    _, pattern, *escape = written_values(node)
    return parse_like(str(pattern), str(escape[0]) if escape else "")


def _refuse_like(values: tuple[Value, ...]) -> tuple[str, str, str] | None:
    _, pattern, *escape = values
    try:
        parse_like(str(pattern), str(escape[0]) if escape else "")
    except LikeRefused as refused:
        return "bad-pattern", str(refused), refused.hint
    return None


def _ignore_case(node: Apply) -> Node:
    """ILIKE is LIKE over lower(): the same mapping of code points on both sides."""
    value, pattern, *escape = node.arguments
    assert isinstance(pattern, Constant)
    lowered = Constant(TEXT, lower(str(pattern.value)), pattern.span)
    subject = Apply(TEXT, "lower", (value,), span=value.span)
    return Apply(node.type, "like", (subject, lowered, *escape), span=node.span)


_LIKE = "text TEXT, pattern literal TEXT, escape literal optional TEXT -> BOOLEAN"

OPERATORS: Final = (
    _comparison("=", "==", "C", "Whether both are the same.", (Example("1 = 1.0", value=True),)),
    _comparison("<>", "!=", "C", "Whether they differ.", (Example("'a' <> 'A'", value=True),)),
    _comparison("<", "<", "O", "Less, or earlier.", (Example("'a' < 'b'", value=True),)),
    _comparison("<=", "<=", "O", "Less or the same.", (Example("2 <= NULL", value=None),)),
    _comparison(
        ">",
        ">",
        "O",
        "More, or later.",
        (Example("INTERVAL '1 day' > INTERVAL '23 hours'", value=True),),
    ),
    _comparison(">=", ">=", "O", "More or the same.", (Example("0.1 + 0.2 >= 0.3", value=True),)),
    Operator(
        "between",
        "compare",
        "Whether low <= value and value <= high.",
        (
            Variant(
                signature("value O, low O, high O -> BOOLEAN"),
                _between_row,
                fills("({0} BETWEEN {1} AND {2})"),
            ),
        ),
        (
            Example("2 BETWEEN 1 AND 2", value=True),
            Example("5 BETWEEN NULL AND 2", value=False),
        ),
        "value [NOT] BETWEEN low AND high",
        cost=15,
    ),
    Operator(
        "in",
        "compare",
        "Whether the value is one of those written; unknown if it is not and one of them is NULL.",
        (Variant(signature("value C, member literal C... -> BOOLEAN"), _in_row, _in_sql),),
        (
            Example("'b' IN ('a', 'b')", value=True),
            Example("'c' IN ('a', NULL)", value=None),
            Example("'c' NOT IN ('a', 'b')", value=True),
        ),
        "value [NOT] IN (member, ...)",
        cost=12,
    ),
    Operator(
        "like",
        "compare",
        "Whether the whole text fits the pattern: % is any text, _ any one character. "
        "With ESCAPE 'c', c before % or _ means the character itself.",
        (Variant(signature(_LIKE), _like_row, _like_sql),),
        (
            Example("'free money' LIKE '%money%'", value=True),
            Example("'50% off' LIKE '50!% %' ESCAPE '!'", value=True),
        ),
        "text [NOT] LIKE 'pattern' [ESCAPE 'c']",
        cost=40,
        refuse=_refuse_like,
    ),
    Operator(
        "ilike",
        "compare",
        "LIKE without regard to case, as lower() maps it.",
        (Variant(signature(_LIKE), _like_row, _like_sql),),
        (Example("'FREE Money' ILIKE '%money%'", value=True),),
        "text [NOT] ILIKE 'pattern' [ESCAPE 'c']",
        cost=60,
        refuse=_refuse_like,
        rewrite=_ignore_case,
    ),
)
