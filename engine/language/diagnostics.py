"""What is wrong with a rule: a stable code, where, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_REPORT = 20  # diagnostics a check collects before it stops looking


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
