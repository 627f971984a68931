"""The author's text cut into tokens, as DuckDB cuts it, with the place of each."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from engine.language.nodes import Span

if TYPE_CHECKING:
    from collections.abc import Iterator


class TokenKind(Enum):
    WORD = auto()
    QUOTED_NAME = auto()
    STRING = auto()
    NUMBER = auto()
    SYMBOL = auto()
    END = auto()


class Token(NamedTuple):
    """text: a word as written; a string or quoted name without its quotes."""

    kind: TokenKind
    text: str
    span: Span

    @property
    def keyword(self) -> str:
        """Upper case where this can be a keyword, else empty."""
        return self.text.upper() if self.kind is TokenKind.WORD else ""


class SyntaxProblem(Exception):
    """The text cannot be read; `check` turns it into a diagnostic."""

    def __init__(self, code: str, message: str, hint: str, span: Span) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.span = span


_SPACE = re.compile(r"(?:\s+|--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")
_TOKEN = re.compile(
    r"""
    (?P<word>(?:[^\W\d]|[^\x00-\x7f\s])(?:\w|[^\x00-\x7f\s]|\$)*)
  | "(?P<quoted>(?:[^"]|"")*)"
  | '(?P<string>(?:[^']|'')*)'
  | (?P<number>(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<symbol><>|!=|<=|>=|==|\|\||::|->|[-+*/%=<>(),.\[\]{}?:;@$~^&|\#!\\`])
    """,
    re.VERBOSE,
)
_KINDS = {
    "word": TokenKind.WORD,
    "quoted": TokenKind.QUOTED_NAME,
    "string": TokenKind.STRING,
    "number": TokenKind.NUMBER,
    "symbol": TokenKind.SYMBOL,
}


def tokens_of(text: str) -> Iterator[Token]:
    """Ends with one END token. Raises SyntaxProblem at the first thing that is no token.

    Read as far as the parser asks, so that a text it gives up on early costs little.
    """
    position = _skip_space(text, 0)
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise _unreadable(text, position)
        yield _token(found)
        position = _skip_space(text, found.end())
    yield Token(TokenKind.END, "", Span(len(text), len(text)))


def _skip_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    assert found is not None
    return found.end()


def _token(found: re.Match[str]) -> Token:
    group = found.lastgroup or ""
    text = found[group]
    if group == "string":
        text = text.replace("''", "'")
    elif group == "quoted":
        text = text.replace('""', '"')
    return Token(_KINDS[group], text, Span(found.start(), found.end()))


def _unreadable(text: str, position: int) -> SyntaxProblem:
    character = text[position]
    rest = Span(position, len(text))
    if character == "'":
        return SyntaxProblem(
            "syntax", "This text is never closed.", "End it with a single quote (').", rest
        )
    if character == '"':
        return SyntaxProblem(
            "syntax", "This quoted name is never closed.", 'End it with a double quote (").', rest
        )
    return SyntaxProblem(
        "syntax",
        f"{character!a} cannot stand here.",
        "Remove it, or put it inside a text ('...').",
        Span(position, position + 1),
    )
