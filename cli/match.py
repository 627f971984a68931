"""`winnow match`: where terms stand in the lines of standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from engine.errors import InvalidInput
from engine.text import Automaton, Bank, Mode, Span, Term, read_terms


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
    """
    wanted = (*(Term(each, mode) for each in term or ()), *_from_file(terms, mode))
    if not wanted:
        raise InvalidInput("There is nothing to look for.", hint="Give --term T or --terms FILE.")
    automaton = Automaton.build([Bank("terms", "terms", wanted)])
    for line in _lines(sys.stdin.buffer):
        spans = merged(automaton.spans(line, 0))
        sys.stdout.write(f'{{"spans": [{", ".join(f"[{a}, {b}]" for a, b in spans)}]}}\n')
        sys.stdout.flush()


def merged(spans: tuple[Span, ...]) -> list[tuple[int, int]]:
    """spans: in order of their start."""
    found: list[tuple[int, int]] = []
    for span in spans:
        if found and span.start < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], span.end))
        else:
            found.append((span.start, span.end))
    return found


def _lines(source: BinaryIO) -> Iterator[str]:
    """Bytes that are not UTF-8 become U+FFFD."""
    for line in source:
        text = line.removesuffix(b"\n").removesuffix(b"\r")
        yield text.decode("utf-8", "replace")


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
