"""Tokens to syntax, by precedence, for the expressions a rule may use and no others.

Precedence is DuckDB's, loosest first: OR, AND, NOT, IS, comparisons (which do not chain), BETWEEN
IN LIKE, ||, + -, * / %, unary minus, then `.` and `[]`. Everything outside the allow-list is
refused where it stands. Length and depth are bounded before anything recurses.
"""

from __future__ import annotations

import re
from typing import Final

from engine.language.cursor import Cursor
from engine.language.intervals import parse_interval, parse_time
from engine.language.lexer import SyntaxProblem, Token, TokenKind, tokens_of
from engine.language.nodes import Literal, LiteralKind, Name, Operation, Span, Syntax
from engine.language.refusals import refusal_of_word

LONGEST_TEXT: Final = 20_000
DEEPEST: Final = 50
LONGEST_LIST: Final = 1_000

_LENGTH: Final = "Write INTERVAL '7 days': seconds to weeks, 36,500 days at most."
_AHEAD: Final = (
    "A length of time is not negative. Of a time after the item's arrival write "
    "time > arrived_at() + INTERVAL '1 hour'."
)
_NOT_TEXT: Final = re.compile("[\0\ud800-\udfff]")

_COMPARISONS: Final = {"=", "==", "<>", "!=", "<", "<=", ">", ">="}
_SAME: Final = {"==": "=", "!=": "<>"}
_OR, _AND, _NOT, _IS, _COMPARE, _RANGE, _CONCAT, _SUM, _PRODUCT, _UNARY = range(1, 11)
_INFIX: Final = {"||": _CONCAT, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT}
_FLAT: Final = {"and", "or", "||"}
_FLAT_POWERS: Final = {_AND, _OR, _CONCAT}
_RANGES: Final = {"BETWEEN", "IN", "LIKE", "ILIKE"}
RESERVED: Final = frozenset(
    [
        "AND",
        "OR",
        "NOT",
        "IS",
        "NULL",
        "TRUE",
        "FALSE",
        "BETWEEN",
        "IN",
        "LIKE",
        "ILIKE",
        "ESCAPE",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
    ]
)
"""Words that are no names unless in double quotes."""


def parse(text: str) -> Syntax:
    """Raises SyntaxProblem."""
    _check_size(text)
    parser = _Parser(tokens_of(text))
    tree = parser.expression(0)
    parser.expect_end()
    _check_depth(tree)
    return tree


def _check_size(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise SyntaxProblem(
            "too-long",
            f"A rule may have {LONGEST_TEXT:,} characters; this one has {len(text):,}.",
            "Put long lists of words into a bank and use matches(field, 'bank').",
            Span(LONGEST_TEXT, LONGEST_TEXT + 1),
        )
    found = _NOT_TEXT.search(text)
    if found:
        raise SyntaxProblem(
            "syntax", f"The character {found[0]!a} is not text.", "Remove it.", Span(*found.span())
        )


def _too_deep(span: Span) -> SyntaxProblem:
    return SyntaxProblem(
        "too-deep",
        f"Expressions may be nested {DEEPEST} deep; this goes deeper.",
        "Remove parentheses that are not needed, or split the rule in two.",
        span,
    )


def _check_depth(tree: Syntax) -> None:
    stack: list[tuple[Syntax, int]] = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > DEEPEST:
            raise _too_deep(node.span)
        if isinstance(node, Operation):
            stack.extend((argument, depth + 1) for argument in node.arguments)


def _join(first: Syntax, last: Syntax | Token) -> Span:
    return Span(first.span.start, last.span.end)


class _Parser(Cursor):
    _depth = 0

    def expect_end(self) -> None:
        if self.peek().kind is not TokenKind.END:
            raise self.unexpected("an operator such as AND, or the end,")

    # -- operators --------------------------------------------------------------------------------

    def expression(self, binding: int) -> Syntax:
        """Everything that binds tighter than `binding`."""
        self._depth += 1
        if self._depth > 2 * DEEPEST + 2:
            raise _too_deep(self.peek().span)
        left, chained = self._prefix(), 0
        while (power := self._power()) > binding:
            chained += power not in _FLAT_POWERS
            if chained > DEEPEST:
                raise _too_deep(self.peek().span)
            left = self._infix(left, power)
        self._depth -= 1
        return left

    def _power(self) -> int:
        token = self.peek()
        if token.kind is TokenKind.SYMBOL:
            return _COMPARE if token.text in _COMPARISONS else _INFIX.get(token.text, 0)
        match token.keyword:
            case "OR":
                return _OR
            case "AND":
                return _AND
            case "IS":
                return _IS
            case "NOT":
                return _RANGE if self.peek(1).keyword in _RANGES else 0
            case word:
                return _RANGE if word in _RANGES else 0

    def _infix(self, left: Syntax, power: int) -> Syntax:
        if power == _IS:
            return self._is(left)
        if power == _RANGE:
            return self._range(left)
        token = self.take()
        right = self.expression(power)
        if power == _COMPARE and self.at_symbol(*_COMPARISONS):
            raise SyntaxProblem(
                "syntax",
                "Comparisons do not chain.",
                "Write `a < b AND b < c`, or `b BETWEEN a AND c`.",
                self.peek().span,
            )
        name = _SAME.get(token.text, token.text).lower()
        return _combine(name, left, right, token.span)

    def _is(self, left: Syntax) -> Syntax:
        word = self.take()
        negated = self.peek().keyword == "NOT" and bool(self.take())
        token = self.peek()
        if token.keyword not in {"NULL", "TRUE", "FALSE"}:
            raise self.unexpected("NULL, TRUE or FALSE")
        self.take()
        name = f"is {'not ' if negated else ''}{token.keyword.lower()}"
        return Operation(name, (left,), _join(left, token), Span(word.span.start, token.span.end))

    def _range(self, left: Syntax) -> Syntax:
        first = self.peek()
        negated = first.keyword == "NOT" and bool(self.take())
        word = self.take()
        span = Span(first.span.start, word.span.end)
        prefix = "not " if negated else ""
        match word.keyword:
            case "BETWEEN":
                low = self.expression(_RANGE)
                self.take_keyword("AND")
                high = self.expression(_RANGE)
                return Operation(f"{prefix}between", (left, low, high), _join(left, high), span)
            case "IN":
                return self._in(left, f"{prefix}in", span)
            case like:
                return self._like(left, f"{prefix}{like.lower()}", span)

    def _in(self, left: Syntax, name: str, word: Span) -> Syntax:
        opening = self.take_symbol("(", "a list in parentheses")
        members = self._arguments(")")
        closing = self.previous()
        if not members:
            raise SyntaxProblem(
                "syntax",
                "IN needs at least one value.",
                "Write IN ('a', 'b').",
                Span(opening.span.start, closing.span.end),
            )
        return Operation(name, (left, *members), _join(left, closing), word)

    def _like(self, left: Syntax, name: str, word: Span) -> Syntax:
        pattern = self.expression(_RANGE)
        if self.peek().keyword != "ESCAPE":
            return Operation(name, (left, pattern), _join(left, pattern), word)
        self.take()
        escape = self.expression(_RANGE)
        return Operation(name, (left, pattern, escape), _join(left, escape), word)

    # -- operands ---------------------------------------------------------------------------------

    def _prefix(self) -> Syntax:
        token = self.peek()
        if token.keyword == "NOT":
            self.take()
            operand = self.expression(_NOT)
            return Operation(
                "not", (operand,), Span(token.span.start, operand.span.end), token.span
            )
        if token.kind is TokenKind.SYMBOL and token.text in {"-", "+"}:
            return self._sign(self.take())
        return self._postfix(self._operand())

    def _sign(self, sign: Token) -> Syntax:
        operand = self.expression(_UNARY)
        span = Span(sign.span.start, operand.span.end)
        if sign.text == "+":
            return operand
        if isinstance(operand, Literal) and isinstance(operand.value, float):
            return Literal(LiteralKind.NUMBER, -operand.value, span)
        return Operation("-x", (operand,), span, sign.span)

    def _postfix(self, operand: Syntax) -> Syntax:
        plain = self.previous().kind is TokenKind.WORD
        for _ in range(DEEPEST):
            if not self.at_symbol(".", "["):
                return operand
            if self.take().text == "[":
                key = self.expression(0)
                closing = self.take_symbol("]", "a closing bracket ]")
                operand = Operation("[]", (operand, key), _join(operand, closing), key.span)
            elif isinstance(operand, Name):
                part = self._take_name()
                plain = plain and part.kind is TokenKind.WORD
                operand = Name((*operand.parts, part.text), _join(operand, part))
                if plain and self.at_symbol("("):
                    return self._call(Token(part.kind, ".".join(operand.parts), operand.span))
            else:
                raise self.unexpected("an operator such as AND, not a dot,")
        raise _too_deep(self.peek().span)

    def _take_name(self) -> Token:
        if self.peek().kind not in {TokenKind.WORD, TokenKind.QUOTED_NAME}:
            raise self.unexpected("the name of a field")
        return self.take()

    def _operand(self) -> Syntax:
        token = self.peek()
        match token.kind:
            case TokenKind.NUMBER:
                return self._number(self.take())
            case TokenKind.STRING:
                self.take()
                return Literal(LiteralKind.TEXT, token.text, token.span)
            case TokenKind.QUOTED_NAME:
                self.take()
                return Name((token.text,), token.span)
            case TokenKind.WORD:
                return self._word()
            case _:
                return self._bracketed()

    def _bracketed(self) -> Syntax:
        if self.at_symbol("("):
            self.take()
            inner = self.expression(0)
            self.take_symbol(")", "a closing parenthesis )")
            return inner
        if self.at_symbol("["):
            opening = self.take()
            members = self._arguments("]")
            closing = self.previous()
            span = Span(opening.span.start, closing.span.end)
            return Operation("[...]", members, span, span)
        raise self.unexpected("a field, a value or a function")

    @staticmethod
    def _number(token: Token) -> Syntax:
        value = float(token.text.replace("_", ""))
        if value == float("inf"):
            raise SyntaxProblem(
                "bad-literal",
                "This number is too large.",
                "Numbers go up to 1.797e308.",
                token.span,
            )
        return Literal(LiteralKind.NUMBER, value, token.span)

    def _word(self) -> Syntax:
        token = self.peek()
        follows = self.peek(1)
        called = follows.kind is TokenKind.SYMBOL and follows.text == "("
        quoted = follows.kind is TokenKind.STRING
        match token.keyword:
            case "NULL":
                return Literal(LiteralKind.NULL, None, self.take().span)
            case "TRUE" | "FALSE" as truth:
                return Literal(LiteralKind.BOOLEAN, truth == "TRUE", self.take().span)
            case "CASE":
                return self._case()
            case "INTERVAL" if quoted or follows.kind is TokenKind.NUMBER:
                return self._interval()
            case "TIMESTAMP" | "TIMESTAMPTZ" | "DATE" if quoted:
                return self._time()
            case word if word in RESERVED:
                raise self.unexpected("a field, a value or a function")
            case word if refused := refusal_of_word(word):
                raise SyntaxProblem("not-allowed", refused[0], refused[1], token.span)
        self.take()
        return self._call(token) if called else Name((token.text,), token.span)

    def _call(self, name: Token) -> Syntax:
        self.take_symbol("(", "an opening parenthesis")
        arguments = self._arguments(")")
        closing = self.previous()
        span = Span(name.span.start, closing.span.end)
        return Operation(name.text.lower(), arguments, span, name.span)

    def _arguments(self, closing: str) -> tuple[Syntax, ...]:
        """Up to and with the closing bracket."""
        arguments: list[Syntax] = []
        while not self.at_symbol(closing):
            if arguments:
                self.take_symbol(",", f"a comma or {closing}")
            if len(arguments) == LONGEST_LIST:
                raise SyntaxProblem(
                    "too-many",
                    f"A list may have {LONGEST_LIST:,} members.",
                    "Put long lists into a bank and use matches(field, 'bank').",
                    self.peek().span,
                )
            arguments.append(self.expression(0))
        self.take()
        return tuple(arguments)

    def _case(self) -> Syntax:
        word = self.take()
        parts: list[Syntax] = []
        subject = None if self.peek().keyword == "WHEN" else self.expression(0)
        while self.peek().keyword == "WHEN":
            when = self.take()
            condition = self.expression(0)
            if subject is not None:
                condition = Operation("=", (subject, condition), condition.span, when.span)
            self.take_keyword("THEN")
            parts += [condition, self.expression(0)]
        if not parts:
            raise self.unexpected("WHEN")
        if self.peek().keyword == "ELSE":
            self.take()
            parts.append(self.expression(0))
        end = self.take_keyword("END")
        return Operation("case", tuple(parts), Span(word.span.start, end.span.end), word.span)

    def _interval(self) -> Syntax:
        word, amount = self.take(), self.take()
        written, end = amount.text, amount
        if parse_interval(f"1 {self.peek().text}") is not None and self.peek().keyword:
            end = self.take()
            written = f"{written} {end.text}"
        span = Span(word.span.start, end.span.end)
        value = parse_interval(written)
        if value is None:
            raise SyntaxProblem(
                "bad-literal",
                f"{written!r} is not a length of time with a fixed size.",
                _AHEAD if written.startswith("-") else _LENGTH,
                span,
            )
        return Literal(LiteralKind.INTERVAL, value, span)

    def _time(self) -> Syntax:
        word, written = self.take(), self.take()
        span = Span(word.span.start, written.span.end)
        value = parse_time(written.text)
        if value is None:
            raise SyntaxProblem(
                "bad-literal",
                f"{written.text!r} is not a date and time.",
                "Write TIMESTAMP '2026-03-01 09:30:00' (UTC unless it names an offset).",
                span,
            )
        return Literal(LiteralKind.TIME, value, span)


def _combine(name: str, left: Syntax, right: Syntax, word: Span) -> Operation:
    """Chains of AND, OR and || are one flat operation, so that length is not depth."""
    span = _join(left, right)
    if name in _FLAT and isinstance(left, Operation) and left.name == name:
        return Operation(name, (*left.arguments, right), span, left.word)
    return Operation(name, (left, right), span, word)
