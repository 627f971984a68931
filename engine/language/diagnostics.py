"""What is wrong with a rule: a stable code, where, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CODES: Final = {
    "syntax": "The text is not an expression.",
    "not-allowed": "SQL that a rule may not use: queries, casts, windows, parameters, a clock.",
    "too-long": "More characters than a rule may have.",
    "too-deep": "Nested deeper than a rule may be.",
    "too-many": "A list with more members than it may have.",
    "too-large": "Patterns that are too large together.",
    "bad-literal": "A written value that means nothing here.",
    "bad-pattern": "A LIKE pattern or regular expression that cannot be used.",
    "unknown-field": "The item type has no such field.",
    "unknown-member": "The field has no such member.",
    "bad-field": "A field of a related item that has different types in its item types.",
    "bad-element": "A signal asked about one element in any(), all() or count().",
    "unknown-list": "any(), all() or count() of a condition that names no list.",
    "too-many-lists": "any(), all() or count() of a condition that names more than one list.",
    "unknown-function": "There is no such function.",
    "unknown-bank": "There is no such bank.",
    "unknown-policy": "There is no such policy.",
    "bad-entity": "Something asked for its strikes, reports or labels that is no related item.",
    "unknown-mode": "There is no such mode of matching.",
    "wrong-count": "Too few or too many arguments.",
    "wrong-type": "Arguments of types that do not fit.",
    "not-boolean": "A condition that is not TRUE or FALSE.",
    "not-a-literal": "A value that must be written out in the rule.",
    "bad-rate": "A rate that no token bucket can have.",
    "bad-key": "A counter's key that reads no field.",
    "bad-window": "A counter's window that is no length of time.",
    "bad-condition": "A counter's condition that uses more than fields and functions of them.",
}
"""Every code a diagnostic can carry. Codes are stable: others rely on them."""

LARGEST_REPORT: Final = 20  # diagnostics a check collects before it stops looking


@dataclass(frozen=True)
class Diagnostic:
    """line and column are 1-based and count code points, as does length (at least 1)."""

    code: str
    message: str
    hint: str
    line: int
    column: int
    length: int

    def render(self, text: str) -> str:
        """The author's line with a caret under the words meant, then the hint."""
        lines = text.split("\n")
        shown = lines[self.line - 1] if self.line <= len(lines) else ""
        before, visible = _window(shown, self.column - 1)
        carets = "^" * max(1, min(self.length, len(visible) - len(before)))
        margin = f"{self.line:>4} | "
        caret_line = " " * (len(margin) + len(before)) + carets
        report = f"{self.code}: {self.message}\n{margin}{visible}\n{caret_line}"
        return f"{report}\nhint: {self.hint}" if self.hint else report


def _window(line: str, offset: int) -> tuple[str, str]:
    """What stands before the offset and what is shown, of a line too long to print whole."""
    start = max(0, offset - 60)
    visible = line[start : offset + 60].replace("\t", " ")
    return visible[: offset - start], visible


def locate(text: str, start: int, end: int) -> tuple[int, int, int]:
    """(line, column, length) of text[start:end], for a Diagnostic."""
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    return line, column, max(1, end - start)
