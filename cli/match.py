"""`winnow match`: where terms stand in the lines of standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from engine.errors import InvalidInput
from engine.text import Automaton, Bank, Mode, Span, Term, read_terms

LONGEST: Final = 1 << 20  # of a line, in bytes: what is held at once, whatever comes in
MOST_NAMED: Final = 10


def match(
    mode: Annotated[Mode, typer.Option(help="How terms are looked for.")] = Mode.WORD,
    term: Annotated[list[str] | None, typer.Option(help="A term; may be given again.")] = None,
    terms: Annotated[
        Path | None,
        typer.Option(help="A file of terms: one a line, or CSV with columns text, mode, ..."),
    ] = None,
) -> None:
    """Find terms in texts, one a line on standard input.

    Prints a line for each: {"spans": [[start, end], ...]}, in code points of the line without its
    line end (LF or CRLF), in order; spans that overlap are one,
    and at most 1,000 a line are looked at.
    A line of more than 1,048,576 bytes is passed over: {"spans": [], "error": "..."} says so, the
    lines after it are answered, and the command ends with 2.
    """
    wanted = (*(Term(each, mode) for each in term or ()), *_from_file(terms, mode))
    if not wanted:
        raise InvalidInput("There is nothing to look for.", hint="Give --term T or --terms FILE.")
    automaton = Automaton.build([Bank("terms", "terms", wanted)])
    too_long: list[int] = []
    for number, line in enumerate(_lines(sys.stdin.buffer), 1):
        if line is None:
            too_long.append(number)
        sys.stdout.write(_passed_over(number) if line is None else _told(automaton, line))
        sys.stdout.flush()
    if too_long:
        raise _unread(too_long)


def _told(automaton: Automaton, line: str) -> str:
    spans = merged(automaton.spans(line, 0))
    return f'{{"spans": [{", ".join(f"[{a}, {b}]" for a, b in spans)}]}}\n'


def _passed_over(number: int) -> str:
    return f'{{"spans": [], "error": "Line {number} is longer than {LONGEST:,} bytes."}}\n'


def _unread(numbers: list[int]) -> InvalidInput:
    named = ", ".join(map(str, numbers[:MOST_NAMED])) + ", ..." * (len(numbers) > MOST_NAMED)
    return InvalidInput(
        f"{len(numbers)} of the lines were passed over, being longer than {LONGEST:,} bytes: "
        f"line {named}.",
        hint="Break long texts into lines; all other lines are answered.",
    )


def merged(spans: tuple[Span, ...]) -> list[tuple[int, int]]:
    """spans: in order of their start."""
    found: list[tuple[int, int]] = []
    for span in spans:
        if found and span.start < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], span.end))
        else:
            found.append((span.start, span.end))
    return found


def _lines(source: BinaryIO) -> Iterator[str | None]:
    """None as soon as a line is known to be too long. Bytes that are not UTF-8 become U+FFFD."""
    most = LONGEST + len(b"\r\n")
    while line := source.readline(most):
        text = line.removesuffix(b"\n").removesuffix(b"\r")
        yield text.decode("utf-8", "replace") if len(text) <= LONGEST else None
        while len(line) == most and not line.endswith(b"\n"):
            line = source.readline(most)


def _from_file(path: Path | None, mode: Mode) -> tuple[Term, ...]:
    """A file whose name ends in .csv is read as CSV; in others each line that is not empty."""
    if path is None:
        return ()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"The terms in {path} cannot be read: {error}.") from None
    if path.suffix.lower() != ".csv":
        lines = (line.removesuffix("\r") for line in text.split("\n"))
        return tuple(Term(line, mode) for line in lines if line.strip())
    table = read_terms(text, mode)
    if table.problems:
        raise InvalidInput(f"{path} has lines that are wrong.", problems=table.problems)
    return table.terms


def register(app: typer.Typer) -> None:
    app.command("match")(match)
