"""A place in the tokens, and what to say when something else stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.language.lexer import SyntaxProblem, Token, TokenKind
from engine.language.refusals import hint_of_stray, refusal_of_symbol, refusal_of_word

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cursor:
    def __init__(self, tokens: Iterator[Token]) -> None:
        """The tokens end with an END token, which is never passed."""
        self._rest = tokens
        self._read = [next(tokens)]
        self._next = 0

    def peek(self, ahead: int = 0) -> Token:
        wanted = self._next + ahead
        while wanted >= len(self._read) and self._read[-1].kind is not TokenKind.END:
            self._read.append(next(self._rest))
        return self._read[min(wanted, len(self._read) - 1)]

    def take(self) -> Token:
        token = self.peek()
        self._next += 1
        return token

    def previous(self) -> Token:
        return self._read[self._next - 1]

    def at_symbol(self, *symbols: str) -> bool:
        token = self.peek()
        return token.kind is TokenKind.SYMBOL and token.text in symbols

    def take_symbol(self, symbol: str, wanted: str) -> Token:
        if not self.at_symbol(symbol):
            raise self.unexpected(wanted)
        return self.take()

    def take_keyword(self, keyword: str) -> Token:
        if self.peek().keyword != keyword:
            raise self.unexpected(keyword)
        return self.take()

    def unexpected(self, wanted: str) -> SyntaxProblem:
        token = self.peek()
        if token.kind is TokenKind.END:
            message = f"The rule ends where {wanted} should follow."
            return SyntaxProblem("syntax", message, "Finish the condition.", token.span)
        refused = (
            refusal_of_symbol(token.text)
            if token.kind is TokenKind.SYMBOL
            else refusal_of_word(token.keyword)
        )
        if refused:
            return SyntaxProblem("not-allowed", *refused, token.span)
        before = self.previous() if self._next else None
        hint = (
            "A text is written in single quotes."
            if token.kind is TokenKind.WORD
            else hint_of_stray(token.text, before.text if before else "")
        )
        message = f"Here {wanted} should stand, not {token.text[:40]!r}."
        return SyntaxProblem("syntax", message, hint, token.span)
