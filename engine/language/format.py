"""Syntax back to text, in one canonical spelling: what is stored, shown and compared."""

from __future__ import annotations

from typing import Final

from engine.language.intervals import format_interval, format_time
from engine.language.nodes import Literal, LiteralKind, Name, Operation, Syntax
from engine.language.parser import RESERVED
from engine.language.refusals import QUERY_WORDS

WIDEST_LINE: Final = 88

_OR, _AND, _NOT, _IS, _COMPARE, _RANGE, _CONCAT, _SUM, _PRODUCT, _SIGN, _ATOM = range(1, 12)
_POWERS: Final = {
    "or": _OR,
    "and": _AND,
    "not": _NOT,
    **dict.fromkeys(("=", "<>", "<", "<=", ">", ">="), _COMPARE),
    "||": _CONCAT,
    "+": _SUM,
    "-": _SUM,
    "*": _PRODUCT,
    "/": _PRODUCT,
    "%": _PRODUCT,
    "-x": _SIGN,
}
_RANGES: Final = {"between", "in", "like", "ilike"}


def format_rule(syntax: Syntax) -> str:
    """One line; where that is too long, one line for each condition of the outermost chain."""
    line = _text(syntax)
    if len(line) <= WIDEST_LINE or not isinstance(syntax, Operation):
        return line
    if syntax.name not in {"and", "or"}:
        return line
    parts = [_within(each, _POWERS[syntax.name] + 1) for each in syntax.arguments]
    return f"\n{syntax.name.upper()} ".join(parts)


def _power(syntax: Syntax) -> int:
    if isinstance(syntax, Literal):
        negative = isinstance(syntax.value, float) and syntax.value < 0
        return _SIGN if negative else _ATOM
    if isinstance(syntax, Name):
        return _ATOM
    if syntax.name.startswith("is "):
        return _IS
    if syntax.name.removeprefix("not ") in _RANGES:
        return _RANGE
    return _POWERS.get(syntax.name, _ATOM)


def _within(syntax: Syntax, needed: int) -> str:
    text = _text(syntax)
    return text if _power(syntax) >= needed else f"({text})"


def _text(syntax: Syntax) -> str:
    match syntax:
        case Literal():
            return _literal(syntax)
        case Name():
            return ".".join(quoted_name(part) for part in syntax.parts)
        case Operation():
            return _operation(syntax)


def _literal(literal: Literal) -> str:
    match literal.kind, literal.value:
        case LiteralKind.TEXT, str(text):
            return quoted_text(text)
        case LiteralKind.INTERVAL, int(length):
            return f"INTERVAL '{format_interval(length)}'"
        case LiteralKind.TIME, int(moment):
            return f"TIMESTAMP '{format_time(moment)}'"
        case LiteralKind.NUMBER, float(number):
            return format_number(number)
        case _:
            return "NULL" if literal.value is None else str(literal.value).upper()


def format_number(value: float) -> str:
    whole = value.is_integer() and abs(value) < 1e15  # noqa: PLR2004 - digits of a double
    return str(int(value)) if whole else repr(value)


def quoted_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    plain = (name[:1].isalpha() or name[:1] == "_") and name.replace("_", "a").isalnum()
    if plain and name.upper() not in RESERVED | QUERY_WORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def _operation(operation: Operation) -> str:
    name, arguments = operation.name, operation.arguments
    power = _power(operation)
    if power == _IS:
        return f"{_within(arguments[0], _RANGE)} {name.upper()}"
    if power == _RANGE:
        return _range(operation)
    if name in {"and", "or", "||"}:
        return f" {name.upper()} ".join(_within(each, power + 1) for each in arguments)
    if name == "not":
        return f"NOT {_within(arguments[0], _NOT + 1)}"
    if name == "-x":
        return f"-{_within(arguments[0], _ATOM)}"
    if power < _ATOM:
        left = power + 1 if power == _COMPARE else power
        return f"{_within(arguments[0], left)} {name} {_within(arguments[1], power + 1)}"
    return _call(name, arguments)


def _range(operation: Operation) -> str:
    subject, *rest = (_within(each, _RANGE + 1) for each in operation.arguments)
    word = operation.name.upper()
    match word.removeprefix("NOT "), rest:
        case "IN", _:
            return (
                f"{subject} {word} ({', '.join(_text(each) for each in operation.arguments[1:])})"
            )
        case "BETWEEN", [low, high]:
            return f"{subject} {word} {low} AND {high}"
        case _, [pattern, *escape]:
            return f"{subject} {word} {pattern}{''.join(f' ESCAPE {each}' for each in escape)}"
        case _:
            raise AssertionError(operation)


def _call(name: str, arguments: tuple[Syntax, ...]) -> str:
    texts = [_text(each) for each in arguments]
    match name:
        case "case":
            default = f" ELSE {texts.pop()}" if len(texts) % 2 else ""
            pairs = zip(texts[::2], texts[1::2], strict=True)
            branches = " ".join(f"WHEN {when} THEN {then}" for when, then in pairs)
            return f"CASE {branches}{default} END"
        case "[...]":
            return f"[{', '.join(texts)}]"
        case "[]":
            return f"{_within(arguments[0], _ATOM)}[{texts[1]}]"
        case _:
            return f"{name}({', '.join(texts)})"
