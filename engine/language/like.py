"""LIKE patterns: read once, matched natively where they are simple, else by RE2 in linear time."""

from __future__ import annotations

from typing import Final

import re2

ANY: Final = "%"
ONE: Final = "_"
Parts = tuple[str, ...]
"""ANY and ONE as they are; literal text carries a leading '='."""


class LikeRefused(Exception):
    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def parse_like(pattern: str, escape: str) -> Parts:
    """escape: one character, or empty for none."""
    if len(escape) > 1 or escape in {ANY, ONE} or escape.lower() != escape.upper():
        raise LikeRefused("This escape cannot be used.", "Use one character such as '\\' or '!'.")
    parts: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            following = next(characters, "")
            if not following:
                raise LikeRefused(
                    "The pattern ends with its escape.", "Put the escaped character after it."
                )
            _add_literal(parts, following)
        elif character not in {ANY, ONE}:
            _add_literal(parts, character)
        elif character == ONE or parts[-1:] != [ANY]:
            parts.append(character)
    return tuple(parts)


def _add_literal(parts: list[str], character: str) -> None:
    if parts and parts[-1].startswith("="):
        parts[-1] += character
    else:
        parts.append(f"={character}")


def like_sql(parts: Parts) -> str:
    """The pattern again, escaped with a backslash."""
    return "".join(part if part in {ANY, ONE} else _escaped(part[1:]) for part in parts)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(ANY, f"\\{ANY}").replace(ONE, f"\\{ONE}")


def like_row(parts: Parts) -> tuple[str, dict[str, object]]:
    """A template that tests {0}, and what it needs."""
    shape = "".join("=" if part.startswith("=") else part for part in parts)
    texts = [part[1:] for part in parts if part.startswith("=")]
    match shape:
        case "":
            return "{0} == ''", {}
        case "%":
            return "True", {}
        case "=":
            return "{0} == {wanted}", {"wanted": texts[0]}
        case "%=%":
            return "{wanted} in {0}", {"wanted": texts[0]}
        case "=%":
            return "{0}.startswith({wanted})", {"wanted": texts[0]}
        case "%=":
            return "{0}.endswith({wanted})", {"wanted": texts[0]}
        case _ if ONE in shape:
            return "{search}({0}) is not None", {"search": re2.compile(_expression(parts)).search}
        case _:
            return "{pieces}({0})", {"pieces": Pieces(parts)}


def contained_text(pattern: str, escape: str) -> str:
    """The text that '%text%' looks for; empty where the pattern is of another shape."""
    match parse_like(pattern, escape):
        case ("%", text, "%") if text != ONE:
            return text[1:]
        case _:
            return ""


def _expression(parts: Parts) -> str:
    wild = {ANY: ".*", ONE: "."}
    body = "".join(wild.get(part) or re2.escape(part[1:]) for part in parts)
    return rf"(?s)\A{body}\z"


class Pieces:
    """Texts to be found one after the other, the outer two at the ends if nothing may precede."""

    def __init__(self, parts: Parts) -> None:
        literals = [part[1:] for part in parts if part != ANY]
        self._head = literals.pop(0) if parts[0] != ANY else ""
        self._tail = literals.pop() if parts[-1] != ANY else ""
        self._middle = literals

    def __call__(self, text: str) -> bool:
        end = len(text) - len(self._tail)
        position = len(self._head)
        if end < position or not (text.startswith(self._head) and text.endswith(self._tail)):
            return False
        for piece in self._middle:
            found = text.find(piece, position, end)
            if found < 0:
                return False
            position = found + len(piece)
        return True
